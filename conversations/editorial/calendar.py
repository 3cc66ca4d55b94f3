"""Months and weeks of the plan in the company's own time: plain arithmetic over rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from conversations.editorial.models import Publication

WEEK = 7


@dataclass(frozen=True, slots=True)
class Day:
    """outside: of a month beside the one that is shown."""

    date: date
    is_today: bool
    outside: bool
    rows: list[Publication] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days, the last one not included."""

    first: date
    end: date
    zone: ZoneInfo

    @property
    def instants(self) -> tuple[datetime, datetime]:
        return at_local(self.first, time(), self.zone), at_local(self.end, time(), self.zone)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]


def month_of(day: date, zone: ZoneInfo) -> Span:
    """The weeks, Monday first, that the month of `day` touches."""
    first = day.replace(day=1)
    begins = first - timedelta(days=first.weekday())
    last = next_month(first) - timedelta(days=1)
    return Span(begins, last + timedelta(days=WEEK - last.weekday()), zone)


def week_of(day: date, zone: ZoneInfo) -> Span:
    monday = day - timedelta(days=day.weekday())
    return Span(monday, monday + timedelta(days=WEEK), zone)


def next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def laid_out(
    span: Span, rows: Iterable[Publication], *, today: date, month: int | None = None
) -> list[list[Day]]:
    """Weeks of days. month: the others are shown as outside."""
    by_day: dict[date, list[Publication]] = defaultdict(list)
    for row in rows:
        by_day[row.publish_at.astimezone(span.zone).date()].append(row)
    days = [
        Day(each, each == today, month is not None and each.month != month, by_day[each])
        for each in span.days
    ]
    return [days[n : n + WEEK] for n in range(0, len(days), WEEK)]


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """That wall time as an instant. One that the clocks jump over is read with the offset before
    the change, one that comes twice is the first."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def moved_to(publication: Publication, day: date, zone: ZoneInfo) -> datetime:
    """The same wall time on another day, whatever the clocks did in between."""
    return at_local(day, publication.publish_at.astimezone(zone).time(), zone)


def common_zone(names: Sequence[str], otherwise: str) -> ZoneInfo:
    """The zone of all units, where they share one."""
    known = set(names)
    return ZoneInfo(known.pop() if len(known) == 1 else otherwise)
