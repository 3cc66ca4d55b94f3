"""Lines of a history, and the clock of those who write them."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

Facts = dict[str, Any]  # fields of a line

FIRST_DAY = date(2023, 1, 2)  # a Monday
WEEK, DAY, HOUR, MINUTE = (
    timedelta(weeks=1),
    timedelta(days=1),
    timedelta(hours=1),
    timedelta(minutes=1),
)
OPENS, CLOSES, LATE = 9, 18, 21  # hours: the office, and a duty that stays longer
MANY = 30.0  # from this mean on a Poisson number is drawn as a normal one
OFFICE_DAYS, SIX_DAYS = 5, 6
CUSTOMERS_DAYS = (1.15, 1.1, 1.05, 1.0, 1.0, 0.6, 0.55)
BUSINESS_DAYS = (1.0, 1.0, 1.0, 1.0, 0.8, 0.06, 0.06)


class Book:
    """Collects the lines of one company; all chance comes from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - reproducible, no secret
        self.lines: list[dict[str, Any]] = []

    def add(self, type_: str, at: datetime, *, own: bool = False, **fields: Any) -> str:
        """Writes a line and answers its id."""
        line = {"type": type_, "id": f"{type_[:3]}{len(self.lines):06}", "at": said(at)}
        line |= {name: said(value) for name, value in fields.items() if value is not None}
        if own:
            line["own"] = True
        if type_ == "heartbeat":
            del line["id"]
        self.lines.append(line)
        return str(line.get("id", ""))

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def number(self, mean: float) -> int:
        """How often something happens that happens so often on average."""
        if mean > MANY:
            return max(0, round(self.chance.gauss(mean, math.sqrt(mean))))
        count, left = 0, self.chance.random()
        limit = math.exp(-mean)
        while left > limit:
            count, left = count + 1, left * self.chance.random()
        return count

    def about(self, half: float, spread: float = 1.0) -> float:
        """Half of the values lie below `half`; some are much longer."""
        return half * math.exp(self.chance.gauss(0, spread))


class Clock:
    """The hours of a unit. days: of the week on which somebody is there; with seven, later too."""

    def __init__(self, book: Book, zone: str) -> None:
        self.book, self.zone = book, ZoneInfo(zone)

    def at(self, week: int, day: float, hour: float) -> datetime:
        on = FIRST_DAY + timedelta(weeks=week, days=int(day))
        return datetime.combine(on, time(), self.zone) + timedelta(seconds=int(hour * 3600))

    def someone_writes(self, week: int, profile: str) -> datetime:
        """When a customer does: in the evening too, on Sundays less."""
        chance = self.book.chance
        days = CUSTOMERS_DAYS if profile == "b2c" else BUSINESS_DAYS
        (day,) = chance.choices(range(7), days)
        last = 22.5 if profile == "b2c" else 18.5
        return self.at(week, day, chance.uniform(7.5, last))

    def in_office(self, week: int) -> datetime:
        chance = self.book.chance
        return self.at(week, chance.randrange(OFFICE_DAYS), chance.uniform(OPENS, CLOSES))

    def at_work(self, at: datetime, *, days: int = OFFICE_DAYS) -> datetime:
        """That moment, or the next one at which somebody is there."""
        closes = LATE if days > SIX_DAYS else CLOSES
        day = at.date()
        if OPENS <= at.hour < closes and at.weekday() < days:
            return at
        day += DAY if at.hour >= closes else timedelta()
        while day.weekday() >= days:
            day += DAY
        hours = OPENS + self.book.chance.random() * 1.5
        return datetime.combine(day, time(), self.zone) + timedelta(seconds=int(hours * 3600))

    def later(self, at: datetime, hours: float, *, days: int = OFFICE_DAYS) -> datetime:
        return self.at_work(at + timedelta(seconds=int(hours * 3600)), days=days)


def said(value: Any) -> Any:
    return value.replace(microsecond=0).isoformat() if isinstance(value, datetime) else value
