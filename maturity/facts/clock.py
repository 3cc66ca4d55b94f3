"""A unit's clock: its midnights, ISO weeks and working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SATURDAY = 5
REMEMBERED = 50_000
A_DAY = timedelta(days=1)
DAY = A_DAY.total_seconds()
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Clock:
    """Wall time of one zone. A time that occurs twice is the first; one that does not exist is
    read with the offset before the change (which is what fold=0 means).
    """

    zone: str
    holidays: frozenset[date] = frozenset()

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def instant(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=ZoneInfo(self.zone), fold=0).astimezone(UTC)

    def midnight(self, day: date) -> datetime:
        """The start of `day`."""
        return self.instant(datetime.combine(day, time.min))

    def week(self, at: datetime) -> int:
        """The ISO week, e.g. 202607."""
        return _week(self.ordinal(at))

    def day(self, at: datetime) -> date:
        return self.local(at).date()

    def ordinal(self, at: datetime) -> int:
        """The day of that moment, as `date.toordinal` counts; quick, since each message asks."""
        seconds = at.timestamp()
        ahead = _ahead(self.zone, int(seconds // DAY))
        if ahead is None:
            return self.day(at).toordinal()
        return EPOCH + int((seconds + ahead) // DAY)

    def is_working(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.holidays

    def next_working(self, day: date) -> date:
        day += timedelta(days=1)
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def add_working_days(self, at: datetime, days: int) -> datetime:
        """The same wall time `days` working days later; from a day off it starts at the next
        working day's 00:00.
        """
        return working_days_later(self, at, days)


@lru_cache(maxsize=REMEMBERED)
def _ahead(zone: str, day: int) -> float | None:
    """Seconds that the zone is ahead of UTC on that day of UTC, since 1970; None: they change."""
    begin = datetime.fromtimestamp(day * DAY, UTC)
    first, last = (at.astimezone(ZoneInfo(zone)).utcoffset() for at in (begin, begin + A_DAY))
    return first.total_seconds() if first is not None and first == last else None


@lru_cache(maxsize=REMEMBERED)
def _week(ordinal: int) -> int:
    year, week, _ = date.fromordinal(ordinal).isocalendar()
    return year * 100 + week


@lru_cache(maxsize=REMEMBERED)
def working_days_later(clock: Clock, at: datetime, days: int) -> datetime:
    """Remembered, since each Monday of a walk asks for the deadlines of one quarter anew."""
    wall = clock.local(at).replace(tzinfo=None)
    if not clock.is_working(wall.date()):
        wall = datetime.combine(clock.next_working(wall.date()), time.min)
    for _ in range(days):
        wall = datetime.combine(clock.next_working(wall.date()), wall.time())
    return clock.instant(wall)


def months_before(day: date, months: int) -> date:
    """The same day number that many months earlier, or that month's last day."""
    count = day.year * 12 + day.month - 1 - months
    first = date(count // 12, count % 12 + 1, 1)
    following = date((count + 1) // 12, (count + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)


def next_monday(day: date) -> date:
    """`day` itself when it is a Monday."""
    return day + timedelta(days=-day.weekday() % 7)
