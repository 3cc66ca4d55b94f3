"""The month: 200 ambassadors of 12 departments, 20,000 questions, absences, refusals, bursts.

Everything follows from SEED. People and questions are drawn without a look at any router; what a
person does with a question (`world`) hangs on the two of them alone, so that every way to choose
meets the same people on the same days. Supply is about 1.2 of the demand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

Chosen = TypeVar("Chosen")

SEED = 20_261_124
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; clocks change in it, on two dates
DAYS = 30
PEOPLE = 200
QUESTIONS = 20_000
DEPARTMENTS = 12  # department n knows topic n best
BURSTS = 6  # incidents: many questions about one topic in two hours
BURST_SIZE = 250
ESTIMATE = 10  # minutes that one conversation is expected to take

TOPICS = tuple(f"topic-{number}" for number in range(DEPARTMENTS))
DEMAND = tuple(1 / (1 + 0.35 * number) for number in range(DEPARTMENTS))
NO_TOPIC = 0.15  # share of the questions in which no keyword stands
SPOKEN = (({"fr"}, 35), ({"fr", "en"}, 40), ({"en"}, 15), ({"de", "en"}, 10))
ASKED_IN = (("fr", 60), ("en", 34), ("de", 6))
ZONES = (("Europe/Paris", 72), ("America/Montreal", 18), ("Asia/Kolkata", 10))
BUDGETS = (180, 240, 300, 360, 420)  # minutes a week
SHIFTS = (((9, 17.5),), ((9, 12.5),), ((13.5, 17.5),), ((8, 10), (16, 18.5)))
# Weight of each hour of the day, in Paris: office hours, a second wave in the evening.
HOURS = (1, 0.6, 0.4, 0.4, 0.5, 1, 2, 5, 8, 10, 10, 9, 8, 9, 9, 9, 9, 8, 7, 6, 5, 4, 3, 2)
WEEKEND = 0.4


@dataclass(frozen=True, slots=True)
class Person:
    """levels: topic -> 1..3. shifts: local hours of `days` (Monday 0). pace: mean minutes between
    two looks at what waits for them. absences: UTC."""

    number: int
    department: int
    levels: dict[str, int]
    languages: frozenset[str]
    zone: str
    days: tuple[int, ...]
    shifts: tuple[tuple[float, float], ...]
    most_open: int
    minutes_weekly: int
    pace: float
    absences: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Question:
    number: int
    at: datetime
    topic: str  # "" when no keyword stands in it
    language: str


@dataclass(frozen=True, slots=True)
class Month:
    people: tuple[Person, ...]
    questions: tuple[Question, ...]


def month(*, seed: int = SEED, people: int = PEOPLE, questions: int = QUESTIONS) -> Month:
    random = Random(seed)
    sizes = [math.sqrt(weight) for weight in DEMAND]
    company = tuple(_person(random, number, sizes) for number in range(people))
    return Month(company, tuple(_questions(random, questions)))


def _person(random: Random, number: int, sizes: list[float]) -> Person:
    department = random.choices(range(DEPARTMENTS), sizes)[0]
    levels = {TOPICS[department]: random.choice((2, 3, 3))}
    for topic in random.choices(TOPICS, DEMAND, k=random.choice((1, 2, 2, 3))):
        levels.setdefault(topic, random.choice((1, 1, 2)))
    return Person(
        number=number,
        department=department,
        levels=levels,
        languages=frozenset(_weighted(random, SPOKEN)),
        zone=_weighted(random, ZONES),
        days=(0, 1, 2, 3, 4, 5) if random.random() < 0.2 else (0, 1, 2, 3, 4),
        shifts=random.choice(SHIFTS[:1] * 2 + SHIFTS),
        most_open=random.choice((2, 3, 3, 4)),
        minutes_weekly=random.choice(BUDGETS),
        pace=min(90.0, 15 * random.lognormvariate(0, 0.7)),
        absences=tuple(_absences(random)),
    )


def _weighted(random: Random, choices: tuple[tuple[Chosen, int], ...]) -> Chosen:
    return random.choices([value for value, _ in choices], [weight for _, weight in choices])[0]


def _absences(random: Random) -> Iterator[tuple[datetime, datetime]]:
    """A week off for one in six, single days for one in three."""
    if random.random() < 1 / 6:
        start = BEGIN + timedelta(days=random.randrange(DAYS))
        yield start, start + timedelta(days=7)
    if random.random() < 1 / 3:
        start = BEGIN + timedelta(days=random.randrange(DAYS))
        yield start, start + timedelta(days=1)


def _questions(random: Random, number: int) -> list[Question]:
    burst = min(BURST_SIZE, number // (4 * BURSTS))
    moments = [(_moment(random), _topic(random)) for _ in range(number - BURSTS * burst)]
    for _ in range(BURSTS):
        began, topic = _moment(random), _topic(random)
        moments += [
            (began + timedelta(minutes=random.uniform(0, 120)), topic) for _ in range(burst)
        ]
    return [
        Question(place, at, topic, _weighted(random, ASKED_IN))
        for place, (at, topic) in enumerate(sorted(moments))
    ]


def _moment(random: Random) -> datetime:
    weights = [WEEKEND if day % 7 > 4 else 1 for day in range(DAYS)]
    day = BEGIN + timedelta(days=random.choices(range(DAYS), weights)[0])
    hour = random.choices(range(24), HOURS)[0]
    local = datetime.combine(day.date(), time(hour), ZoneInfo("Europe/Paris"))
    return local.astimezone(UTC) + timedelta(seconds=random.uniform(0, 3600))


def _topic(random: Random) -> str:
    return "" if random.random() < NO_TOPIC else random.choices(TOPICS, DEMAND)[0]
