"""Business time: arithmetic over instants, without a database.

A calendar is open at an instant when the clock on its wall reads a time within a period of that
day, and the day is no holiday. So an hour that the change to winter time repeats counts twice,
and one that summer time skips does not count. Instants are aware datetimes, results are in UTC.

A sum ends at the earliest instant by which that much time has passed: eight hours of a day of
eight end when it closes, not when the next one opens.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
NOTHING = timedelta()
HORIZON = 3 * 366  # days without a period after which a calendar counts as closed for ever
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - walls have no zone
_LOOK = timedelta(hours=6)  # no zone changes its offset and back within this


class NeverOpen(ValueError):
    """The calendar has no open time ahead."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """week: seven days, Monday first, each of periods (from, to) since midnight, in order.
    holidays: single days; yearly: (month, day)."""

    zone: str
    week: tuple[tuple[tuple[timedelta, timedelta], ...], ...]
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def periods(self, day: date) -> tuple[tuple[timedelta, timedelta], ...]:
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return ()
        return self.week[day.weekday()]

    def day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    def is_open(self, at: datetime) -> bool:
        """What the wall says; the sums below agree with it."""
        wall = at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        since = wall - datetime.combine(wall.date(), time.min)
        return any(start <= since < end for start, end in self.periods(wall.date()))


ALWAYS = Calendar("UTC", (((NOTHING, DAY),),) * 7)


class Span(NamedTuple):
    """Open without a break, on one day of the wall."""

    opens: datetime
    closes: datetime
    day: date


def add(calendar: Calendar, at: datetime, amount: timedelta) -> datetime:
    """The instant `amount` of business time after `at`; of nothing, the next open instant."""
    for opens, closes, _day in _open_from(calendar, at):
        if amount <= closes - opens:
            return opens + amount
        amount -= closes - opens
    raise NeverOpen


def add_days(calendar: Calendar, at: datetime, days: int) -> datetime:
    """The end of the business day that is `days` after that of `at` (or of the next opening)."""
    end: datetime | None = None
    counted, today = -1, None
    for _opens, closes, day in _open_from(calendar, at):
        if day != today:
            counted, today = counted + 1, day
        if counted > days:
            break
        end = closes
    if end is None or counted < days:
        raise NeverOpen
    return end


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The business time from `start` to `end`, nothing when `end` comes first."""
    total = NOTHING
    if end <= start:
        return total
    for opens, closes, _day in _open_from(calendar, start, until=end):
        total += min(closes, end) - opens
    return total


def _number(at: datetime) -> int:
    return (at - _EPOCH) // DAY


def _open_from(
    calendar: Calendar, at: datetime, *, until: datetime | None = None
) -> Iterator[Span]:
    """Open spans that end after `at`, the first cut to begin at it at the earliest."""
    at = at.astimezone(UTC)
    silent = 0
    for number in itertools.count(_number(at)):
        spans = _spans(calendar, number)
        silent = 0 if spans else silent + 1
        if silent > HORIZON or (until is not None and _EPOCH + number * DAY >= until):
            return
        for span in spans:
            if span.closes > at and (until is None or span.opens < until):
                yield Span(max(span.opens, at), span.closes, span.day)


@lru_cache(maxsize=20_000)
def _spans(calendar: Calendar, number: int) -> tuple[Span, ...]:
    """The open spans within one day of UTC, in order."""
    start = _EPOCH + number * DAY
    return tuple(
        span
        for begins, ends in _constant(calendar.zone, start, start + DAY)
        for span in _on_walls(calendar, begins, ends)
    )


def _on_walls(calendar: Calendar, begins: datetime, ends: datetime) -> Iterator[Span]:
    """The open spans of a time in which the zone keeps one offset."""
    offset = _offset(calendar.zone, begins)
    day, last = (begins + offset).date(), (ends + offset).date()
    while day <= last:
        midnight = _EPOCH + (datetime.combine(day, time.min) - _WALL_EPOCH) - offset
        for start, end in calendar.periods(day):
            opens, closes = max(midnight + start, begins), min(midnight + end, ends)
            if opens < closes:
                yield Span(opens, closes, day)
        day += DAY


def _constant(zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time from `start` to `end`, parted where the zone changes its offset."""
    begins = start
    while begins < end:
        look = min(begins + _LOOK, end)
        same = _offset(zone, begins) == _offset(zone, look)
        ends = look if same else _change(zone, begins, look)
        yield begins, ends
        begins = ends


def _change(zone: str, before: datetime, after: datetime) -> datetime:
    """The first second with another offset than `before`."""
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        same = _offset(zone, before + timedelta(seconds=middle)) == _offset(zone, before)
        low, high = (middle, high) if same else (low, middle)
    return before + timedelta(seconds=high)


def _offset(zone: str, at: datetime) -> timedelta:
    return at.astimezone(ZoneInfo(zone)).utcoffset() or NOTHING
