"""What the Activity API of X posts, in its form of today (docs.x.com/x-api/activity).

A post below ours, or one that names us, is public; its thread is X's own conversation. Direct
messages come in their older form. Of encrypted chats X tells that something was written, not what.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Ignored,
    Inbound,
    Item,
    Party,
    Remote,
)
from conversations.channels.wire.values import digest_of, each, inside, moment, text

POST = "post:"
CHAT = "chat:"
_SAID_TO_US = {"post.mention.create", "post.reply.create", "post.quote.create"}
UNREADABLE = "an encrypted chat: X does not pass on its words, read it in the app of X"


def items_of(event: Mapping[str, Any], account: str) -> Iterator[Item]:
    kind, said = text(event, "event_type"), inside(event, "payload")
    if kind in _SAID_TO_US or kind == "post.create":
        yield _post(said, inside(event, "includes"), account, own=kind == "post.create")
    elif kind == "post.delete":
        yield Deleted(text(said, "id") or text(inside(said, "post"), "id"))
    elif kind in {"dm.received", "dm.sent"}:
        yield from _letters(said, account)
    elif kind == "chat.received":
        yield _unreadable(said, text(event, "event_uuid"))
    else:
        yield Ignored(f"{kind[:60] or 'an event without a type'}: of no use here")


def _post(said: Mapping[str, Any], around: Mapping[str, Any], account: str, *, own: bool) -> Item:
    id_, author = text(said, "id"), text(said, "author_id")
    if not (id_ and author):
        return Ignored("a post of nobody in particular")
    thread = f"{POST}{text(said, 'conversation_id') or id_}"
    words, above = _words(said), _answered(said)
    if author == account:
        return _own_post(said, words, thread, above)
    if own:
        return Ignored("a post of somebody else")
    remotes = tuple(_pictures(said, around))
    return Inbound(
        external_id=id_,
        sender=Party(author, _name(around, author)),
        text=words,
        body_digest=digest_of(words, *(one.key for one in remotes)),
        thread=thread,
        sent_at=_iso(text(said, "created_at")),
        references=(above,) if above else (),
        remotes=remotes,
    )


def _own_post(said: Mapping[str, Any], words: str, thread: str, above: str) -> Item:
    if not above:
        return Ignored("a post of the account itself")
    return Echoed(
        external_id=text(said, "id"),
        text=words,
        thread=thread,
        sent_at=_iso(text(said, "created_at")),
        below=above,
    )


def _words(said: Mapping[str, Any]) -> str:
    """A long post says its whole text apart."""
    return html.unescape(text(inside(said, "note_tweet"), "text") or text(said, "text"))


def _answered(said: Mapping[str, Any]) -> str:
    for one in each(said, "referenced_tweets"):
        if text(one, "type") == "replied_to":
            return text(one, "id")
    return text(said, "in_reply_to_tweet_id")


def _name(around: Mapping[str, Any], author: str) -> str:
    for one in each(around, "users"):
        if text(one, "id") == author:
            return (text(one, "name") or text(one, "username"))[:200]
    return ""


def _pictures(said: Mapping[str, Any], around: Mapping[str, Any]) -> Iterator[Remote]:
    keys = inside(said, "attachments").get("media_keys")
    wanted = set(keys) if isinstance(keys, list) else set()
    for one in each(around, "media"):
        url = text(one, "url")
        if text(one, "media_key") in wanted and url.startswith("https://"):
            yield Remote(name="photo.jpg", type="image/jpeg", key=url[:2_000])


def _letters(said: Mapping[str, Any], account: str) -> Iterator[Item]:
    for event in each(said, "direct_message_events"):
        yield _letter(event, inside(said, "users"), account)
    if not any(True for _ in each(said, "direct_message_events")):
        yield Ignored("a direct message without one")


def _letter(event: Mapping[str, Any], users: Mapping[str, Any], account: str) -> Item:
    made = inside(event, "message_create")
    told = inside(made, "message_data")
    sender, to = text(made, "sender_id"), text(inside(made, "target"), "recipient_id")
    id_, words = text(event, "id"), html.unescape(text(told, "text"))
    at = moment(text(event, "created_timestamp"), milliseconds=True)
    if not (id_ and sender):
        return Ignored("a direct message of nobody in particular")
    if sender == account:
        return Echoed(external_id=id_, text=words, to=Party(to), sent_at=at)
    media = inside(told, "attachment", "media")
    url = text(media, "media_url_https")
    found = (Remote("photo.jpg", "image/jpeg", url[:2_000]),) if url.startswith("https://") else ()
    return Inbound(
        external_id=id_,
        sender=Party(sender, text(inside(users, sender), "name")[:200]),
        text=words,
        body_digest=digest_of(words, *(one.key for one in found)),
        sent_at=at,
        remotes=found,
    )


def _unreadable(said: Mapping[str, Any], event: str) -> Item:
    """Somebody waits for an answer, though nobody here can read the question."""
    sender = text(said, "sender_id") or text(inside(said, "sender"), "id")
    id_ = text(said, "id") or text(said, "message_id") or event
    if not (sender and id_):
        return Ignored("an encrypted chat of nobody in particular")
    return Inbound(
        external_id=f"chat {id_}",
        sender=Party(sender),
        text="",
        body_digest=digest_of("", id_),
        thread=f"{CHAT}{text(said, 'conversation_id') or sender}",
        notes=(UNREADABLE,),
    )


def _iso(said: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
