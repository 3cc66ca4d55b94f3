"""From APPROVED to the network at its minute: claim and commit, publish outside any transaction,
write what came. The same promises as for messages (docs/adr/0003, 0065).

A worker may die at any point. Before the claim: the scan finds the row. Between the claim and the
outcome: a lapsed PUBLISHING becomes UNKNOWN, or is published again where the adapter promises that
the same publication appears once. A worker that wakes after its lease can't write.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from conversations.channels import sending
from conversations.channels.accounts import account_of, adapter_of, publisher_of
from conversations.channels.models import Channel
from conversations.channels.wire.contract import Post, Publisher, SendFailed, Sent
from conversations.editorial.life import LATE
from conversations.editorial.links import with_short_links
from conversations.editorial.models import Publication, PublicationState
from crm.journal.services import record
from crm.values import AUTOMATION

logger = logging.getLogger(__name__)

S = PublicationState
LEASE = timedelta(seconds=60)  # longer than any adapter's own time limits together
BACKOFF = (10, 60, 300, 900, 1_800)  # seconds; then FAILED

_CLAIM = """
UPDATE conversations_publication p
SET state = 'publishing', attempt = attempt + 1, claimed_at = now()
FROM conversations_channel ch
WHERE p.id = %s AND ch.id = p.channel_id AND p.state = 'approved'
  AND p.due_at <= clock_timestamp() AND p.due_at > clock_timestamp() - make_interval(secs => %s)
  AND ch.paused_at IS NULL AND ch.closed_at IS NULL
RETURNING p.attempt
"""


def publish(publication_id: uuid.UUID) -> None:
    """Publishes it if it is due and its channel can; otherwise does nothing."""
    row = Publication.objects.select_related("channel", "author").filter(pk=publication_id).first()
    publisher = publisher_of(row.channel) if row else None
    if row is None or publisher is None:
        return  # by hand: a person confirms it
    attempt = claim(row)
    if attempt is None:
        return
    if wait := sending.seconds_to_wait(row.channel):
        _put_off(row, attempt, seconds=wait)
        return
    row.refresh_from_db()
    _publish(row, publisher, attempt)


def _publish(row: Publication, publisher: Publisher, attempt: int) -> None:
    try:
        post = _prepared(row)
        sent = publisher.publish(account_of(row.channel), post)
    except SendFailed as failure:
        _failed(row, attempt, failure)
    except Exception as error:  # an adapter's bug: it may have gone out
        logger.exception("publication %s: the adapter failed", row.pk)
        _failed(row, attempt, SendFailed(f"adapter failed: {error!r}", unknown=True))
    else:
        _published(row, attempt, post, sent)


def claim(row: Publication) -> int | None:
    """The attempt that is now ours, committed; None when it is not due or somebody else's."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [row.pk, LATE.total_seconds()])
        found = cursor.fetchone()
    return found[0] if found else None


def _prepared(row: Publication) -> Post:
    """Noted as ours before it leaves: the network may show it to us at once."""
    adapter = adapter_of(row.channel)
    minted = adapter.mint_id(account_of(row.channel), str(row.pk)) if adapter else ""
    sending.note(row.channel, [str(row.pk), minted], subject=row.pk)
    return Post(
        id=str(row.pk),
        external_id=minted,
        text=with_short_links(row),
        sender_name=row.author.name,
    )


def _published(row: Publication, attempt: int, post: Post, sent: Sent) -> None:
    external_id = sent.external_id or post.external_id or post.id
    with transaction.atomic():
        changed = _mine(row, attempt).update(
            state=S.PUBLISHED, published_at=timezone.now(), external_id=external_id, cause=""
        )
        if not changed:
            logger.warning("publication %s: out, but no longer ours to say so", row.pk)
            return
        sending.note(row.channel, [external_id], subject=row.pk)
        record("publication_published", row, by=AUTOMATION, attempt=attempt)
    logger.info("publication %s is out on channel %s", row.pk, row.channel_id)


def _failed(row: Publication, attempt: int, failure: SendFailed) -> None:
    now = timezone.now()
    change: dict[str, object] = {"cause": str(failure)[:500]}
    if failure.unknown:
        change["state"] = S.UNKNOWN
    elif failure.permanent or attempt > len(BACKOFF):
        change["state"] = S.FAILED
    else:
        wait = failure.retry_after or BACKOFF[attempt - 1]
        change |= {"state": S.APPROVED, "due_at": now + timedelta(seconds=wait)}
    with transaction.atomic():
        if _mine(row, attempt).update(**change):
            record("publication_not_out", row, by=AUTOMATION, state=change["state"])
    logger.warning("publication %s not out: %s (%s)", row.pk, change["state"], failure)


def _put_off(row: Publication, attempt: int, *, seconds: float) -> None:
    """The channel's own pace: no attempt was made, so none is counted."""
    _mine(row, attempt).update(
        state=S.APPROVED, attempt=attempt - 1, due_at=timezone.now() + timedelta(seconds=seconds)
    )


def _mine(row: Publication, attempt: int) -> QuerySet[Publication]:
    return Publication.objects.filter(pk=row.pk, attempt=attempt, state=S.PUBLISHING)


def due(*, at: datetime, most: int = 200) -> list[uuid.UUID]:
    """What is to appear now on channels that can, the longest due first."""
    rows = _publishable().filter(due_at__lte=at, due_at__gt=at - LATE)
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:most])


def _publishable() -> QuerySet[Publication]:
    waiting = Publication.objects.filter(state=S.APPROVED)
    channels = Channel.objects.filter(pk__in=waiting.values("channel"), closed_at=None)
    able = [each.pk for each in channels.filter(paused_at=None) if publisher_of(each)]
    return waiting.filter(channel__in=able)


def settle_lapsed(*, at: datetime) -> None:
    """A PUBLISHING whose worker is gone: again where that is safe, else UNKNOWN, for a person."""
    lapsed = Publication.objects.filter(
        state=S.PUBLISHING, claimed_at__lt=at - LEASE
    ).select_related("channel")
    for row in lapsed:
        adapter = adapter_of(row.channel)
        again = adapter is not None and adapter.idempotent
        state = S.APPROVED if again else S.UNKNOWN
        with transaction.atomic():
            changed = _mine(row, row.attempt).update(
                state=state,
                due_at=at,
                cause="the worker died while publishing: it may be out",
                attempt=F("attempt") + 1,
            )
            if changed:
                record("publication_lapsed", row, by=AUTOMATION, state=state)
                logger.warning("publication %s: publishing lapsed, now %s", row.pk, state)


def settle_missed(*, at: datetime) -> None:
    """Hours too late nobody wants it any more without being asked: FAILED, for a person."""
    missed = Publication.objects.filter(state=S.APPROVED, due_at__lte=at - LATE)
    for row in missed.select_related("channel"):
        if publisher_of(row.channel) is None:
            continue  # by hand: whoever does it decides
        with transaction.atomic():
            changed = Publication.objects.filter(
                pk=row.pk, state=S.APPROVED, due_at=row.due_at
            ).update(state=S.FAILED, cause="its time passed while nothing could publish it")
            if changed:
                record("publication_missed", row, by=AUTOMATION)


def seen_outside(publication_ids: set[uuid.UUID], *, at: datetime) -> None:
    """The network showed it to us: what was unknown is out."""
    for row in Publication.objects.filter(pk__in=publication_ids, state=S.UNKNOWN):
        changed = Publication.objects.filter(pk=row.pk, state=S.UNKNOWN).update(
            state=S.PUBLISHED, published_at=at, cause="", external_id=row.external_id or str(row.pk)
        )
        if changed:
            record("publication_seen", row, by=AUTOMATION)
