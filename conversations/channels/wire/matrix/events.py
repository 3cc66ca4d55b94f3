"""What events of Matrix mean in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Ignored,
    Inbound,
    Item,
    Party,
    Remote,
)
from conversations.channels.wire.email.headers import clean
from conversations.channels.wire.values import digest_of, inside, moment, text, whole

UNREADABLE = "this message is encrypted from end to end: it can’t be read here"
_FILES = {"m.image", "m.file", "m.audio", "m.video"}
_TYPES = {"m.image": "image/png", "m.audio": "audio/ogg", "m.video": "video/mp4"}


def items_of(body: Mapping[str, Any]) -> Iterator[Item]:
    """body: `event`, `room`, `me`, `name` of the sender; of our own event `others`, who else is
    there; of an edit `author`, who wrote what it changes."""
    event, me = inside(body, "event"), text(body, "me")
    kind, sender = text(event, "type"), text(event, "sender")
    if not (text(event, "event_id") and sender and text(body, "room")):
        yield Ignored("an event of nobody")
    elif kind == "m.room.redaction":
        yield from _redacted(event)
    elif inside(event, "unsigned").get("redacted_because"):
        yield Ignored("it was taken back before it was read")
    elif kind not in {"m.room.message", "m.room.encrypted", "m.sticker"}:
        yield Ignored(f"{kind[:60]}: of no use here")
    elif text(inside(event, "content", "m.relates_to"), "rel_type") == "m.replace":
        yield _edited(event, author=text(body, "author"))
    elif sender == me:
        yield _own(body, event)
    else:
        yield _inbound(body, event, encrypted=kind == "m.room.encrypted")


def _redacted(event: Mapping[str, Any]) -> Iterator[Item]:
    """Rooms of version 11 and later name what is taken back in the content."""
    what = text(event, "redacts") or text(inside(event, "content"), "redacts")
    yield Deleted(what, at=_at(event)) if what else Ignored("takes back nothing")


def _edited(event: Mapping[str, Any], *, author: str) -> Item:
    """Whoever is in the room may send an edit of anybody's message: only its author's counts."""
    content = inside(event, "content")
    new, what = inside(content, "m.new_content"), inside(content, "m.relates_to")
    if not author or author != text(event, "sender"):
        return Ignored("an edit of what somebody else wrote")
    words = _words(new)
    return Edited(text(what, "event_id"), words, digest_of(words), at=_at(event))


def _own(body: Mapping[str, Any], event: Mapping[str, Any]) -> Item:
    """Ours, known by the name that we gave the sending; else written in another client."""
    others = [each for each in body.get("others") or [] if isinstance(each, str)]
    ours = text(inside(event, "unsigned"), "transaction_id").partition(".")[0]  # of a part
    above = text(inside(event, "content", "m.relates_to", "m.in_reply_to"), "event_id")
    if len(others) != 1 and not (ours or above):
        return Ignored("written by ourselves, to nobody in particular")
    return Echoed(
        external_id=text(event, "event_id"),
        text=_answered(_words(inside(event, "content")), above),
        to=Party(others[0]) if len(others) == 1 else None,
        below="" if len(others) == 1 else above,
        id=ours,
        thread=_thread(body, event),
        sent_at=_at(event),
        remotes=tuple(_remotes(inside(event, "content"))),
    )


def _inbound(body: Mapping[str, Any], event: Mapping[str, Any], *, encrypted: bool) -> Inbound:
    content = inside(event, "content")
    above = text(inside(content, "m.relates_to", "m.in_reply_to"), "event_id")
    words = "" if encrypted else _answered(_words(content), above)
    remotes = () if encrypted else tuple(_remotes(content))
    return Inbound(
        external_id=text(event, "event_id"),
        sender=Party(text(event, "sender"), clean(text(body, "name")).strip()[:200]),
        text=words,
        body_digest=digest_of(words or text(event, "event_id"), *(one.key for one in remotes)),
        thread=_thread(body, event),
        sent_at=_at(event),
        references=(above,) if above else (),
        automated=text(content, "msgtype") == "m.notice",  # what bots say: never answered
        remotes=remotes,
        notes=(UNREADABLE,) if encrypted else (),
    )


def _thread(body: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The room; of a thread in it, the event that it hangs on as well."""
    relation = inside(event, "content", "m.relates_to")
    root = text(relation, "event_id") if text(relation, "rel_type") == "m.thread" else ""
    return f"{text(body, 'room')} {root}".strip()


def _words(content: Mapping[str, Any]) -> str:
    """The plain form, which every event has. The name of a file is said by the file itself."""
    kind, said = text(content, "msgtype"), text(content, "body")
    if kind in _FILES:
        name = text(content, "filename")
        return clean(said) if name and name != said else ""
    place = text(content, "geo_uri") if kind == "m.location" else ""
    words = f"* {said}" if kind == "m.emote" else said
    return clean("\n".join(part for part in (words, place) if part))


def _answered(words: str, above: str) -> str:
    """Without what old clients quote above an answer."""
    lines = words.split("\n")
    if not (above and lines[0].startswith("> ")):
        return words
    first = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return "\n".join(lines[first:]).strip("\n") or words


def _remotes(content: Mapping[str, Any]) -> Iterator[Remote]:
    """Files of encrypted rooms have no `url`; they can't be opened here."""
    kind, url, info = text(content, "msgtype"), text(content, "url"), inside(content, "info")
    if not url.startswith("mxc://") or len(url) > 500 or kind not in {*_FILES, ""}:
        return
    name = text(content, "filename") or text(content, "body") or "file"
    type_ = text(info, "mimetype") or _TYPES.get(kind, "application/octet-stream")
    yield Remote(name[:200], type_[:120], url, size=max(whole(info, "size"), 0))


def _at(event: Mapping[str, Any]) -> Any:
    return moment(whole(event, "origin_server_ts"), milliseconds=True)
