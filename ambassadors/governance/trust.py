"""Whether a person's answers go out at once: a pure decision over what is known of them.

An answer approved as it was written adds a point, at most up to the threshold; the same words
approved again add none. A correction and a withdrawal take points away. Somebody who may vouch
can lift a person to the threshold, or set them back to nothing. At the threshold one is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Happening(StrEnum):
    APPROVED = "approved"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    LATE_ESCALATION = "late_escalation"
    VOUCHED = "vouched"
    WATCHED = "watched"


@dataclass(frozen=True, slots=True)
class Event:
    """words: a digest of the text approved, "" for anything else."""

    at: datetime
    what: Happening
    words: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What one ladder asks: points to be trusted, and what mistakes cost."""

    threshold: int
    correction_cost: int
    withdrawal_cost: int


@dataclass(frozen=True, slots=True)
class Line:
    """One event with what it changed: the explanation, newest last."""

    at: datetime
    what: Happening
    change: int
    points: int


@dataclass(frozen=True, slots=True)
class Trust:
    points: int
    threshold: int
    lines: Sequence[Line]

    @property
    def trusted(self) -> bool:
        return self.points >= self.threshold

    @property
    def missing(self) -> int:
        return max(0, self.threshold - self.points)


def weigh(events: Iterable[Event], terms: Terms) -> Trust:
    points = 0
    lines: list[Line] = []
    words: set[str] = set()
    for event in sorted(events, key=lambda each: (each.at, each.what)):
        change = _change(event, points, terms, is_new=event.words not in words)
        if event.words:
            words.add(event.words)
        after = min(terms.threshold, max(0, points + change))
        lines.append(Line(event.at, event.what, after - points, after))
        points = after
    return Trust(points, terms.threshold, lines)


def _change(event: Event, points: int, terms: Terms, *, is_new: bool) -> int:
    match event.what:
        case Happening.APPROVED:
            return int(is_new)
        case Happening.VOUCHED:
            return terms.threshold - points
        case Happening.WATCHED:
            return -points
        case Happening.CORRECTED:
            return -terms.correction_cost
    return -terms.withdrawal_cost
