"""What Mastodon's statuses mean in our words."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

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
from conversations.channels.wire.email.markup import text_of
from conversations.channels.wire.values import digest_of, each, inside, text
from conversations.channels.wire.watching import instant

PUBLIC = "public:"  # how the keys of threads begin that everybody reads
DIRECT = "direct"  # one thread a person
OPEN = frozenset({"public", "unlisted"})
_LONGEST = 100_000  # characters of one status's HTML
_NAMES = re.compile(
    r"""<a\s[^<>]{0,200}class=["'][^"'<>]{0,100}(?:mention|hashtag)[^<>]{0,3000}>"""
)
_NAMES_AFTER = re.compile(
    r"""<a\s[^<>]{0,3000}class=["'][^"'<>]{0,100}(?:mention|hashtag)[^<>]{0,300}>"""
)
_TWICE = re.compile(r"(https?://[^\s<>]{1,2000}) <\1>")
_ADDRESSED = re.compile(r"(?:@[\w.-]{1,100}(?:@[\w.-]{1,250})?\s+)+")


def items_of(body: Mapping[str, Any], *, host: str, own: str) -> Iterator[Item]:
    """host: of our server, for people whom it names without. own: our account, name@host."""
    kind, status = text(body, "kind"), inside(body, "status")
    if kind == "gone":
        yield Deleted(text(body, "id"))
    elif not text(status, "id") or not inside(status, "account"):
        yield Ignored("a notice without a post")
    elif kind == "own":
        yield _own(status, host=host, own=own)
    elif handle_of(inside(status, "account"), host) == own:
        yield Ignored("written by ourselves")
    elif kind == "edited":
        yield _edited(status)
    else:
        yield inbound_of(status, host=host)


def inbound_of(status: Mapping[str, Any], *, host: str) -> Inbound:
    """What is told to few is one thread a person, and never goes on in a public one."""
    words, remotes = _words(status), tuple(_remotes(status))
    author, above = inside(status, "account"), text(status, "in_reply_to_id")
    is_open = text(status, "visibility") in OPEN
    return Inbound(
        external_id=text(status, "id"),
        sender=Party(handle_of(author, host), _name(author)),
        text=words,
        body_digest=_digest(words, remotes),
        thread=f"{PUBLIC}{above or text(status, 'id')}"[:500] if is_open else DIRECT,
        sent_at=instant(text(status, "created_at")),
        references=(above,) if above and is_open else (),
        automated=author.get("bot") is True,
        remotes=remotes,
    )


def _edited(status: Mapping[str, Any]) -> Edited:
    words = _words(status)
    return Edited(
        external_id=text(status, "id"),
        text=words,
        body_digest=_digest(words, tuple(_remotes(status))),
        at=instant(text(status, "edited_at")),
    )


def _own(status: Mapping[str, Any], *, host: str, own: str) -> Item:
    """Ours, or written in Mastodon's own pages: an answer, as far as it answers somebody."""
    above, words = text(status, "in_reply_to_id"), _words(status)
    met = [handle_of(person, host) for person in each(status, "mentions")]
    others = [handle for handle in met if handle != own]
    is_open = text(status, "visibility") in OPEN
    if not (others if not is_open else above):
        return Ignored("said to everybody by ourselves")
    return Echoed(
        external_id=text(status, "id"),
        text=_ADDRESSED.sub("", words, count=1) if words.startswith("@") else words,
        to=None if is_open else Party(others[0]),
        thread="" if is_open else DIRECT,
        sent_at=instant(text(status, "created_at")),
        remotes=tuple(_remotes(status)),
        below=above if is_open else "",
    )


def handle_of(person: Mapping[str, Any], host: str) -> str:
    """`name@host`, also for the server's own people, whom it names without."""
    name = clean(text(person, "acct"))[:250]
    return (name if "@" in name or not name else f"{name}@{host}").lower()


def _name(author: Mapping[str, Any]) -> str:
    shown = " ".join(clean(text(author, "display_name")).split())
    return (shown or clean(text(author, "username")))[:200]


def _words(status: Mapping[str, Any]) -> str:
    """The warning above it, what was written, and what there is to choose from."""
    markup = text(status, "content")[:_LONGEST]
    plain = text_of(_NAMES_AFTER.sub("<a>", _NAMES.sub("<a>", markup)))
    warned = clean(text(status, "spoiler_text")).strip()
    options = [f"- {text(one, 'title')}" for one in each(inside(status, "poll"), "options")]
    parts = [warned, _TWICE.sub(r"\1", plain), clean("\n".join(options))]
    return "\n\n".join(part for part in parts if part)


def _remotes(status: Mapping[str, Any]) -> Iterator[Remote]:
    for number, file in enumerate(each(status, "media_attachments"), start=1):
        url = text(file, "url") or text(file, "remote_url")
        if not url.startswith(("https://", "http://")) or len(url) > 2_000:
            continue
        path = urlsplit(url).path
        guessed = mimetypes.guess_type(path)[0] or _TYPES.get(text(file, "type"), "")
        ending = path.rpartition(".")[2][:5] if "." in path[-6:] else "bin"
        yield Remote(
            name=f"{text(file, 'type')[:20] or 'file'}-{number}.{ending}",
            type=guessed or "application/octet-stream",
            key=url,
        )


_TYPES = {"image": "image/jpeg", "gifv": "video/mp4", "video": "video/mp4", "audio": "audio/mpeg"}


def _digest(words: str, remotes: tuple[Remote, ...]) -> str:
    return digest_of(words, *(f"{one.name} {one.type}" for one in remotes))
