"""What a measure is given, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from maturity.facts.organisation import People, UnitAt
from maturity.facts.shelf import Shelf
from maturity.facts.threads import INTERNAL, Human, Thread, Threads, UnitThreads
from maturity.scoring.definition import Bar, Criterion, Model, Profile


class Clause(NamedTuple):
    """Whether a further condition holds at its ENTER and at its STAY value.

    number, bar: what was compared with what, where it is one number; for explanations only.
    """

    enter: bool
    stay: bool
    number: float | None = None
    bar: Bar | None = None


class Counted(NamedTuple):
    """k of n, or a count (n None). sample: what the minimum looks at when it is not n.

    k_stay: the count as STAY looks at it, when that differs.
    """

    k: int
    n: int | None = None
    clauses: tuple[Clause, ...] = ()
    sample: int | None = None
    k_stay: int | None = None


def at_least(number: float, bar: Bar) -> Clause:
    return Clause(number >= bar.enter, number >= bar.stay, number, bar)


def share_at_least(part: int, whole: int, bar: Bar) -> Clause:
    """A share of nothing fails."""
    return at_least(part / whole, bar) if whole else Clause(False, False, None, bar)


def holds(condition: bool) -> Clause:
    return Clause(condition, condition)


@dataclass(frozen=True)
class View:
    """What one unit's measures see on one day."""

    unit: UnitAt
    own: UnitThreads
    book: Threads
    people: People
    shelf: Shelf
    model: Model
    once: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def due(self) -> list[Thread]:
        """Conversations needing an answer, due in W."""
        return self.needing(self.own.by_due.between(self.unit.start, self.unit.cut))

    @cached_property
    def accept_due(self) -> list[Thread]:
        """The same, by the deadline of their acceptance."""
        return self.needing(self.own.by_accept_due.between(self.unit.start, self.unit.cut))

    @cached_property
    def begun(self) -> Sequence[Thread]:
        return self.own.by_beginning.between(self.unit.start, self.unit.cut)

    @cached_property
    def answers(self) -> Sequence[tuple[Thread, Human]]:
        """Human answers of W, in conversations that need one or not."""
        return self.own.answers.between(self.unit.start, self.unit.cut)

    @cached_property
    def human(self) -> Sequence[Human]:
        return self.own.human.between(self.unit.start, self.unit.cut)

    def needing(self, threads: Sequence[Thread]) -> list[Thread]:
        return [thread for thread in threads if thread.needs_answer(self.unit.cut)]

    @cached_property
    def owned(self) -> frozenset[UUID]:
        """The owned external channels of this unit."""
        rows = self.book.shape.channels.values()
        own = (row for row in rows if row.unit == self.unit.unit)
        return frozenset(row.channel for row in own if row.owned and row.kind != INTERNAL)

    def owns(self, channel: UUID) -> bool:
        """An owned external channel of this unit."""
        return channel in self.owned


Views = Sequence[View]


@dataclass(frozen=True)
class Terms:
    """The model's numbers for one criterion and the profile that is looked at."""

    model: Model
    criterion: Criterion
    profile: Profile
    headcount: int

    def number(self, name: str) -> float:
        return self.criterion.number(name, self.profile)

    def pair(self, name: str) -> Bar:
        return self.criterion.pair(name, self.profile)
