"""What events of Discord's gateway mean in our words.

A message is known by its channel and its own id together. A thread of Discord is a channel of its
own; a conversation is what one person and we say in one channel, one thread or in private. What is
said in a thread goes on with the message that the thread hangs on, where the same person wrote it.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
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
from conversations.channels.wire.values import digest_of, each, inside, moment, text, whole
from conversations.channels.wire.watching import instant

SERVER, PRIVATE = "server:", "dm:"
_SAID = {0, 19}  # a message, a reply: every other type is a notice of Discord's
_FORWARD = 1
_EPOCH = 1_420_070_400_000  # milliseconds: the first second of 2015
_MARK = re.compile(
    r"<(?:@!?(?P<user>\d{1,20})|@&(?P<role>\d{1,20})|#(?P<channel>\d{1,20})"
    r"|a?:(?P<emoji>\w{1,64}):\d{1,20}|t:(?P<time>-?\d{1,13})(?::\w)?|/(?P<command>[^<>:]{1,100}):\d{1,20})>"
)


def items_of(body: Mapping[str, Any]) -> Iterator[Item]:
    """body: `event` as the gateway has it, `me`, and of a message in a thread its `parent`."""
    event, me = inside(body, "event"), text(body, "me")
    told, kind = inside(event, "d"), text(event, "t")
    if kind == "MESSAGE_DELETE_BULK":
        yield from _all_deleted(told)
    elif not (text(told, "id") and text(told, "channel_id")):
        yield Ignored("an event of no message")
    elif kind == "MESSAGE_DELETE":
        yield Deleted(id_of(told))
    elif kind not in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
        yield Ignored(f"{kind[:60]}: of no use here")
    elif whole(told, "type") not in _SAID:
        yield Ignored("a notice of Discord’s")
    else:
        yield _message(told, me=me, parent=text(body, "parent"), edited=kind == "MESSAGE_UPDATE")


def _all_deleted(told: Mapping[str, Any]) -> Iterator[Item]:
    ids, place = told.get("ids"), text(told, "channel_id")
    names = [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
    if not (names and place):
        yield Ignored("takes back nothing")
    yield from (Deleted(f"{place}:{one}") for one in names if place)


def _message(told: Mapping[str, Any], *, me: str, parent: str, edited: bool) -> Item:
    author = inside(told, "author")
    if text(told, "webhook_id") or not text(author, "id"):
        return Ignored("written by a program")
    if text(author, "id") == me:
        return Ignored("our own message, changed") if edited else _own(told)
    if author.get("bot") is True or author.get("system") is True:
        return Ignored("written by a bot")
    if edited:
        return _edited(told)
    return _inbound(told, parent)


def _inbound(told: Mapping[str, Any], parent: str) -> Inbound:
    words, remotes = words_of(told), tuple(_remotes(told))
    return Inbound(
        external_id=id_of(told),
        sender=Party(text(inside(told, "author"), "id"), _name(told)),
        text=words,
        body_digest=_digest(words, remotes),
        thread=thread_of(told),
        sent_at=instant(text(told, "timestamp")),
        references=tuple(_above(told, parent)),
        remotes=remotes,
    )


def _edited(told: Mapping[str, Any]) -> Item:
    """Discord also says so when it unfolds a link: then nobody changed it."""
    if not text(told, "edited_timestamp"):
        return Ignored("changed by Discord, not by its author")
    words, remotes = words_of(told), tuple(_remotes(told))
    return Edited(
        external_id=id_of(told),
        text=words,
        body_digest=_digest(words, remotes),
        at=instant(text(told, "edited_timestamp")),
    )


def _own(told: Mapping[str, Any]) -> Echoed:
    return Echoed(
        external_id=id_of(told),
        text=words_of(told),
        id=ours_of(text(told, "nonce")),
        thread=thread_of(told),
        sent_at=instant(text(told, "timestamp")),
        remotes=tuple(_remotes(told)),
        below=next(_above(told, ""), ""),
    )


def _above(told: Mapping[str, Any], parent: str) -> Iterator[str]:
    """What it answers, and the message that its thread hangs on: they have the same number."""
    reference, place = inside(told, "message_reference"), text(told, "channel_id")
    if text(reference, "message_id") and whole(reference, "type") != _FORWARD:
        yield f"{text(reference, 'channel_id') or place}:{text(reference, 'message_id')}"
    if parent:
        yield f"{parent}:{place}"


def id_of(told: Mapping[str, Any]) -> str:
    return f"{text(told, 'channel_id')}:{text(told, 'id')}"


def thread_of(told: Mapping[str, Any]) -> str:
    return f"{SERVER if text(told, 'guild_id') else PRIVATE}{text(told, 'channel_id')}"


def words_of(told: Mapping[str, Any]) -> str:
    """What a person reads there; of what was passed on, its words as well."""
    passed_on = [inside(one, "message") for one in each(told, "message_snapshots")]
    parts = [plain(text(one, "content"), one) for one in (told, *passed_on)]
    parts += [f"({text(one, 'name')})" for one in each(told, "sticker_items") if text(one, "name")]
    parts.append(text(inside(told, "poll", "question"), "text"))
    return clean("\n".join(part for part in parts if part))


def plain(words: str, told: Mapping[str, Any]) -> str:
    """Names in place of numbers."""
    names = {text(one, "id"): _called(one) for one in each(told, "mentions")}

    def spelled(found: re.Match[str]) -> str:
        if user := found["user"]:
            return f"@{names.get(user) or user}"
        if emoji := found["emoji"]:
            return f":{emoji}:"
        if command := found["command"]:
            return f"/{command}"
        if stamp := found["time"]:
            at = moment(stamp)
            return at.strftime("%Y-%m-%d %H:%M UTC") if at else found[0]
        return f"@{found['role']}" if found["role"] else f"#{found['channel']}"

    return _MARK.sub(spelled, words)


def _called(user: Mapping[str, Any]) -> str:
    nick = text(inside(user, "member"), "nick")
    return nick or text(user, "global_name") or text(user, "username")


def _name(told: Mapping[str, Any]) -> str:
    nick = text(inside(told, "member"), "nick")
    return clean(nick or _called(inside(told, "author"))).strip()[:200]


def _remotes(told: Mapping[str, Any]) -> Iterator[Remote]:
    """key: where the file is, behind what names it: the address holds for a day."""
    for one in (told, *(inside(one, "message") for one in each(told, "message_snapshots"))):
        for file in each(one, "attachments"):
            url = text(file, "url")
            if url.startswith("https://") and len(url) <= 2_000:
                yield Remote(
                    name=(text(file, "filename") or "file")[:200],
                    type=text(file, "content_type").partition(";")[0][:120],
                    key=f"{id_of(told)}:{text(file, 'id')[:20]} {url}",
                    size=max(whole(file, "size"), 0),
                )


def _digest(words: str, remotes: tuple[Remote, ...]) -> str:
    return digest_of(words, *(one.key.partition(" ")[0] for one in remotes))


# --- numbers that hold a time, and our own ids in 25 characters ---


def number_at(at: datetime) -> int:
    """The smallest number that something of this moment may have there."""
    return max(0, int(at.timestamp() * 1_000) - _EPOCH) << 22


def nonce_of(ours: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(ours).bytes).decode().rstrip("=")


def ours_of(nonce: str) -> str:
    """ "" for a nonce that is not ours."""
    if len(nonce) != 22:
        return ""
    try:
        return str(uuid.UUID(bytes=base64.urlsafe_b64decode(f"{nonce}==")))
    except ValueError:
        return ""
