"""Publications, what was expected of them, and what was learnt."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from conversations.editorial.models import Decision, Publication, Reaction
from crm.journal.measures import Beginning
from crm.journal.measures import beginnings as beginnings_of
from crm.values import Via


class PublicationRow(NamedTuple):
    """at: the record's own time, beside what it says of the plan."""

    id: UUID
    at: datetime
    recorded_at: datetime
    channel: UUID
    author: UUID
    own: bool
    planned_at: datetime
    has_audience: bool
    metric: str
    value: float | None
    approved_by: UUID | None
    approved_at: datetime | None
    published_at: datetime | None


class ComparisonRow(NamedTuple):
    """A reaction that a person compared with the expectation."""

    publication: UUID
    at: datetime
    recorded_at: datetime
    compared_by: UUID


class DecisionRow(NamedTuple):
    publication: UUID
    at: datetime
    recorded_at: datetime
    by: UUID


def publications() -> list[PublicationRow]:
    rows = Publication.objects.annotate(own=Q(via=Via.OWN), has_audience=~Q(audience=""))
    fields = ("id", "occurred_at", "recorded_at", "channel_id", "author_id", "own", "planned_at")
    plan = ("has_audience", "expected_metric", "expected_value")
    done = ("approved_by_id", "approved_at", "published_at")
    found = rows.order_by("occurred_at", "pk").values_list(*fields, *plan, *done)
    return [PublicationRow(*row) for row in found]


def comparisons() -> list[ComparisonRow]:
    rows = Reaction.objects.filter(compared_by__isnull=False).order_by("occurred_at", "pk")
    fields = ("publication_id", "occurred_at", "recorded_at", "compared_by_id")
    return [ComparisonRow(*row) for row in rows.values_list(*fields)]


def decisions() -> list[DecisionRow]:
    rows = Decision.objects.order_by("occurred_at", "pk")
    fields = ("publication_id", "occurred_at", "recorded_at", "by_id")
    return [DecisionRow(*row) for row in rows.values_list(*fields)]


def beginnings() -> list[Beginning]:
    """Of reactions, those included that nobody compared."""
    return beginnings_of(Reaction)
