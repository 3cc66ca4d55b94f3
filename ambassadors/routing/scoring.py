"""Who should be asked first: a pure decision over what is known of each person.

Every part of the score has a name, is kept with the offer and shown to the person asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from random import Random
from zoneinfo import ZoneInfo

TOPIC = 3.0  # speaks the topic that was asked for
LANGUAGE = 2.0
OWNER = 1.5  # answered this person before
FREE = 1.0  # share of the concurrent capacity that is free
FAIR = 1.0  # time since the last offer, full after a week
TIE = 0.01  # seeded, so that the same question gets the same answer
WEEK = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Period:
    """Declared hours of one weekday (Monday 0), local time; ends after it begins."""

    day: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Candidate:
    """What routing knows of a person when it asks. Times are aware."""

    employee_id: uuid.UUID
    topics: frozenset[str]
    languages: frozenset[str]
    timezone: str
    hours: tuple[Period, ...]
    open_now: int
    most_open: int
    accepted_this_week: int
    most_weekly: int
    absent: bool = False
    suspended: str = ""  # "policy" or "training": what must be read or learnt first
    already_asked: bool = False
    answered_before: bool = False
    last_offer_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What the conversation asks for; `seed` settles ties the same way every time."""

    topics: frozenset[str]
    language: str
    seed: str


@dataclass(frozen=True, slots=True)
class Scored:
    employee_id: uuid.UUID
    score: float
    load: int
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Eligible people, best first, and why the others were not."""

    eligible: Sequence[Scored]
    refused: dict[uuid.UUID, str]


def rank(candidates: Iterable[Candidate], need: Need, *, at: datetime) -> Ranking:
    eligible: list[Scored] = []
    refused: dict[uuid.UUID, str] = {}
    for candidate in candidates:
        obstacle = why_not(candidate, need, at=at)
        if obstacle:
            refused[candidate.employee_id] = obstacle
        else:
            eligible.append(_score(candidate, need, at=at))
    eligible.sort(key=lambda one: (-one.score, str(one.employee_id)))
    return Ranking(eligible, refused)


def why_not(candidate: Candidate, need: Need, *, at: datetime) -> str:
    """The first obstacle as a word, "" when there is none."""
    return unavailable(candidate, at=at) or unfit(candidate, need)


def unavailable(candidate: Candidate, *, at: datetime) -> str:
    """What stands in the way of any question at all."""
    if candidate.suspended:
        return candidate.suspended
    if candidate.absent:
        return "absent"
    if not _within_hours(candidate, at):
        return "hours"
    if candidate.open_now >= candidate.most_open:
        return "capacity"
    return "week" if candidate.accepted_this_week >= candidate.most_weekly else ""


def unfit(candidate: Candidate, need: Need) -> str:
    """What stands in the way of this very question."""
    if candidate.already_asked:
        return "asked"
    if need.topics and not _covers(candidate.topics, need.topics):
        return "topic"
    return "" if _speaks(candidate, need.language) else "language"


def _covers(known: frozenset[str], asked: frozenset[str]) -> bool:
    return not known or bool(known & asked)  # who names no topic takes any


def _speaks(candidate: Candidate, language: str) -> bool:
    return not language or not candidate.languages or language in candidate.languages


def _within_hours(candidate: Candidate, at: datetime) -> bool:
    if not candidate.hours:
        return True
    local = at.astimezone(ZoneInfo(candidate.timezone))
    return any(
        period.day == local.weekday() and period.start <= local.time() < period.end
        for period in candidate.hours
    )


def _score(candidate: Candidate, need: Need, *, at: datetime) -> Scored:
    parts = {
        "topic": TOPIC if candidate.topics & need.topics else 0.0,
        "language": LANGUAGE if need.language and need.language in candidate.languages else 0.0,
        "owner": OWNER if candidate.answered_before else 0.0,
        "free": FREE * (1 - candidate.open_now / candidate.most_open),
        "fair": FAIR * _rested(candidate, at),
        "tie": TIE * Random(f"{need.seed} {candidate.employee_id}").random(),  # noqa: S311 - a tie-break, no secret
    }
    return Scored(candidate.employee_id, sum(parts.values()), candidate.open_now, parts)


def _rested(candidate: Candidate, at: datetime) -> float:
    if candidate.last_offer_at is None:
        return 1.0
    return min(1.0, max(0.0, (at - candidate.last_offer_at).total_seconds() / WEEK))
