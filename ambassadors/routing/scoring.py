"""Who should be asked first: a pure decision over what is known of each person.

Every part of the score has a name, is kept with the offer and shown to the person asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from hashlib import blake2b
from zoneinfo import ZoneInfo

TOPIC = 2.0  # knows the topics asked for, by level
LANGUAGE = 2.0
OWNER = 1.5  # answered this person before
FREE = 1.0  # share of the concurrent capacity that is free
FAIR = 1.0  # time since the last offer, full after a week
LEFT = 8.0  # share of their week that is still free: nobody's is used up while others' is not
TIE = 0.01  # seeded, so that the same question gets the same answer
WEEK = 7 * 86_400.0
BEST = 3  # the highest level
UNSAID = 2  # the level of a topic for which none is said


@dataclass(frozen=True, slots=True)
class Period:
    """Declared hours of one weekday (Monday 0), local time; ends after it begins."""

    day: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Candidate:
    """What routing knows of a person when it asks. Times are aware.

    levels: topic -> 1..3; who names no topic takes any. recent: offers of the last half hour.
    accepted_this_week, minutes_this_week: open offers count, they may all be accepted.
    """

    employee_id: uuid.UUID
    levels: Mapping[str, int]
    languages: frozenset[str]
    timezone: str
    hours: tuple[Period, ...]
    open_now: int
    most_open: int
    accepted_this_week: int
    most_weekly: int
    minutes_this_week: int = 0
    minutes_weekly: int | None = None
    recent: int = 0
    absent: bool = False
    suspended: str = ""  # "policy" or "training": what must be read or learnt first
    already_asked: bool = False
    answered_before: bool = False
    last_offer_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What the conversation asks for.

    topics: found in it; one of them must be known while `strict`. required: every one must be.
    minutes: expected work. seed: settles ties the same way every time.
    """

    topics: frozenset[str]
    language: str
    seed: str
    required: frozenset[str] = frozenset()
    strict: bool = True
    minutes: int = 0


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
            eligible.append(score(candidate, need, at=at))
    return Ranking(sorted(eligible, key=order), refused)


def order(one: Scored) -> tuple[float, uuid.UUID]:
    """The best first."""
    return -one.score, one.employee_id


def why_not(candidate: Candidate, need: Need, *, at: datetime) -> str:
    """The first obstacle as a word, "" when there is none."""
    return unavailable(candidate, at=at) or unfit(candidate, need)


def unavailable(candidate: Candidate, *, at: datetime) -> str:
    """What stands in the way of any question at all, now."""
    if candidate.suspended or candidate.absent:
        return candidate.suspended or "absent"
    if not within_hours(candidate, at):
        return "hours"
    if candidate.open_now >= candidate.most_open:
        return "capacity"
    if candidate.recent >= candidate.most_open:
        return "pace"
    return "week" if candidate.accepted_this_week >= candidate.most_weekly else ""


def unfit(candidate: Candidate, need: Need) -> str:
    """What stands in the way of this very question."""
    if candidate.already_asked:
        return "asked"
    if not _knows(candidate.levels, need):
        return "topic"
    if need.language and candidate.languages and need.language not in candidate.languages:
        return "language"
    most = candidate.minutes_weekly
    return "week" if most is not None and candidate.minutes_this_week + need.minutes > most else ""


def _knows(levels: Mapping[str, int], need: Need) -> bool:
    if need.required and not all(topic in levels for topic in need.required):
        return False
    asked = need.topics if need.strict else ()
    return not asked or not levels or any(topic in levels for topic in asked)


def within_hours(candidate: Candidate, at: datetime) -> bool:
    """By the person's own clock, which may jump: declared hours are what their wall shows."""
    if not candidate.hours:
        return True
    local = at.astimezone(ZoneInfo(candidate.timezone))
    now, day = local.time(), local.weekday()
    return any(period.day == day and period.start <= now < period.end for period in candidate.hours)


def score(candidate: Candidate, need: Need, *, at: datetime) -> Scored:
    parts = _parts(candidate, need, at)
    parts["tie"] = TIE * drawn(mark(need.seed.encode()), mark(candidate.employee_id.bytes))
    return Scored(candidate.employee_id, sum(parts.values()), candidate.open_now, parts)


def standing(candidate: Candidate, need: Need, *, at: datetime) -> float:
    """The score without the tie: the same for all questions that ask for the same."""
    return sum(_parts(candidate, need, at).values())


def _parts(candidate: Candidate, need: Need, at: datetime) -> dict[str, float]:
    return {
        "topic": TOPIC * _level(candidate.levels, need) / BEST,
        "language": LANGUAGE if need.language and need.language in candidate.languages else 0.0,
        "owner": OWNER if candidate.answered_before else 0.0,
        "free": FREE * (1 - candidate.open_now / candidate.most_open),
        "fair": FAIR * _rested(candidate, at),
        "week": LEFT * _left(candidate),
    }


def _level(levels: Mapping[str, int], need: Need) -> float:
    """The mean level over what is required, and the best of the topics found."""
    known = [levels.get(topic, 0) for topic in need.required]
    if need.topics:
        known.append(max(levels.get(topic, 0) for topic in need.topics))
    return sum(known) / len(known) if known else 0.0


def _rested(candidate: Candidate, at: datetime) -> float:
    if candidate.last_offer_at is None:
        return 1.0
    return min(1.0, max(0.0, (at - candidate.last_offer_at).total_seconds() / WEEK))


def _left(candidate: Candidate) -> float:
    """Of what is scarcer this week, conversations or minutes."""
    used = candidate.accepted_this_week / max(1, candidate.most_weekly)
    if candidate.minutes_weekly:
        used = max(used, candidate.minutes_this_week / candidate.minutes_weekly)
    return max(0.0, 1 - used)


ODD = 0x9E3779B97F4A7C15  # golden section: neighbours land far apart
ALL = (1 << 60) - 1


def mark(name: bytes) -> int:
    """What a person or a question draws with: hashed once, not for each pair of them."""
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big") & ALL


def drawn(question: int, person: int) -> float:
    """Between 0 and 1 for two marks, always the same."""
    return ((question ^ person) * ODD & ALL) / ALL
