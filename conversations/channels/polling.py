"""Accounts that nobody posts for are read when they are due: claim and commit, read, write.

The row is the job. A claim is one conditional UPDATE, so that two workers never read one account
at once; what was read, how far, and the sign of life are one transaction, which only the newest
claim may write: a worker that died, or wakes after its lease, leaves nothing half done, and what
is read again ends as the delivery that it was.
"""

from __future__ import annotations

import logging
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from conversations.channels.accounts import account_of, polled_by
from conversations.channels.models import Channel, ChannelHealth, Polling
from conversations.channels.services import note_heartbeat, receive
from conversations.channels.wire.provider import NotRead, Polled, Reading

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than the hard limit of the task that reads
SCAN_SECONDS = 5.0  # no further reading begins after so long
LONGEST_PAUSE = timedelta(hours=1)
_NO_HEADERS: dict[str, str] = {}

_CLAIM = """
UPDATE conversations_polling SET claimed_at = %(now)s, attempt = attempt + 1
WHERE channel_id = (
    SELECT p.channel_id FROM conversations_polling p
    JOIN conversations_channel ch ON ch.id = p.channel_id
    WHERE p.due_at <= %(now)s AND (p.claimed_at IS NULL OR p.claimed_at <= %(lapsed)s)
      AND ch.token IS NOT NULL AND ch.closed_at IS NULL
    ORDER BY p.due_at LIMIT 1 FOR UPDATE OF p SKIP LOCKED
) AND (SELECT count(*) FROM conversations_polling WHERE claimed_at > %(lapsed)s) < %(most)s
RETURNING channel_id, attempt
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    channel: uuid.UUID
    attempt: int


def read_due(*, seconds: float = SCAN_SECONDS) -> int:
    """Reads what is due, the longest due first, until the time is up. Returns how many."""
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        claimed = claim(at=timezone.now())
        if claimed is None:
            break
        read(claimed)
        done += 1
    return done


def claim(*, at: datetime) -> Claimed | None:
    """One account that is due, now ours and nobody else's, committed. None when there is none, or
    as many are in hand as may be: a slow network holds a worker, and others have work for it."""
    said: dict[str, Any] = {"now": at, "lapsed": at - LEASE, "most": settings.POLLING_AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, said)
        found = cursor.fetchone()
    return Claimed(*found) if found else None


def read(claimed: Claimed) -> None:
    """A paused channel is read on: what comes in waits unopened."""
    row = Polling.objects.select_related("channel").get(pk=claimed.channel)
    adapter = polled_by(row.channel)
    if adapter is None:
        _failed(row, claimed, NotRead("nothing here reads this kind of account"), LONGEST_PAUSE)
        return
    try:
        reading = adapter.read(account_of(row.channel), row.cursor)
        _settled(row, claimed, adapter, reading)
    except NotRead as failure:
        _failed(row, claimed, failure, adapter.every)
    except DatabaseError:
        raise  # nothing was kept, and the account says nothing about it: the lease runs out
    except Exception as error:  # an adapter's bug, or its time is up: seen, and tried again
        logger.exception("channel %s: the reading failed", row.channel_id)
        cause = f"the reading failed: {type(error).__name__}"
        _failed(row, claimed, NotRead(cause), adapter.every)


def _settled(row: Polling, claimed: Claimed, adapter: Polled, reading: Reading) -> None:
    """What was read and how far, together or not at all."""
    now = timezone.now()
    with transaction.atomic():
        if _mine(claimed) is None:
            logger.warning("channel %s: read, but no longer ours to say so", row.channel_id)
            return
        stored = [
            receive(row.channel, body=one.body, headers=_NO_HEADERS, key=one.key)
            for one in reading.found
        ]
        Polling.objects.filter(pk=row.pk).update(
            cursor=dict(reading.cursor),
            due_at=now if reading.more else now + adapter.every,
            claimed_at=None,
            failures=0,
            cause=reading.remark[:500],
            read_at=now,
        )
        note_heartbeat(row.channel, at=now)
        _works(row.channel, remark=reading.remark)
    if any(stored):
        logger.info("channel %s: %s of it was new", row.channel_id, sum(stored))


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


def _failed(row: Polling, claimed: Claimed, failure: NotRead, every: timedelta) -> None:
    """Longer from failure to failure, and never sooner than the network asked for."""
    now = timezone.now()
    with transaction.atomic():
        held = _mine(claimed)
        if held is None:
            return
        held.failures += 1
        held.claimed_at = None
        held.cause = str(failure)[:500]
        held.due_at = now + _pause(held.failures, failure, every)
        held.save(update_fields=["failures", "claimed_at", "cause", "due_at"])
        found: dict[str, Any] = {"cause": held.cause}
        if failure.access:
            found |= {"works": False, "checked_at": now}
        ChannelHealth.objects.filter(channel=row.channel).update(**found)
    logger.warning("channel %s not read: %s", row.channel_id, failure)


def _pause(failures: int, failure: NotRead, every: timedelta) -> timedelta:
    """With up to a tenth of chance: what failed together is not tried again at one moment."""
    grown = min(every * (1 << min(failures, 12)), LONGEST_PAUSE)
    asked = timedelta(seconds=failure.retry_after or 0)
    return max(grown, asked) * (1 + secrets.randbelow(1_000) / 10_000)
