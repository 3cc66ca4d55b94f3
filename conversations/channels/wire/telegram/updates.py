"""What Telegram's updates mean in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Ignored,
    Inbound,
    Item,
    Opted,
    Party,
    Remote,
)
from conversations.channels.wire.values import digest_of, inside, moment

_GONE = {"kicked", "left"}


def items_of(update: Mapping[str, Any]) -> list[Item]:
    for name, read in _READ_BY.items():
        if isinstance(update.get(name), dict):
            return list(read(update[name]))
    kind = ", ".join(sorted(str(name) for name in update if name != "update_id"))[:100]
    return [Ignored(f"an update of a kind that is of no use here: {kind}")]


def _message(said: Mapping[str, Any]) -> Iterator[Item]:
    sender, chat = inside(said, "from"), inside(said, "chat")
    if not (isinstance(sender.get("id"), int) and isinstance(chat.get("id"), int)):
        yield Ignored("written in the name of a chat, by nobody in particular")
        return
    text, remotes = _text(said), tuple(_remotes(said))
    if text.strip() == "/start" or not (text or remotes):
        yield Ignored("nothing was said: " + ("a chat was begun" if text else "a notice"))
        return
    if said.get("business_connection_id") and sender["id"] != chat["id"]:
        yield _echo(said, text, remotes)
    elif sender.get("is_bot"):
        yield Ignored("written by a bot")
    else:
        yield _inbound(said, text, remotes)


def _inbound(said: Mapping[str, Any], text: str, remotes: tuple[Remote, ...]) -> Inbound:
    quoted = inside(said, "reply_to_message")
    return Inbound(
        external_id=_id(said, said),
        sender=_party(inside(said, "from")),
        text=text,
        body_digest=_digest(text, remotes),
        thread=_thread(said),
        sent_at=moment(said.get("date")),
        references=(_id(said, quoted),) if quoted.get("message_id") else (),
        remotes=remotes,
        notes=("forwarded",) if said.get("forward_origin") else (),
    )


def _echo(said: Mapping[str, Any], text: str, remotes: tuple[Remote, ...]) -> Echoed:
    return Echoed(
        external_id=_id(said, said),
        text=text,
        to=_party(inside(said, "chat")),
        thread=_thread(said),
        sent_at=moment(said.get("date")),
        remotes=remotes,
    )


def _edited(said: Mapping[str, Any]) -> Iterator[Item]:
    text = said.get("text", said.get("caption"))
    if not isinstance(text, str):  # a live location moves by edits
        yield Ignored("an edit without words")
        return
    yield Edited(
        external_id=_id(said, said),
        text=text,
        body_digest=_digest(text, tuple(_remotes(said))),
        at=moment(said.get("edit_date")),
    )


def _deleted(said: Mapping[str, Any]) -> Iterator[Item]:
    numbers = said.get("message_ids")
    for number in numbers if isinstance(numbers, list) else []:
        yield Deleted(external_id=_id(said, {"message_id": number}))


def _member(said: Mapping[str, Any]) -> Iterator[Item]:
    """In a private chat: the person stopped the bot, or took it back."""
    now, before = inside(said, "new_chat_member"), inside(said, "old_chat_member")
    if inside(said, "chat").get("type") != "private":
        yield Ignored("the bot's place in a group changed")
        return
    gone, was_gone = now.get("status") in _GONE, before.get("status") in _GONE
    if gone == was_gone:
        yield Ignored("nothing changed for us")
        return
    yield Opted(
        sender=_party(inside(said, "from")),
        wants=not gone,
        word="stopped the bot" if gone else "took the bot back",
        at=moment(said.get("date")),
    )


_READ_BY = {
    "message": _message,
    "business_message": _message,
    "edited_message": _edited,
    "edited_business_message": _edited,
    "deleted_business_messages": _deleted,
    "my_chat_member": _member,
}


def _text(said: Mapping[str, Any]) -> str:
    words = said.get("text", said.get("caption"))
    if isinstance(words, str):
        return words
    place, card = inside(said, "location"), inside(said, "contact")
    if place:
        venue = inside(said, "venue")
        named = [venue.get("title"), venue.get("address")]
        spot = f"{place.get('latitude')}, {place.get('longitude')}"
        return "\n".join([str(each) for each in named if each] + [spot])
    if card:
        names = [card.get("first_name"), card.get("last_name"), card.get("phone_number")]
        return " ".join(str(each) for each in names if each)
    return str(inside(said, "poll").get("question", "") or inside(said, "dice").get("emoji", ""))


def _remotes(said: Mapping[str, Any]) -> Iterator[Remote]:
    photos = said.get("photo")
    if isinstance(photos, list) and photos and isinstance(photos[-1], dict):
        yield _remote(photos[-1], name="photo.jpg", type_="image/jpeg")  # the last is the largest
    for kind, name, type_ in _FILES:
        file = inside(said, kind)
        if file and not (kind == "document" and said.get("animation")):  # comes under both names
            yield _remote(file, name=name, type_=type_)


_FILES = (
    ("document", "document", "application/octet-stream"),
    ("animation", "animation.mp4", "video/mp4"),
    ("video", "video.mp4", "video/mp4"),
    ("audio", "audio.mp3", "audio/mpeg"),
    ("voice", "voice.ogg", "audio/ogg"),
    ("video_note", "video.mp4", "video/mp4"),
    ("sticker", "sticker.webp", "image/webp"),
)


def _remote(file: Mapping[str, Any], *, name: str, type_: str) -> Remote:
    size = file.get("file_size")
    return Remote(
        name=str(file.get("file_name") or name)[:200],
        type=str(file.get("mime_type") or type_)[:120],
        key=str(file.get("file_id", ""))[:500],
        size=size if isinstance(size, int) else 0,
    )


def _id(chat_of: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    return f"{inside(chat_of, 'chat').get('id')}:{message.get('message_id')}"


def _thread(said: Mapping[str, Any]) -> str:
    thread = str(inside(said, "chat").get("id"))
    if said.get("is_topic_message"):
        thread += f"/{said.get('message_thread_id')}"
    connection = said.get("business_connection_id")
    return f"{thread}@{connection}" if isinstance(connection, str) else thread


def _party(person: Mapping[str, Any]) -> Party:
    names = [person.get("first_name"), person.get("last_name")]
    name = " ".join(str(each) for each in names if each) or str(person.get("username", ""))
    return Party(handle=str(person.get("id")), name=name[:200])


def _digest(text: str, remotes: Sequence[Remote]) -> str:
    """Files by kind and size: their ids are another one each time they are told."""
    return digest_of(text, *(f"{each.name} {each.type} {each.size}" for each in remotes))
