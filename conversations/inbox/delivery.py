"""From QUEUED to the provider: claim and commit, send outside any transaction, write what came.

A worker may die at any point. Before the claim: the sweep finds the row. Between the claim and
the outcome: the lapsed SENDING becomes UNKNOWN, or is sent again where the adapter promises that
the same message arrives once. A worker that wakes after its lease can't write: the attempt that
it claimed is no longer the row's.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels import sending
from conversations.channels.accounts import account_of, adapter_of
from conversations.channels.wire.contract import Outbound, SendFailed, Sent
from conversations.channels.wire.parts import TAKEN
from conversations.inbox import levels, receipts, stopping
from conversations.inbox.models import Delivery, DeliveryState, Message, Trouble
from conversations.inbox.outgoing import outbound
from crm.errors import Conflict
from crm.journal.services import record
from crm.values import AUTOMATION, Actor
from crm.wake import Task, wake

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than any adapter's own time limits together
BACKOFF = (10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400)  # seconds; then FAILED

_CLAIM = """
UPDATE conversations_delivery d
SET state = 'sending', attempt = attempt + 1, claimed_at = now(), updated_at = now()
FROM conversations_message m, conversations_channel ch
WHERE d.message_id = %s AND m.id = d.message_id AND ch.id = m.channel_id
  AND d.state = 'queued' AND d.not_before <= clock_timestamp() AND ch.paused_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM conversations_delivery earlier
    JOIN conversations_message em ON em.id = earlier.message_id
    WHERE earlier.conversation_id = d.conversation_id
      AND earlier.state IN ('queued', 'sending')
      AND (em.occurred_at, em.id) < (m.occurred_at, m.id))
RETURNING d.attempt
"""


def deliver(message_id: uuid.UUID) -> None:
    """Sends one message if it is due and first in its conversation; otherwise does nothing."""
    attempt = _claim(message_id)
    if attempt is None:
        return
    message = Message.objects.select_related(
        "channel", "conversation__identity__contact", "author_employee", "delivery"
    ).get(pk=message_id)
    adapter = adapter_of(message.channel)
    if adapter is None:
        _failed(message, attempt, SendFailed("no adapter for this channel", permanent=True))
        return
    if why := stopping.why_not(message):
        _drop(message, attempt, why)
        deliver_next(message)
        return
    if wait := sending.seconds_to_wait(message.channel):
        _put_off(message, attempt, seconds=wait)
        return
    prepared = outbound(message)
    try:
        sent = adapter.send(account_of(message.channel), prepared)
    except SendFailed as failure:
        _failed(message, attempt, failure)
    except Exception as error:  # an adapter's bug: it may have gone out
        logger.exception("message %s: the adapter failed", message_id)
        _failed(message, attempt, SendFailed(f"adapter failed: {error!r}", unknown=True))
    else:
        _sent(message, attempt, prepared, sent)
    deliver_next(message)


def _claim(message_id: uuid.UUID) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [message_id])
        row = cursor.fetchone()
    return row[0] if row else None


def _sent(message: Message, attempt: int, prepared: Outbound, sent: Sent) -> None:
    now = timezone.now()
    external_id = sent.external_id or prepared.external_id
    with transaction.atomic():
        if not _mine(message, attempt).update(
            state=DeliveryState.SENT,
            cause="",
            trouble="",
            parts=[each[:500] for each in sent.parts],
            updated_at=now,
        ):
            logger.warning("message %s: sent, but no longer ours to say so", message.pk)
            return
        Message.objects.filter(pk=message.pk).update(sent_at=now, external_id=external_id)
        message.external_id = external_id
        _note_parts(message, sent.parts[1:])
        receipts.match_waiting(message, sent.parts)
        sending.note_taken(message.channel, at=now)
        levels.refresh([message.conversation_id])
        wake(Task.COUNT_USES, message.pk)
    logger.info("message %s sent on channel %s", message.pk, message.channel_id)


def _note_parts(message: Message, ids: Sequence[str]) -> None:
    """So that reports on them, and their echoes, find the message they belong to."""
    sending.note(message.channel, [each for each in ids if each != TAKEN], subject=message.pk)


def _put_off(message: Message, attempt: int, *, seconds: float) -> None:
    """The channel's own pace: no attempt was made, so none is counted."""
    now = timezone.now()
    _mine(message, attempt).update(
        state=DeliveryState.QUEUED,
        attempt=attempt - 1,
        not_before=now + timedelta(seconds=seconds),
        updated_at=now,
    )


def _drop(message: Message, attempt: int, why: str) -> None:
    """Written, due, and no longer welcome: it never goes out, and nobody is asked to try again."""
    now = timezone.now()
    with transaction.atomic():
        if _mine(message, attempt).update(
            state=DeliveryState.DROPPED, cause=why[:500], updated_at=now
        ):
            levels.refresh([message.conversation_id])
            record("delivery_refused", message, by=AUTOMATION)
    logger.info("message %s not sent: %s", message.pk, why)


def _failed(message: Message, attempt: int, failure: SendFailed) -> None:
    now = timezone.now()
    change: dict[str, object] = {
        "cause": str(failure)[:500],
        "trouble": str(failure.trouble),
        "updated_at": now,
    }
    if failure.parts:
        change["parts"] = [each[:500] for each in failure.parts]
    ended = failure.permanent or attempt > len(BACKOFF)
    if failure.unknown:
        change["state"] = DeliveryState.UNKNOWN
    elif ended:
        change["state"] = DeliveryState.FAILED
    else:
        wait = failure.retry_after or _with_jitter(BACKOFF[attempt - 1])
        change |= {"state": DeliveryState.QUEUED, "not_before": now + timedelta(seconds=wait)}
    with transaction.atomic():
        sending.note_refused(message.channel, failure, at=now)
        _note_parts(message, failure.parts)
        if _mine(message, attempt).update(**change) and ended and not failure.unknown:
            receipts.reopen_after_failure(message)
    logger.warning("message %s not sent: %s (%s)", message.pk, change.get("state"), failure)


def _with_jitter(seconds: float) -> float:
    """Up to a tenth later: what failed together is not tried again at the same moment."""
    return seconds * (1 + secrets.randbelow(1_000) / 10_000)


def _mine(message: Message, attempt: int) -> QuerySet[Delivery]:
    return Delivery.objects.filter(message=message, attempt=attempt, state=DeliveryState.SENDING)


def deliver_next(message: Message) -> None:
    """Wakes the next one in the conversation, which had to wait for this one."""
    following = (
        Delivery.objects.filter(conversation=message.conversation_id, state=DeliveryState.QUEUED)
        .order_by("message__occurred_at", "message_id")
        .values_list("pk", flat=True)
        .first()
    )
    if following is not None and following != message.pk:
        wake(Task.DELIVER, following)


def due(*, at: datetime, most: int = 200) -> list[uuid.UUID]:
    """Messages whose time has come, oldest first."""
    return list(
        Delivery.objects.filter(
            state=DeliveryState.QUEUED, not_before__lte=at, message__channel__paused_at=None
        )
        .order_by("not_before", "message__occurred_at")
        .values_list("pk", flat=True)[:most]
    )


def settle_lapsed(*, at: datetime) -> None:
    """A SENDING whose worker is gone: again where that is safe, else UNKNOWN, for a person."""
    lapsed = Delivery.objects.filter(
        state=DeliveryState.SENDING, claimed_at__lt=at - LEASE
    ).select_related("message__channel")
    for delivery in lapsed:
        adapter = adapter_of(delivery.message.channel)
        again = adapter is not None and adapter.idempotent
        state = DeliveryState.QUEUED if again else DeliveryState.UNKNOWN
        Delivery.objects.filter(
            pk=delivery.pk, attempt=delivery.attempt, state=DeliveryState.SENDING
        ).update(
            state=state,
            trouble=Trouble.UNKNOWN if state == DeliveryState.UNKNOWN else Trouble.PASSING,
            cause="the worker died while sending: it may have arrived",
            updated_at=at,
            attempt=F("attempt") + 1,
        )
        logger.warning("message %s: sending lapsed, now %s", delivery.pk, state)


def retry(delivery: Delivery, *, by: Actor) -> None:
    """A person sends a failed or unknown message once more. Raises Conflict for any other."""
    with transaction.atomic():
        changed = Delivery.objects.filter(
            pk=delivery.pk, state__in=[DeliveryState.FAILED, DeliveryState.UNKNOWN]
        ).update(state=DeliveryState.QUEUED, not_before=timezone.now(), attempt=0, trouble="")
        if not changed:
            raise Conflict(_("only a failed or unknown message is sent again"), code="not_failed")
        levels.refresh([delivery.message.conversation_id])
        record("delivery_retried", delivery.message, by=by)
        wake(Task.DELIVER, delivery.pk)
