"""What people do: when they look, whether they take it, how long they need.

Nobody sits and waits: each looks at what there is a few times an hour, in their own hours.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.routing.month import BEGIN, DAYS, SEED, Person, Question

# By level: whether they take it, and how much longer than an expert they need. 0: not their topic.
TAKES = {3: 0.85, 2: 0.80, 1: 0.65, 0: 0.35}
SLOWER = {3: 1.0, 2: 1.25, 1: 1.75, 0: 3.0}
UNTITLED = 2  # the level at which a question without a topic is met
OVERLOOKED = 0.08  # offers that are never looked at
WORK = 12  # minutes, the median of an expert
AFTER = 14  # days that are played after the last question came


def level(person: Person, question: Question) -> int:
    return person.levels.get(question.topic, 0) if question.topic else UNTITLED


def takes(person: Person, question: Question) -> bool:
    return _dice(person, question, "takes").random() < TAKES[level(person, question)]


def overlooks(person: Person, question: Question) -> bool:
    return _dice(person, question, "overlooks").random() < OVERLOOKED


def work(person: Person, question: Question) -> timedelta:
    minutes = WORK * _dice(person, question, "work").lognormvariate(0, 0.6)
    return timedelta(minutes=minutes * SLOWER[level(person, question)])


def _dice(person: Person, question: Question, what: str) -> Random:
    return Random(f"{SEED} {what} {person.number} {question.number}")


def looks(person: Person) -> list[datetime]:
    """Every moment of the month at which the person looks, in order."""
    random = Random(f"{SEED} looks {person.number}")
    found = []
    for start, end in _spans(person):
        at = start + timedelta(minutes=random.expovariate(1 / person.pace))
        while at < end:
            if not any(since <= at < until for since, until in person.absences):
                found.append(at)
            at += timedelta(minutes=random.expovariate(1 / person.pace))
    return found


def next_look(moments: list[datetime], at: datetime) -> datetime | None:
    place = bisect_right(moments, at)
    return moments[place] if place < len(moments) else None


def _spans(person: Person) -> list[tuple[datetime, datetime]]:
    zone = ZoneInfo(person.zone)
    days = [BEGIN.date() + timedelta(days=day) for day in range(DAYS + AFTER)]
    return [
        (_local(day, start, zone), _local(day, end, zone))
        for day in days
        if day.weekday() in person.days
        for start, end in person.shifts
    ]


def _local(day: date, hour: float, zone: ZoneInfo) -> datetime:
    clock = time(int(hour), int(hour % 1 * 60))
    return datetime.combine(day, clock, zone).astimezone(UTC)


def office(at: datetime) -> datetime:
    """The next moment at which staff works: Monday to Friday, nine to six in Paris."""
    local = at.astimezone(ZoneInfo("Europe/Paris"))
    if local.weekday() < 5 and 9 <= local.hour < 18:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= 9 else 0)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return _local(day, 9, ZoneInfo("Europe/Paris"))
