"""The company's own messages, shown to us by the network.

What left from here is known again: by our own id where the network carries it along, by the
network's id, or by its words where the answer to the sending is still out or was lost. What is
left was written in the network's own app: it is recorded, and answers the conversation.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations.channels import sending
from conversations.channels.claiming import Opened
from conversations.channels.models import Channel
from conversations.channels.wire.contract import Echoed
from conversations.inbox import levels, receipts, services
from conversations.inbox.addressing import address
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
    Status,
)
from conversations.inbox.writing import announced
from crm.contacts.services import know, note_units
from crm.journal import tombstones
from crm.values import Via, uuid7

ELSEWHERE = "written in the network’s own app"
_OUT_THERE = (DeliveryState.SENDING, DeliveryState.UNKNOWN)
SOON = timedelta(hours=1)  # within which the echo of what was taken without an id tells one


def take(told: Sequence[tuple[Opened, Echoed]]) -> set[uuid.UUID]:
    """Returns the envelopes of what left from here."""
    ours = set()
    gone = tombstones.buried(tombstones.EXTERNAL, {_name(one, echo) for one, echo in told})
    for one, echo in told:
        if _name(one, echo) in gone:
            ours.add(one.id)  # erased on request, and shown once more
            continue
        with transaction.atomic():
            known = _known(one.channel, echo)
            if known is not None:
                _confirm(known, echo)
                ours.add(one.id)
            elif (echo.text or echo.remotes) and (place := _conversation(one, echo)):
                _record(one, echo, place, at=one.received_at)
            else:
                ours.add(one.id)
    return ours


def _name(one: Opened, echo: Echoed) -> str:
    return f"{one.channel.pk} {echo.external_id[:500]}"


def _known(channel: Channel, echo: Echoed) -> Message | None:
    sent = Message.objects.filter(channel=channel, direction=Direction.OUT)
    ours = _uuid(echo.id)
    by_id = sent.filter(pk=ours).first() if ours else None
    if by_id is None and echo.external_id:
        by_id = sent.filter(external_id=echo.external_id).first()
    return by_id or _by_part(channel, echo) or _by_words(channel, echo)


def _by_part(channel: Channel, echo: Echoed) -> Message | None:
    """A file that went out beside its text has an id of its own."""
    ours = sending.ours([(channel.pk, echo.external_id)]).get((channel.pk, echo.external_id))
    return Message.objects.filter(pk=ours).first() if ours else None


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def _by_words(channel: Channel, echo: Echoed) -> Message | None:
    """The oldest one in that conversation whose sending nobody has confirmed yet."""
    out = Delivery.objects.filter(
        message__channel=channel,
        message__external_id="",
        message__digest=hashlib.sha256(echo.text.encode()).hexdigest(),
    ).filter(
        Q(state__in=_OUT_THERE) | Q(state=DeliveryState.SENT, updated_at__gte=timezone.now() - SOON)
    )
    if echo.to is not None:
        out = out.filter(conversation__identity__handle=echo.to.handle.casefold())
    else:
        out = out.filter(conversation__thread=echo.thread)
    first = out.select_related("message").order_by("message__occurred_at", "pk").first()
    return first.message if first else None


def _confirm(message: Message, echo: Echoed) -> None:
    if echo.external_id:
        Message.objects.filter(pk=message.pk, external_id="").update(
            external_id=echo.external_id[:500]
        )
    receipts.apply(message, DeliveryState.SENT)


def _record(one: Opened, echo: Echoed, place: Conversation, *, at: datetime) -> None:
    """By whom of the company, nobody says: it counts as nobody's answer."""
    conversation = services.locked(place)
    digest = hashlib.sha256(echo.text.encode()).hexdigest()
    message = Message.objects.create(
        id=uuid7(),
        conversation=conversation,
        channel=one.channel,
        envelope_id=one.id,
        external_id=echo.external_id[:500],
        direction=Direction.OUT,
        kind=MessageKind.REPLY,
        text=echo.text,
        digest=digest,
        stated_at=echo.sent_at,
        sent_at=at,
        notes=[ELSEWHERE],
        via=Via.AUTOMATION,
        occurred_at=at,
    )
    Delivery.objects.create(message=message, conversation=conversation, state=DeliveryState.SENT)
    Attachment.objects.bulk_create(announced(message.pk, echo.remotes))
    if conversation.status in {Status.OPEN, Status.SNOOZED, Status.WAITING}:
        services.answered(conversation, at=at)
    levels.refresh([conversation.pk])
    receipts.match_waiting(message)


def _conversation(one: Opened, echo: Echoed) -> Conversation | None:
    """The one that goes on with this person there; a new one, when the company wrote first."""
    channel, at = one.channel, one.received_at
    if echo.to is None:
        answered = Message.objects.filter(channel=channel, external_id=echo.below)
        above = answered.select_related("conversation").first() if echo.below else None
        return above.conversation if above else None
    to = address(channel, echo.to)
    person = know([to], at=timezone.now())[to.key]
    found = Conversation.objects.filter(
        channel=channel, identity=person.identity_id, thread=echo.thread, live=True
    )
    latest = found.order_by("-last_message_at").first()
    if latest is not None:
        return latest
    note_units([(person.contact_id, channel.unit_id)])
    return Conversation.objects.create(
        channel=channel,
        unit_id=channel.unit_id,
        identity_id=person.identity_id,
        thread=echo.thread,
        status=Status.WAITING,
        occurred_at=at,
        last_message_at=at,
        live=True,
    )
