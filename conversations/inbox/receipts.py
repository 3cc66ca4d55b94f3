"""What providers report of messages we sent: a lattice, not "last one wins".

    queued < sending < sent < delivered < read;  failed ends it unless a delivery is proved later.
A receipt for a message that isn't known (yet) waits in `UnmatchedReceipt`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone

from conversations.channels import sending
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
    Trouble,
    UnmatchedReceipt,
)
from crm.wake import Task, wake

MOST_AT_ONCE = 200

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
        if receipt.to is not None:
            _apply_by_time(channel, receipt)
            continue
        message = _meant(channel, receipt)
        if message is None:
            _keep(channel, envelope_id, receipt)
            unmatched.add(envelope_id)
        else:
            _apply(message, receipt)
    return unmatched


def _apply(message: Message, receipt: Receipt) -> None:
    trouble = receipt.trouble or ""
    apply(
        message,
        receipt.state,
        cause=receipt.cause,
        transient=receipt.transient,
        trouble=str(trouble),
    )
    if receipt.state == DeliveryState.FAILED:
        _must_go_again(message, receipt.references)


def _must_go_again(message: Message, ids: Sequence[str]) -> None:
    """Of a message in parts these did not arrive: only they are sent at another try."""
    delivery = Delivery.objects.filter(message=message).exclude(parts=[]).first()
    if delivery is not None:
        left = ["" if each in ids else each for each in delivery.parts]
        Delivery.objects.filter(pk=delivery.pk).update(parts=left)


def match_waiting(message: Message, parts: Sequence[str] = ()) -> None:
    """Applies receipts that came before the id of `message` (or of its parts) was known."""
    ids = [each for each in {message.external_id, *parts} if each]
    if not ids:
        return
    waiting = UnmatchedReceipt.objects.filter(
        channel=message.channel, references__overlap=ids
    ).order_by("pk")
    for receipt in waiting:
        apply(
            message,
            receipt.state,
            cause=receipt.cause,
            transient=receipt.transient,
            trouble=receipt.trouble,
        )
        receipt.delete()


def apply(
    message: Message, state: str, *, cause: str = "", transient: bool = False, trouble: str = ""
) -> None:
    """Moves the delivery forward; never back, and a mere delay changes nothing."""
    delivery = Delivery.objects.select_for_update().filter(message=message).first()
    if delivery is None or transient:
        return
    new = DeliveryState(state)
    if _RANK[new] <= _RANK[DeliveryState(delivery.state)]:
        return
    failed = new is DeliveryState.FAILED
    was_lost = delivery.state in {DeliveryState.UNKNOWN, DeliveryState.SENDING}
    delivery.state = new
    delivery.cause = cause[:500] if failed else ""
    delivery.trouble = (trouble or Trouble.PERMANENT) if failed else ""
    delivery.save(update_fields=["state", "cause", "trouble", "updated_at"])
    if failed:
        reopen_after_failure(message)
    elif was_lost:
        note_sent(message)


def note_sent(message: Message) -> None:
    """The network has it, though it never told us so itself: it counts as sent from now on."""
    Message.objects.filter(pk=message.pk, sent_at=None).update(sent_at=timezone.now())
    levels.refresh([message.conversation_id])
    wake(Task.COUNT_USES, message.pk)


def _apply_by_time(channel: Channel, receipt: Receipt) -> None:
    """For a network that says up to when a person has got or read what we wrote them."""
    if receipt.to is None or receipt.until is None:
        return
    meant = Message.objects.filter(
        channel=channel,
        direction=Direction.OUT,
        sent_at__lte=receipt.until,
        conversation__identity__handle=receipt.to.handle.casefold(),
        delivery__state__in=[DeliveryState.SENT, DeliveryState.DELIVERED],
    )
    for message in meant.order_by("-sent_at")[:MOST_AT_ONCE]:
        apply(message, receipt.state)


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
    if receipt.id and (ours := _by_our_id(sent, receipt)) is not None:
        return ours
    known = {
        message.external_id: message
        for message in sent.filter(external_id__in=receipt.references).exclude(external_id="")
    }
    meant = next((known[each] for each in receipt.references if each in known), None)
    return meant or _by_part(sent, channel, receipt.references)


def _by_part(sent: QuerySet[Message], channel: Channel, ids: Sequence[str]) -> Message | None:
    found = sending.ours((channel.pk, each) for each in ids)
    return sent.filter(pk__in=set(found.values())).first() if found else None


def _by_our_id(sent: QuerySet[Message], receipt: Receipt) -> Message | None:
    """The network carries our own id along: it is known before the answer to the sending came,
    or where that answer was lost. Its own id is kept then."""
    try:
        found = sent.filter(pk=uuid.UUID(receipt.id)).first()
    except ValueError:
        return None
    if found is not None and not found.external_id and receipt.references:
        Message.objects.filter(pk=found.pk, external_id="").update(
            external_id=receipt.references[0][:500]
        )
    return found


def _keep(channel: Channel, envelope_id: uuid.UUID, receipt: Receipt) -> None:
    UnmatchedReceipt.objects.create(
        channel=channel,
        envelope_id=envelope_id,
        references=[each[:500] for each in receipt.references[:50]],
        state=receipt.state,
        cause=receipt.cause[:500],
        transient=receipt.transient,
        trouble=str(receipt.trouble or ""),
    )
