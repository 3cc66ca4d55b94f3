"""What providers report of messages we sent: a lattice, not "last one wins".

    queued < sending < sent < delivered < read;  failed ends it unless a delivery is proved later.
A receipt for a message that isn't known (yet) waits in `UnmatchedReceipt`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils import timezone

from conversations.channels.models import Channel
from conversations.channels.wire.contract import Receipt
from conversations.channels.wire.email import tokens
from conversations.inbox import levels
from conversations.inbox.models import (
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    Status,
    UnmatchedReceipt,
)

_RANK = {
    DeliveryState.HELD: 0,
    DeliveryState.DROPPED: 9,
    DeliveryState.QUEUED: 0,
    DeliveryState.SENDING: 1,
    DeliveryState.UNKNOWN: 1,
    DeliveryState.SENT: 2,
    DeliveryState.FAILED: 3,
    DeliveryState.DELIVERED: 4,
    DeliveryState.READ: 5,
}


def take(reports: Sequence[tuple[Channel, uuid.UUID, Receipt]]) -> set[uuid.UUID]:
    """(channel, envelope id, receipt), in the order they came. Returns the envelopes of those
    that belong to no message here: they wait, and are shown."""
    unmatched = set()
    for channel, envelope_id, receipt in reports:
        message = _meant(channel, receipt)
        if message is None:
            _keep(channel, envelope_id, receipt)
            unmatched.add(envelope_id)
        else:
            apply(message, receipt.state, cause=receipt.cause, transient=receipt.transient)
    return unmatched


def match_waiting(message: Message) -> None:
    """Applies receipts that came before the id of `message` was known."""
    if not message.external_id:
        return
    waiting = UnmatchedReceipt.objects.filter(
        channel=message.channel, references__contains=[message.external_id]
    )
    for receipt in waiting:
        apply(message, receipt.state, cause=receipt.cause, transient=receipt.transient)
        receipt.delete()


def apply(message: Message, state: str, *, cause: str = "", transient: bool = False) -> None:
    """Moves the delivery forward; never back, and a mere delay changes nothing."""
    delivery = Delivery.objects.select_for_update().filter(message=message).first()
    if delivery is None or transient:
        return
    new = DeliveryState(state)
    if _RANK[new] <= _RANK[DeliveryState(delivery.state)]:
        return
    delivery.state = new
    delivery.cause = cause[:500] if new is DeliveryState.FAILED else ""
    delivery.save(update_fields=["state", "cause", "updated_at"])
    if new is DeliveryState.FAILED:
        reopen_after_failure(message)


def reopen_after_failure(message: Message) -> None:
    """The answer did not reach the customer: the conversation is the company's turn again."""
    Conversation.objects.filter(pk=message.conversation_id, status=Status.WAITING).update(
        status=Status.OPEN, waiting_since=timezone.now(), updated_at=timezone.now()
    )
    levels.refresh([message.conversation_id])


def _meant(channel: Channel, receipt: Receipt) -> Message | None:
    """By the signed address that the report came to, else by the ids that it quotes."""
    sent = Message.objects.filter(channel=channel, direction=Direction.OUT)
    token = receipt.bounce_token
    message_id = tokens.verify(channel.secret, token, purpose=tokens.BOUNCE) if token else None
    if message_id is not None:
        return sent.filter(pk=message_id).first()
    known = {
        message.external_id: message
        for message in sent.filter(external_id__in=receipt.references).exclude(external_id="")
    }
    return next((known[each] for each in receipt.references if each in known), None)


def _keep(channel: Channel, envelope_id: uuid.UUID, receipt: Receipt) -> None:
    UnmatchedReceipt.objects.create(
        channel=channel,
        envelope_id=envelope_id,
        references=[each[:500] for each in receipt.references[:50]],
        state=receipt.state,
        cause=receipt.cause[:500],
        transient=receipt.transient,
    )
