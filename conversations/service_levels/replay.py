"""From what happened in a conversation to its deadlines: a fold, without a database.

    first answer   from the first question until the first answer
    next answer    from a question after that until the answer to it
    resolution     from the first question until the closing; stands still while the customer's
                   answer is awaited

Both are dropped when it is decided that no answer is needed; decided otherwise before the
customer writes again, they go on from their own start, as if nothing had been said.
All stand still while the conversation sleeps. A deadline is frozen when its clock starts: it
moves only by the business time that the clock stood still, and when the priority changes (then
the target of the new priority counts from the same start). Once it has passed it moves no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from conversations.service_levels.amounts import Amount
from conversations.service_levels.clock import NOTHING, Calendar, NeverOpen, add, between


class Clock(StrEnum):
    FIRST_ANSWER = "first_answer"
    NEXT_ANSWER = "next_answer"
    RESOLUTION = "resolution"


class Happened(StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    SPAM = "spam"
    PRIORITISED = "prioritised"
    NEEDLESS = "needless"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class Event:
    """arrived_at: when an answer reached the customer. until: how long it sleeps.
    starts: whether it may start a clock (an imported question does not)."""

    at: datetime
    what: Happened
    arrived_at: datetime | None = None
    until: datetime | None = None
    priority: str = ""
    starts: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """What one target promised by one calendar; the ids are those of their versions."""

    target_id: int
    calendar_id: int | None
    calendar: Calendar
    amounts: tuple[tuple[Clock, Amount], ...]

    def amount(self, clock: Clock) -> Amount | None:
        return dict(self.amounts).get(clock)


Lookup = Callable[[str, datetime], Terms | None]  # (priority, at) -> the terms then in force


@dataclass(slots=True)
class Level:
    """One clock that was started, and what became of it."""

    clock: Clock
    started_at: datetime
    terms: Terms
    due_at: datetime
    warn_at: datetime
    paused_at: datetime | None = None
    met_at: datetime | None = None
    dropped_at: datetime | None = None
    stood: list[tuple[datetime, datetime]] = field(default_factory=list)

    def pause(self, at: datetime) -> None:
        if self.paused_at is None:
            self.paused_at = at

    def go_on(self, at: datetime) -> None:
        if self.paused_at is not None:
            self.stood.append((self.paused_at, at))
            self._shift(self.paused_at, at)
            self.paused_at = None

    def _shift(self, start: datetime, end: datetime) -> None:
        calendar = self.terms.calendar
        lost = between(calendar, start, end)
        if lost == NOTHING:
            return
        if start < self.due_at:
            self.due_at = add(calendar, self.due_at, lost)
        if start < self.warn_at:
            self.warn_at = add(calendar, self.warn_at, lost)

    def on(self, terms: Terms) -> bool:
        """Counts by other terms from the same start. False where they promise nothing."""
        amount = terms.amount(self.clock)
        if amount is None:
            return False
        self.terms = terms
        self.due_at, self.warn_at = amount.span(terms.calendar, self.started_at)
        for start, end in self.stood:
            self._shift(start, end)
        return True


def replay(events: Iterable[Event], *, now: datetime, terms: Lookup, priority: str) -> list[Level]:
    """The levels as they stand at `now`. events: in the order in which they happened."""
    story = _Story(terms, priority)
    for event in events:
        story.wake(event.at)
        story.take(event)
    story.wake(now)
    return story.levels


class _Story:
    """What has been read of a conversation so far."""

    def __init__(self, terms: Lookup, priority: str) -> None:
        self.terms, self.priority = terms, priority
        self.levels: list[Level] = []
        self.answer: Level | None = None
        self.resolution: Level | None = None
        self.was_answered = self.is_spam = False
        self.sleeps_until: datetime | None = None
        self.put_aside: list[Level] = []

    def take(self, event: Event) -> None:
        getattr(self, f"_{event.what}")(event)

    def wake(self, at: datetime) -> None:
        """Ends a sleep whose time had come before `at`."""
        if self.sleeps_until is not None and self.sleeps_until <= at:
            self._go_on(self.sleeps_until)

    def _go_on(self, at: datetime) -> None:
        self.sleeps_until = None
        for level in self._running():
            level.go_on(at)

    def _running(self) -> list[Level]:
        return [level for level in (self.answer, self.resolution) if level is not None]

    def _asked(self, event: Event) -> None:
        if self.is_spam:
            return
        self._go_on(event.at)
        self.put_aside = []
        if not event.starts:
            return
        if self.answer is None:
            clock = Clock.NEXT_ANSWER if self.was_answered else Clock.FIRST_ANSWER
            self.answer = self._start(clock, event.at)
        if self.resolution is None:
            self.resolution = self._start(Clock.RESOLUTION, event.at)

    def _start(self, clock: Clock, at: datetime) -> Level | None:
        terms = self.terms(self.priority, at)
        amount = terms.amount(clock) if terms else None
        if terms is None or amount is None:
            return None
        try:
            due, soon = amount.span(terms.calendar, at)
        except NeverOpen:
            return None
        level = Level(clock, at, terms, due, soon)
        self.levels.append(level)
        return level

    def _answered(self, event: Event) -> None:
        self._go_on(event.at)
        self.was_answered = True
        if self.answer is not None:
            self.answer.met_at = event.arrived_at or event.at
            self.answer = None
        if self.resolution is not None:
            self.resolution.pause(event.at)

    def _closed(self, event: Event) -> None:
        self.sleeps_until = None
        if self.resolution is not None:
            self.resolution.met_at = event.at
            self.resolution.paused_at = None
        if self.answer is not None:
            self._drop(self.answer, event.at)
        self.answer = self.resolution = None

    def _drop(self, level: Level, at: datetime) -> None:
        level.dropped_at, level.paused_at = at, None

    def _reopened(self, event: Event) -> None:
        self._go_on(event.at)
        self.is_spam = False
        if self.resolution is None:
            self.resolution = self._start(Clock.RESOLUTION, event.at)

    def _snoozed(self, event: Event) -> None:
        self.sleeps_until = event.until
        for level in self._running():
            level.pause(event.at)

    def _spam(self, event: Event) -> None:
        self.is_spam, self.sleeps_until = True, None
        for level in self._running():
            self._drop(level, event.at)
        self.answer = self.resolution = None

    def _needless(self, event: Event) -> None:
        self.sleeps_until = None
        self.put_aside = self._running()
        for level in self.put_aside:
            level.go_on(event.at)
            self._drop(level, event.at)
        self.answer = self.resolution = None

    def _needed(self, event: Event) -> None:
        for level in self.put_aside:
            level.dropped_at = None
            if level.clock == Clock.RESOLUTION:
                self.resolution = level
            else:
                self.answer = level
        self.put_aside = []

    def _prioritised(self, event: Event) -> None:
        self.priority = event.priority
        terms = self.terms(self.priority, event.at)
        for level in self._running():
            if terms is None or not level.on(terms):
                self._drop(level, event.at)
        if self.answer is not None and self.answer.dropped_at:
            self.answer = None
        if self.resolution is not None and self.resolution.dropped_at:
            self.resolution = None
