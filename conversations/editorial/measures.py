"""Publications, what was expected of them, and what was learnt."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db.models import Q, Sum
from django.db.models.functions import Least

from conversations.editorial.models import Decision, Publication, Reaction
from crm.journal.measures import Beginning, Moments, recorded_since
from crm.journal.measures import beginnings as beginnings_of
from crm.values import Via

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.organisation.models import User


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


TITLE = 80  # characters of a text that stand for it


def visible_titles(user: User | AnonymousUser, ids: Collection[UUID]) -> dict[UUID, str]:
    """Of these publications, how those begin that `user` may open."""
    rows = Publication.objects.visible_to(user).filter(pk__in=ids)
    return {pk: text[:TITLE] or str(pk) for pk, text in rows.values_list("pk", "text")}


def published(start: datetime, end: datetime) -> int:
    """How many publications appeared: shown, and no criterion looks at it."""
    return Publication.objects.filter(published_at__gte=start, published_at__lt=end).count()


def reactions(start: datetime, end: datetime) -> list[tuple[str, float]]:
    """Sums by metric, the largest first: shown, and no criterion looks at them."""
    rows = Reaction.objects.filter(occurred_at__gte=start, occurred_at__lt=end, compared_by=None)
    sums = rows.values_list("metric").annotate(sum=Sum("value")).order_by("-sum", "metric")
    return [(metric, total) for metric, total in sums]


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    appeared = recorded_since(Publication, since, at=Least("occurred_at", "published_at"))
    return [appeared, *(recorded_since(one, since) for one in (Reaction, Decision))]
