"""What Bluesky's posts and chats mean in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from conversations.channels.wire.bluesky.richtext import spelled
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Ignored,
    Inbound,
    Item,
    Party,
    Remote,
)
from conversations.channels.wire.email.headers import clean
from conversations.channels.wire.values import digest_of, each, inside, text, whole
from conversations.channels.wire.watching import instant

PUBLIC = "at://"  # how the keys of threads begin that everybody reads: the first post's address
CHAT = "chat:"
PAGES = "https://bsky.app/profile/"


def items_of(body: Mapping[str, Any]) -> Iterator[Item]:
    kind = text(body, "kind")
    if kind == "gone":
        yield Deleted(text(body, "uri"))
    elif kind == "own":
        yield _own(inside(body, "post"))
    elif kind == "post":
        yield _inbound(inside(body, "post"))
    else:
        yield _logged(body)


def _inbound(post: Mapping[str, Any]) -> Item:
    author, record = inside(post, "author"), inside(post, "record")
    uri, who = text(post, "uri"), text(author, "did")
    if not (uri.startswith(PUBLIC) and who and record):
        return Ignored("a notice without a post")
    words, remotes = _words(record), tuple(_remotes(inside(record, "embed"), who))
    above = text(inside(record, "reply", "parent"), "uri")
    return Inbound(
        external_id=uri,
        sender=Party(who, _name(author)),
        text=words,
        body_digest=_digest(words, remotes),
        thread=text(inside(record, "reply", "root"), "uri") or uri,
        sent_at=instant(text(record, "createdAt")),
        references=(above,) if above else (),
        remotes=remotes,
    )


def _own(post: Mapping[str, Any]) -> Item:
    record = inside(post, "value")
    above = text(inside(record, "reply", "parent"), "uri")
    if not above:
        return Ignored("said to everybody by ourselves")
    uri = text(post, "uri")
    return Echoed(
        external_id=uri,
        text=text(record, "text"),
        sent_at=instant(text(record, "createdAt")),
        remotes=tuple(_remotes(inside(record, "embed"), uri.split("/")[2] if "//" in uri else "")),
        below=above,
    )


def _logged(body: Mapping[str, Any]) -> Item:
    """body: one entry of the chats' log, `me`, and who else is in the conversation."""
    log, me = inside(body, "log"), text(body, "me")
    kind, message = text(log, "$type").rpartition("#")[2], inside(log, "message")
    place, sender = text(log, "convoId"), text(inside(message, "sender"), "did")
    known_as = f"{place}/{text(message, 'id')}"
    if not (place and sender and text(message, "id")):
        return Ignored(f"{kind[:60]}: of no use here")
    if kind == "logDeleteMessage":
        return Deleted(known_as)
    if kind != "logCreateMessage":
        return Ignored(f"{kind[:60]}: of no use here")
    words = spelled(text(message, "text"), message)
    at, thread = instant(text(message, "sentAt")), f"{CHAT}{place}"
    if sender == me:
        others = [who for who in each(body, "members") if text(who, "did") != me]
        to = Party(text(others[0], "did"), _name(others[0])) if len(others) == 1 else None
        if to is None:
            return Ignored("written by ourselves, to nobody in particular")
        return Echoed(known_as, text(message, "text"), to=to, thread=thread, sent_at=at)
    named = next((who for who in each(body, "members") if text(who, "did") == sender), {})
    embedded = _linked(inside(message, "embed"))
    words = "\n\n".join(part for part in (words, *embedded) if part)
    return Inbound(
        external_id=known_as,
        sender=Party(sender, _name(named)),
        text=words,
        body_digest=digest_of(words),
        thread=thread,
        sent_at=at,
    )


def _name(person: Mapping[str, Any]) -> str:
    """What is shown, and the handle, which is the network's own and can't be taken by another."""
    shown = " ".join(clean(text(person, "displayName")).split())[:100]
    handle = clean(text(person, "handle"))[:90]
    if not handle or handle == "handle.invalid":
        return shown
    return f"{shown} (@{handle})" if shown else f"@{handle}"


def _words(record: Mapping[str, Any]) -> str:
    said = spelled(text(record, "text"), record)
    linked = [each for each in _linked(inside(record, "embed")) if each not in said]
    return "\n\n".join(part for part in (said, *linked) if part)


def _linked(embed: Mapping[str, Any]) -> Iterator[str]:
    """What is shown below the words: a page, or another post."""
    page = text(inside(embed, "external"), "uri")
    if page.startswith(("https://", "http://")):
        yield page[:2_000]
    quoted = text(inside(embed, "record"), "uri") or text(inside(embed, "record", "record"), "uri")
    parts = quoted.removeprefix(PUBLIC).split("/")
    if quoted.startswith(PUBLIC) and len(parts) == 3:
        yield f"{PAGES}{quote(parts[0], safe=':')}/post/{quote(parts[2])}"
    if inner := inside(embed, "media"):
        yield from _linked(inner)


def _remotes(embed: Mapping[str, Any], who: str) -> Iterator[Remote]:
    """key: whose it is and its CID; where that account's server is, is asked when it is fetched."""
    for number, image in enumerate(each(embed, "images"), start=1):
        yield from _remote(inside(image, "image"), who, f"image-{number}")
    yield from _remote(inside(embed, "video"), who, "video")
    if inner := inside(embed, "media"):
        yield from _remotes(inner, who)


def _remote(blob: Mapping[str, Any], who: str, name: str) -> Iterator[Remote]:
    cid, kind = text(inside(blob, "ref"), "$link"), text(blob, "mimeType")[:120]
    if who and cid.isalnum() and len(cid) < 200:
        ending = kind.rpartition("/")[2] or "bin"
        yield Remote(f"{name}.{ending[:10]}", kind, f"{who} {cid}", size=whole(blob, "size"))


def _digest(words: str, remotes: tuple[Remote, ...]) -> str:
    return digest_of(words, *(one.key for one in remotes))
