"""What one person carries in the game, and what the router is told of them."""

from __future__ import annotations

import uuid
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ambassadors.routing.scoring import Candidate, Period
from bench.routing.month import BEGIN, ESTIMATE, Person


@dataclass(slots=True, eq=False)
class Carried:
    """asked: offers that wait for a look. over: by how many the cap was ever exceeded."""

    person: Person
    looks: list[datetime]
    asked: int = 0
    open_now: int = 0
    over: int = 0
    taken: list[datetime] = field(default_factory=list)
    offered_at: datetime | None = None
    free_at: datetime = BEGIN

    def offer(self, at: datetime) -> None:
        self.asked += 1
        self.open_now += 1
        self.offered_at = at
        self.over = max(self.over, self.open_now - self.person.most_open)

    def refuse(self) -> None:
        self.asked -= 1
        self.open_now -= 1

    def take(self, at: datetime, work: timedelta) -> datetime:
        """When it will be answered: one thing after the other."""
        self.asked -= 1
        self.taken.append(at)
        self.free_at = max(at, self.free_at) + work
        return self.free_at

    def answered(self) -> None:
        self.open_now -= 1


def week_of(person: Person, at: datetime) -> datetime:
    """The person's own Monday midnight before `at`."""
    zone = ZoneInfo(person.zone)
    local = at.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    return datetime.combine(monday, time(), zone).astimezone(UTC)


def most_weekly(person: Person) -> int:
    return person.minutes_weekly // ESTIMATE


def candidate(one: Carried, at: datetime) -> Candidate:
    person = one.person
    this_week = len(one.taken) - bisect_left(one.taken, week_of(person, at))
    return Candidate(
        employee_id=uuid.UUID(int=person.number),
        levels=person.levels,
        languages=person.languages,
        timezone=person.zone,
        hours=_periods(person),
        open_now=one.open_now,
        most_open=person.most_open,
        accepted_this_week=this_week + one.asked,
        most_weekly=most_weekly(person),
        absent=any(since <= at < until for since, until in person.absences),
        last_offer_at=one.offered_at,
    )


def _periods(person: Person) -> tuple[Period, ...]:
    return tuple(
        Period(day, _clock(start), _clock(end))
        for day in person.days
        for start, end in person.shifts
    )


def _clock(hour: float) -> time:
    return time(int(hour), int(hour % 1 * 60))
