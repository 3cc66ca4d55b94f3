"""What a WhatsApp notification means in our words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
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
    Receipt,
    Remote,
    Trouble,
)
from conversations.channels.wire.meta import graph
from conversations.channels.wire.values import digest_of, each, inside, moment, text

MEDIA = ("image", "video", "audio", "document", "sticker")
_STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read"}


def items_of(value: Mapping[str, Any], field: str) -> list[Item]:
    if field == "messages":
        items = [_message(said, value) for said in each(value, "messages")]
        items += [_receipt(status) for status in each(value, "statuses")]
        told = [_trouble(error) for error in each(value, "errors")] if not items else []
        return items + told or [Ignored("a notification without messages")]
    if field == "smb_message_echoes":
        return [_own(said) for said in each(value, "message_echoes")]
    if field == "user_preferences":
        return [_opted(wish) for wish in each(value, "user_preferences")]
    return [Ignored(f"{field[:60]}: of no use here")]


def _trouble(error: Mapping[str, Any]) -> Item:
    return Ignored(f"Meta reports: {graph.words(error)}")


def _message(said: Mapping[str, Any], value: Mapping[str, Any]) -> Item:
    kind = text(said, "type")
    if kind == "revoke":
        return Deleted(_original(said, "revoke"), at=moment(text(said, "timestamp")))
    if kind == "edit":
        return _edited(said)
    if kind in {"reaction", "system", "request_welcome"}:
        return Ignored(f"{kind}: recorded nowhere")
    sender = _sender(said, value)
    if not (sender.handle and text(said, "id")):
        return Ignored("names nobody who wrote")
    return _inbound(said, sender)


def _inbound(said: Mapping[str, Any], sender: Party) -> Inbound:
    words, remotes = words_of(said), tuple(_remotes(said))
    answered = text(inside(said, "context"), "id")
    return Inbound(
        external_id=text(said, "id"),
        sender=sender,
        text=words,
        body_digest=_digest(words, remotes),
        thread=text(said, "group_id"),
        sent_at=moment(text(said, "timestamp")),
        references=(answered,) if answered else (),
        remotes=remotes,
        notes=tuple(_notes(said)),
    )


def _sender(said: Mapping[str, Any], value: Mapping[str, Any]) -> Party:
    """By number where it is shown, else by Meta's id; the name stands beside the message."""
    number, hidden = text(said, "from"), text(said, "from_user_id")
    for card in each(value, "contacts"):
        known = {text(card, "wa_id"), text(card, "user_id")} - {""}
        if known & {number, hidden} or not (number or hidden):
            profile = inside(card, "profile")
            name = text(profile, "name") or text(profile, "username")
            handle = number or text(card, "wa_id") or hidden or text(card, "user_id")
            return Party(handle=handle, name=name[:200])
    return Party(handle=number or hidden)


def words_of(said: Mapping[str, Any]) -> str:
    """What the person wrote, or chose, or shared; the caption of a file."""
    kind = text(said, "type")
    part = inside(said, kind)
    read = _WORDS.get(kind)
    if read is not None:
        return read(said, part)
    return text(part, "caption") if kind in MEDIA else ""


def _chosen(said: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """A button, a line of a list, or a form that was filled in."""
    for name in ("button_reply", "list_reply"):
        if chosen := inside(part, name):
            return "\n".join(filter(None, [text(chosen, "title"), text(chosen, "description")]))
    return text(inside(part, "nfm_reply"), "response_json")


def _place(said: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    spot = f"{part.get('latitude')}, {part.get('longitude')}"
    return "\n".join(filter(None, [text(part, "name"), text(part, "address"), spot]))


def _cards(said: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    lines = []
    for card in each(said, "contacts"):
        numbers = ", ".join(text(phone, "phone") for phone in each(card, "phones"))
        lines.append(f"{text(inside(card, 'name'), 'formatted_name')} {numbers}".strip())
    return "\n".join(lines)


def _order(said: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    lines = [text(part, "text")]
    for item in each(part, "product_items"):
        price = f"{item.get('item_price')} {text(item, 'currency')}"
        lines.append(f"{item.get('quantity')} x {text(item, 'product_retailer_id')}, {price}")
    return "\n".join(filter(None, lines))


_WORDS = {
    "text": lambda said, part: text(part, "body"),
    "button": lambda said, part: text(part, "text"),
    "interactive": _chosen,
    "location": _place,
    "contacts": _cards,
    "order": _order,
}


def _notes(said: Mapping[str, Any]) -> Iterator[str]:
    context = inside(said, "context")
    if context.get("forwarded") or context.get("frequently_forwarded"):
        yield "forwarded"
    if advert := inside(said, "referral"):
        yield f"came by an advertisement: {text(advert, 'headline')} {text(advert, 'source_url')}"
    for error in each(said, "errors"):
        yield f"WhatsApp could not pass it on: {graph.words(error)}"
    if text(said, "type") == "interactive" and not inside(said, "interactive"):
        yield "WhatsApp did not say what was chosen"


def _remotes(said: Mapping[str, Any]) -> Iterator[Remote]:
    kind = text(said, "type")
    file = inside(said, kind) if kind in MEDIA else {}
    if text(file, "id"):
        type_ = text(file, "mime_type")[:120]
        suffix = type_.rpartition("/")[2].partition(";")[0][:10] or "bin"
        yield Remote(
            name=(text(file, "filename") or f"{kind}.{suffix}")[:200],
            type=type_,
            key=text(file, "id")[:200],
            sha256=_hex(text(file, "sha256")),
        )


def _hex(digest: str) -> str:
    """Meta writes it in base64; "" for what is no SHA-256."""
    try:
        raw = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""


def _digest(words: str, remotes: tuple[Remote, ...]) -> str:
    return digest_of(words, *(one.key for one in remotes))


def _original(said: Mapping[str, Any], kind: str) -> str:
    return text(inside(said, kind), "original_message_id")


def _edited(said: Mapping[str, Any]) -> Edited:
    now = inside(said, "edit", "message")
    words = words_of(now)
    return Edited(
        external_id=_original(said, "edit"),
        text=words,
        body_digest=_digest(words, tuple(_remotes(now))),
        at=moment(text(said, "timestamp")),
    )


def _own(said: Mapping[str, Any]) -> Item:
    """Written on the business's own phone."""
    if text(said, "type") == "revoke":
        return Deleted(_original(said, "revoke"), at=moment(text(said, "timestamp")))
    if text(said, "type") == "edit":
        return _edited(said)
    return Echoed(
        external_id=text(said, "id"),
        text=words_of(said),
        to=Party(text(said, "to") or text(said, "to_user_id")),
        sent_at=moment(text(said, "timestamp")),
        remotes=tuple(_remotes(said)),
    )


def _receipt(status: Mapping[str, Any]) -> Item:
    state = text(status, "status")
    ours = text(status, "biz_opaque_callback_data")
    if state == "failed":
        error = next(each(status, "errors"), {})
        return Receipt(
            references=(text(status, "id"),),
            state="failed",
            cause=graph.words(error),
            trouble=graph.trouble_of(error) or Trouble.PERMANENT,
            id=ours,
        )
    if state not in _STATES:
        return Ignored(f"{state[:30]}: of no use here")
    return Receipt(references=(text(status, "id"),), state=_STATES[state], id=ours)


def _opted(wish: Mapping[str, Any]) -> Item:
    value = text(wish, "value")
    if value not in {"stop", "resume"}:
        return Ignored(f"a wish: {value[:30]}")
    return Opted(
        sender=Party(text(wish, "wa_id") or text(wish, "user_id")),
        wants=value == "resume",
        word=text(wish, "detail")[:100] or value,
        at=moment(text(wish, "timestamp")),
        news_only=True,
    )
