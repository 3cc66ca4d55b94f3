"""How a channel is doing: what its last test found, what came in, and what could not be read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone

from conversations.channels.accounts import credentials_of
from conversations.channels.models import (
    Channel,
    ChannelHealth,
    Envelope,
    EnvelopeState,
    Polling,
)

LOOKED_BACK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Health:
    """works: null until a test reached the network. last_in_at: within seven days, else null.
    received, failed: deliveries of the last 24 hours, and those of them that can't be read.
    given: names of the credentials that are set. last_read_at: of a polled account, else null."""

    works: bool | None
    name: str
    cause: str
    remarks: list[str]
    given: list[str]
    checked_at: datetime | None
    expires_at: datetime | None
    last_read_at: datetime | None
    last_in_at: datetime | None
    last_out_at: datetime | None
    received: int
    failed: int


def health_of(channel: Channel) -> Health:
    """Few queries, over the rows of a week, which their ids find."""
    row = ChannelHealth.objects.filter(channel=channel).first() or ChannelHealth(channel=channel)
    read = Polling.objects.filter(channel=channel).values_list("read_at", flat=True).first()
    now = timezone.now()
    day_ago = first_id_of(now - DAY)
    came = Envelope.objects.filter(channel=channel, pk__gte=first_id_of(now - LOOKED_BACK))
    counted = came.aggregate(
        last=Max("received_at"),
        received=Count("pk", filter=Q(pk__gte=day_ago)),
        failed=Count("pk", filter=Q(pk__gte=day_ago, state=EnvelopeState.FAILED)),
    )
    return Health(
        works=row.works,
        name=row.name,
        cause=row.cause,
        remarks=list(row.remarks),
        given=sorted(credentials_of(channel)),
        checked_at=row.checked_at,
        expires_at=row.expires_at,
        last_read_at=read,
        last_in_at=counted["last"],
        last_out_at=row.last_out_at,
        received=counted["received"],
        failed=counted["failed"],
    )


def first_id_of(at: datetime) -> uuid.UUID:
    """The smallest id that a row of this moment may have: they rise with time."""
    milliseconds = int(at.timestamp() * 1_000)
    return uuid.UUID(int=milliseconds << 80)
