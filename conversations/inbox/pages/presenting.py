"""A conversation as it is read: who said what, and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from conversations.channels.causes import told
from conversations.channels.wire.email.quotes import fold
from conversations.inbox.models import (
    Attachment,
    ChangeKind,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageChange,
    MessageKind,
    Takeover,
    TakeoverState,
)
from crm.contacts.services import name_of

MOST_SHOWN = 200
LONGEST_LINKED = 20_000  # characters in which links are looked for

TONES = {
    DeliveryState.HELD: "warn",
    DeliveryState.FAILED: "bad",
    DeliveryState.UNKNOWN: "bad",
    DeliveryState.DROPPED: "quiet",
    DeliveryState.QUEUED: "quiet",
    DeliveryState.SENDING: "quiet",
}
_RETRIED = {DeliveryState.FAILED, DeliveryState.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as shown. side: in, out or note. tone: how much its delivery asks for eyes."""

    id: uuid.UUID
    side: str
    author: str
    address: str
    is_automated: bool
    at: datetime
    text: str
    is_linked: bool
    folded: str
    has_html: bool
    files: list[Attachment]
    remarks: list[str]
    state: str
    tone: str
    cause: str
    can_retry: bool
    is_sent: bool
    trouble: str
    edited_at: datetime | None
    deleted_at: datetime | None
    wordings: list[MessageChange]


def bubbles(conversation: Conversation, *, most: int = MOST_SHOWN) -> tuple[list[Bubble], int]:
    """The newest messages, oldest first, and how many earlier ones are left out."""
    messages = (
        conversation.messages.select_related(
            "author_identity__contact", "author_employee", "delivery"
        )
        .prefetch_related("attachments", "changes")
        .order_by("-occurred_at", "-pk")
    )
    newest = list(messages[: most + 1])
    earlier = conversation.messages.count() - most if len(newest) > most else 0
    return [_bubble(message) for message in newest[:most][::-1]], earlier


def _bubble(message: Message) -> Bubble:
    delivery = _delivery(message)
    fresh, folded = _folded(message)
    return Bubble(
        id=message.pk,
        side=_side(message),
        author=_author(message),
        address=str(message.author_identity or ""),
        is_automated=message.automated,
        at=message.occurred_at,
        text=fresh,
        is_linked=len(fresh) <= LONGEST_LINKED,
        folded=folded,
        has_html=bool(message.html),
        files=list(message.attachments.all()),
        remarks=message.notes,
        state=delivery.get_state_display() if delivery else "",
        tone=TONES.get(DeliveryState(delivery.state), "good") if delivery else "",
        cause=told(delivery.cause) if delivery else "",
        can_retry=bool(delivery and delivery.state in _RETRIED),
        is_sent=message.direction == Direction.OUT and message.sent_at is not None,
        trouble=delivery.get_trouble_display() if delivery and delivery.trouble else "",
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        wordings=_earlier(message),
    )


def _earlier(message: Message) -> list[MessageChange]:
    """What it said before, oldest first; nothing once its author took it back."""
    if message.edited_at is None or message.deleted_at is not None:
        return []
    wordings = [each for each in message.changes.all() if each.kind != ChangeKind.DELETED]
    return [each for each in wordings if each.said_at != message.edited_at]


def _delivery(message: Message) -> Delivery | None:
    return getattr(message, "delivery", None)


def _side(message: Message) -> str:
    if message.kind == MessageKind.NOTE:
        return "note"
    return "in" if message.direction == Direction.IN else "out"


def _author(message: Message) -> str:
    if message.author_employee:
        return message.author_employee.name
    if message.author_identity:
        return name_of(message.author_identity)
    return _("Relais")


def _folded(message: Message) -> tuple[str, str]:
    """What is new in the text, and what was quoted or signed below it (mails)."""
    if message.direction == Direction.OUT or not message.subject:
        return message.text, ""
    parts = fold(message.text)
    return parts.fresh, "\n\n".join(part for part in (parts.quoted, parts.signature) if part)


def fingerprint(conversation: Conversation) -> str:
    """Changes with whatever the thread's page shows: messages, states, deliveries."""
    moved = Delivery.objects.filter(conversation=conversation).aggregate(at=Max("updated_at"))
    instants = (conversation.updated_at, moved["at"])
    stamps = [str(int(at.timestamp() * 1_000_000)) for at in instants if at]
    asked = Takeover.objects.filter(conversation=conversation, state=TakeoverState.ASKED).first()
    return "-".join([str(conversation.version), *stamps, *([str(asked.pk)] if asked else [])])
