"""The claim on an account that is read or held open: one conditional UPDATE, and one row a channel.

What came, how far, and the sign of life are one transaction, which only the newest claim may
write: who died, or wakes after the lease, leaves nothing half done, and what comes again ends as
the delivery that it was.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from conversations.channels.models import Channel, ChannelHealth, Polling
from conversations.channels.services import note_heartbeat, receive
from conversations.channels.wire.provider import Found, NotRead

logger = logging.getLogger(__name__)

_NO_HEADERS: dict[str, str] = {}

_CLAIM = """
UPDATE conversations_polling SET claimed_at = %(now)s, attempt = attempt + 1
WHERE channel_id = (
    SELECT p.channel_id FROM conversations_polling p
    JOIN conversations_channel ch ON ch.id = p.channel_id
    WHERE p.due_at <= %(now)s AND (p.claimed_at IS NULL OR p.claimed_at <= %(lapsed)s)
      AND ch.kind = ANY(%(kinds)s) AND ch.token IS NOT NULL AND ch.closed_at IS NULL
    ORDER BY p.due_at LIMIT 1 FOR UPDATE OF p SKIP LOCKED
) AND (
    SELECT count(*) FROM conversations_polling p
    JOIN conversations_channel ch ON ch.id = p.channel_id
    WHERE p.claimed_at > %(lapsed)s AND ch.kind = ANY(%(kinds)s)
) < %(most)s
RETURNING channel_id, attempt
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    channel: uuid.UUID
    attempt: int


def claim_of(
    kinds: Collection[str], *, most: int, lease: timedelta, at: datetime
) -> Claimed | None:
    """An account that is due, now ours and nobody else's, committed. None when there is none, or
    `most` are in hand already."""
    said: dict[str, Any] = {
        "now": at,
        "lapsed": at - lease,
        "kinds": sorted(kinds),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, said)
        found = cursor.fetchone()
    return Claimed(*found) if found else None


def keep(
    row: Polling,
    claimed: Claimed,
    *,
    found: Sequence[Found],
    remark: str,
    change: Mapping[str, Any],
) -> bool:
    """What came and how far, together or not at all. False when it is no longer ours to say."""
    now = timezone.now()
    with transaction.atomic():
        if _mine(claimed) is None:
            logger.warning("channel %s: read, but no longer ours to say so", row.channel_id)
            return False
        stored = [
            receive(row.channel, body=one.body, headers=_NO_HEADERS, key=one.key) for one in found
        ]
        Polling.objects.filter(pk=row.pk).update(
            failures=0, cause=remark[:500], read_at=now, **change
        )
        note_heartbeat(row.channel, at=now)
        _works(row.channel, remark=remark)
    if any(stored):
        logger.info("channel %s: %s of it was new", row.channel_id, sum(stored))
    return True


def let_go(claimed: Claimed, *, change: Mapping[str, Any]) -> None:
    """Nothing came, nothing failed: another may go on."""
    with transaction.atomic():
        if _mine(claimed) is not None:
            Polling.objects.filter(pk=claimed.channel).update(claimed_at=None, **change)


def _mine(claimed: Claimed) -> Polling | None:
    """None also for an account that was disconnected, or got other credentials, meanwhile."""
    rows = Polling.objects.select_for_update(of=("self",)).filter(
        pk=claimed.channel, attempt=claimed.attempt, channel__closed_at=None
    )
    return rows.first()


def _works(channel: Channel, *, remark: str) -> None:
    """Written only when it says something else than before: accounts are read often."""
    ChannelHealth.objects.filter(~Q(works=True) | ~Q(cause=remark[:500]), channel=channel).update(
        works=True, cause=remark[:500]
    )


def fail(row: Polling, claimed: Claimed, failure: NotRead, *, pause: Pause) -> None:
    """Later from failure to failure, and never sooner than the network asked for; not at all
    where it wants no further try until somebody has changed something."""
    now = timezone.now()
    with transaction.atomic():
        held = _mine(claimed)
        if held is None:
            return
        held.failures += 1
        held.claimed_at = None
        held.cause = str(failure)[:500]
        held.due_at = None if failure.final else now + pause.after(held.failures, failure)
        held.save(update_fields=["failures", "claimed_at", "cause", "due_at"])
        known: dict[str, Any] = {"cause": held.cause}
        if failure.access or failure.final:
            known |= {"works": False, "checked_at": now}
        ChannelHealth.objects.filter(channel=row.channel).update(**known)
    logger.warning("channel %s not read: %s", row.channel_id, failure)


@dataclass(frozen=True, slots=True)
class Pause:
    """first: after a failure; twice as long after each further one, up to longest."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int, failure: NotRead) -> timedelta:
        """With up to a tenth of chance: what failed together is not tried again at one moment."""
        grown = min(self.first * (1 << min(failures, 12)), self.longest)
        asked = timedelta(seconds=failure.retry_after or 0)
        return max(grown, asked) * (1 + secrets.randbelow(1_000) / 10_000)
