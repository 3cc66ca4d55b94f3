"""Places are read when they are due: claim and commit, read outside any transaction, write.

The row is the job. A worker that dies leaves a claim that lapses; one that wakes after its lease
can't write the place's row, and what it wrote of mentions is what the other would have written.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from conversations.channels.services import note_heard
from conversations.channels.wire.reading.fetching import Bounds
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard
from conversations.channels.wire.reading.registry import READERS
from conversations.listening import hearing
from conversations.listening.models import Health, Place
from crm.journal.services import record
from crm.values import AUTOMATION

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than the hard limit of the task that reads
SCAN_SECONDS = 5.0  # no further reading begins after so long
LONGEST_PAUSE = timedelta(hours=24)

_CLAIM = """
UPDATE conversations_place SET claimed_at = %(now)s, attempt = attempt + 1
WHERE source_id = (
    SELECT source_id FROM conversations_place
    WHERE due_at <= %(now)s AND paused_at IS NULL AND kind = ANY(%(kinds)s)
      AND (claimed_at IS NULL OR claimed_at <= %(lapsed)s)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) AND (
    SELECT count(*) FROM conversations_place
    WHERE claimed_at > %(lapsed)s AND kind = ANY(%(kinds)s)
) < %(most)s
RETURNING source_id, attempt
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    place: uuid.UUID
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
    """One place that is due, now ours and nobody else's, committed. None when there is none, or
    as many are in hand as may be: a slow place holds a worker, and others have work for it."""
    return claim_of(list(READERS), most=settings.LISTENING_AT_ONCE, at=at)


def claim_of(kinds: Sequence[str], *, most: int, at: datetime) -> Claimed | None:
    said: dict[str, Any] = {"now": at, "lapsed": at - LEASE, "most": most, "kinds": list(kinds)}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, said)
        found = cursor.fetchone()
    return Claimed(*found) if found else None


def read(claimed: Claimed) -> None:
    place = Place.objects.select_related("source__unit").get(pk=claimed.place)
    asked = asked_of(place)
    began = time.monotonic()
    try:
        heard = READERS[place.kind].read(asked)
        taken = _take(place, heard)
    except NotHeard as failure:
        note_failure(place, claimed, asked, failure, pause=_pause)
    except Exception as error:  # a reader's bug, or its time is up: seen, and tried again
        logger.exception("place %s: the reader failed", place.pk)
        failed = NotHeard(f"the reader failed: {error!r}"[:300])
        note_failure(place, claimed, asked, failed, pause=_pause)
    else:
        _settled(place, claimed, asked, heard, taken)
    logger.info("place %s read in %.1f s", place.pk, time.monotonic() - began)


def asked_of(place: Place) -> Asked:
    searches = place.kind in READERS and READERS[place.kind].searches
    bounds = Bounds(
        bytes=settings.LISTENING_BYTES,
        seconds=settings.LISTENING_SECONDS,
        loopback=settings.LISTENING_LOOPBACK,
    )
    return Asked(
        url=place.url,
        bounds=bounds,
        secret=place.secret,
        etag=place.etag,
        last_modified=place.last_modified,
        cursor=place.cursor,
        terms=hearing.terms_for(place.source) if searches else (),
    )


def _take(place: Place, heard: Heard) -> hearing.Taken:
    if not heard.items:
        return hearing.Taken()
    return hearing.take(
        heard.items,
        source=place.source,
        matcher=hearing.watches_of(place.source),
        takes_all=place.takes_all,
        at=timezone.now(),
    )


def _settled(
    place: Place, claimed: Claimed, asked: Asked, heard: Heard, taken: hearing.Taken
) -> None:
    """What is left over is read at once again, and nothing is remembered that would hide it."""
    now = timezone.now()
    failures = place.failures + 1 if heard.remark else 0
    change: dict[str, Any] = {
        "health": Health.TROUBLED if heard.remark else Health.WELL,
        "cause": heard.remark[:500],
        "failures": failures,
        "read_at": now,
        "due_at": now + _pause(place, failures) if taken.complete else now,
        "last_items": taken.items,
        "last_new": taken.new,
    }
    if taken.complete:
        change |= {
            "etag": heard.etag,
            "last_modified": heard.last_modified,
            "cursor": dict(heard.cursor),
        }
    if taken.new:
        change["heard_at"] = now
    with transaction.atomic():
        if not write(place, claimed, asked, change):
            return
        if not heard.remark:
            note_heard(place.source, at=now)
        if heard.moved_to:
            _move(place, heard.moved_to)


def _move(place: Place, to: str) -> None:
    Place.objects.filter(pk=place.pk, url=place.url).update(url=to[:2000])
    record("place_moved", place, by=AUTOMATION)


def note_failure(
    place: Place,
    claimed: Claimed,
    asked: Asked,
    failure: NotHeard,
    *,
    pause: Callable[[Place, int], timedelta],
) -> None:
    """pause: how long after so many failures in a row."""
    now = timezone.now()
    failures = place.failures + 1
    wait = max(pause(place, failures), timedelta(seconds=failure.retry_after or 0))
    change = {
        "health": Health.GONE if failure.gone else Health.TROUBLED,
        "cause": str(failure)[:500],
        "failures": failures,
        "due_at": None if failure.gone else now + min(wait, LONGEST_PAUSE),
        "last_items": 0,
        "last_new": 0,
    }
    with transaction.atomic():
        if write(place, claimed, asked, change) and failure.gone:
            record("place_gone", place, by=AUTOMATION)
    logger.warning("place %s not read: %s", place.pk, failure)


def _pause(place: Place, failures: int) -> timedelta:
    """Twice as long after each failure, up to a day."""
    doubled: int = 2 ** min(failures, 10)
    return min(timedelta(minutes=place.every) * doubled, LONGEST_PAUSE)


def write(place: Place, claimed: Claimed, asked: Asked, change: dict[str, Any]) -> bool:
    """False when the place is no longer ours to say so: nothing is written."""
    traffic = asked.traffic
    changed = Place.objects.filter(pk=place.pk, attempt=claimed.attempt).update(
        **({"claimed_at": None} | change),
        last_bytes=traffic.bytes,
        last_seconds=round(traffic.seconds, 3),
        last_redirects=traffic.redirects,
    )
    if not changed:
        logger.warning("place %s: read, but no longer ours to say so", place.pk)
    return bool(changed)
