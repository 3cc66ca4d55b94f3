"""Channels as they were, and the signs of life of every source."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, F, Value, When

from conversations.channels.models import ChannelVersion, Heartbeat, Source
from conversations.channels.wire.drill import KIND as DRILL
from crm.journal.measures import Moments, recorded_since


class ChannelRow(NamedTuple):
    channel: UUID
    at: datetime
    recorded_at: datetime
    kind: str
    unit: UUID
    owned: bool


class SourceRow(NamedTuple):
    """A source without a unit serves every unit."""

    source: UUID
    at: datetime
    recorded_at: datetime
    unit: UUID | None


class HeartbeatRow(NamedTuple):
    source: UUID
    at: datetime
    recorded_at: datetime


def channels() -> list[ChannelRow]:
    """A drill is said inside the house."""
    rows = ChannelVersion.objects.order_by("occurred_at", "pk").annotate(
        where=Case(When(kind=DRILL, then=Value("internal")), default=F("kind"))
    )
    fields = ("channel_id", "occurred_at", "recorded_at", "where", "unit_id", "owned")
    return [ChannelRow(*row) for row in rows.values_list(*fields)]


def sources() -> list[SourceRow]:
    rows = Source.objects.order_by("occurred_at", "pk")
    fields = ("id", "occurred_at", "recorded_at", "unit_id")
    return [SourceRow(*row) for row in rows.values_list(*fields)]


def heartbeats(since: datetime | None = None) -> list[HeartbeatRow]:
    rows = Heartbeat.objects.order_by("occurred_at", "pk")
    if since is not None:
        rows = rows.filter(occurred_at__gte=since)
    fields = ("source_id", "occurred_at", "recorded_at")
    return [HeartbeatRow(*row) for row in rows.values_list(*fields)]


def source_names(ids: Collection[UUID]) -> dict[UUID, str]:
    """What the sources are called, for those who read the health of all of them."""
    return dict(Source.objects.filter(pk__in=ids).values_list("pk", "name"))


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    return [recorded_since(one, since) for one in (ChannelVersion, Source, Heartbeat)]


def undated() -> list[str]:
    """What may be changed of sources without a date: a reading of any day sees it changed."""
    return [f"{pk} {unit}" for pk, unit in Source.objects.order_by("pk").values_list("pk", "unit")]
