"""Asking networks how what we published is doing: often while it is new, then seldom, for as long
as a comparison counts."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from conversations.channels.accounts import account_of, counting_kinds, counting_of
from conversations.channels.models import Channel
from conversations.channels.wire.provider import NotRead
from conversations.editorial.learning import COMPARED_WITHIN, note_counts
from conversations.editorial.models import Publication, PublicationState

logger = logging.getLogger(__name__)

NEW = timedelta(days=2)
WHILE_NEW, AFTERWARDS = timedelta(hours=1), timedelta(hours=12)
MOST = 500  # publications that one scan looks at
SCAN_SECONDS = 15.0  # no further network is asked after so long


def measure_due(*, at: datetime | None = None, seconds: float = SCAN_SECONDS) -> int:
    """Asks for what is due. How many publications were counted."""
    at, end, done = at or timezone.now(), time.monotonic() + seconds, 0
    for channel, rows in _due(at):
        if time.monotonic() > end:
            break
        done += _measure(channel, rows, at=at)
    return done


def _due(at: datetime) -> list[tuple[Channel, list[Publication]]]:
    """What no network was asked for yet comes first."""
    rows = _waiting(at).exclude(external_id="").filter(channel__kind__in=counting_kinds())
    found: dict[Channel, list[Publication]] = defaultdict(list)
    first = F("counted_at").asc(nulls_first=True)
    for row in rows.select_related("channel").order_by(first, "pk")[:MOST]:
        if counting_of(row.channel) is not None:
            found[row.channel].append(row)
    return list(found.items())


def _waiting(at: datetime) -> QuerySet[Publication]:
    due = (
        Q(counted_at=None)
        | Q(published_at__gt=at - NEW, counted_at__lte=at - WHILE_NEW)
        | Q(counted_at__lte=at - AFTERWARDS)
    )
    return Publication.objects.filter(
        due, state=PublicationState.PUBLISHED, published_at__gt=at - COMPARED_WITHIN
    )


def _measure(channel: Channel, rows: Sequence[Publication], *, at: datetime) -> int:
    counting, done = counting_of(channel), 0
    if counting is None:
        return 0
    for begin in range(0, len(rows), counting.most_counted):
        part = _claimed(rows[begin : begin + counting.most_counted], at=at)
        try:
            found = counting.counts(account_of(channel), list(part)) if part else []
        except NotRead as failure:  # asked again when it is due again
            logger.warning("channel %s: nothing was counted: %s", channel.pk, failure)
            break
        known = [each for each in found if each.external_id in part]
        note_counts([(part[each.external_id], each, at) for each in known])
        done += len({each.external_id for each in known})
    return done


def _claimed(rows: Sequence[Publication], *, at: datetime) -> dict[str, UUID]:
    """External id -> publication, of those that nobody else asks for at this moment."""
    with transaction.atomic():
        ids = [row.pk for row in rows]
        held = _waiting(at).filter(pk__in=ids).select_for_update(of=("self",), skip_locked=True)
        ours = {row.external_id: row.pk for row in held}
        Publication.objects.filter(pk__in=ours.values()).update(counted_at=at)
    return ours
