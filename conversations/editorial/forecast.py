"""How good the expectations were: by author, topic and channel, from compared publications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Exists, OuterRef, QuerySet

from conversations.editorial.learning import COMPARED_WITHIN
from conversations.editorial.models import Publication, PublicationState, Reaction

MOST = 2_000  # the newest compared ones
FEW = 5  # below this a number is shown with a word of warning


@dataclass(frozen=True, slots=True)
class Forecast:
    """One person's, topic's or channel's. error: the typical miss as a share of what was expected;
    bias: above 0 more came than was expected."""

    name: str
    compared: int
    error: float
    bias: float

    @property
    def is_few(self) -> bool:
        return self.compared < FEW

    @property
    def error_percent(self) -> int:
        return round(self.error * 100)

    @property
    def bias_percent(self) -> int:
        return round(self.bias * 100)


Miss = tuple[Publication, float]


def tables(rows: QuerySet[Publication]) -> dict[str, list[Forecast]]:
    misses = list(_misses(rows))
    return {
        "author": _by(misses, lambda row: row.author.name),
        "topic": _by(misses, lambda row: row.topic),
        "channel": _by(misses, lambda row: row.channel.name),
    }


def _misses(rows: QuerySet[Publication]) -> Iterable[Miss]:
    """(publication, what came less what was expected, as a share of what was expected)."""
    compared = Reaction.objects.filter(compared_by__isnull=False, publication__in=rows.order_by())
    first = compared.select_related("publication__author", "publication__channel")
    seen = set()
    for reaction in first.order_by("-occurred_at", "-pk")[:MOST]:
        row = reaction.publication
        expected = row.expected_value
        if row.pk in seen or not expected or reaction.metric != row.expected_metric:
            continue  # what was expected to be nothing has no share
        seen.add(row.pk)
        yield row, (reaction.value - expected) / abs(expected)


def _by(misses: list[Miss], name: Callable[[Publication], str]) -> list[Forecast]:
    groups: dict[str, list[float]] = defaultdict(list)
    for row, miss in misses:
        groups[name(row)].append(miss)
    found = [
        Forecast(group, len(each), median(map(abs, each)), median(each))
        for group, each in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.compared, one.name))


def to_compare(rows: QuerySet[Publication], *, at: datetime) -> QuerySet[Publication]:
    """Out, with an expectation, inside the days in which a comparison counts, not compared yet."""
    done = Reaction.objects.filter(publication=OuterRef("pk"), compared_by__isnull=False)
    waiting = rows.filter(
        ~Exists(done),
        state=PublicationState.PUBLISHED,
        expected_value__isnull=False,
        published_at__gte=at - COMPARED_WITHIN,
    )
    return waiting.order_by("published_at", "pk")[:100]
