"""What a unit's conversations come to, day by day: rows that are few however many messages are.

A row says on which day of the unit's clock its case lies, and from or until which day it counts;
equal rows are one row with a number. Days are ordinals; a thing that has not happened lies NEVER.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from maturity.facts import ambassadors, conversation, knowledge
from maturity.facts.counting import View
from maturity.facts.threads import Human, Thread, is_own_act

NEVER = 10**7
RowOf = TypeVar("RowOf", bound=tuple[Any, ...])


class Due(NamedTuple):
    """Conversations needing an answer, by their deadline."""

    channel: UUID
    in_time: bool


class Accepting(NamedTuple):
    """until: when it was decided that no answer is needed. accepted: in time, since when known."""

    until: int
    accepted: tuple[tuple[UUID, int], ...]


class Begun(NamedTuple):
    """channel, contact: their numbers. answered: the day of the first human answer."""

    channel: int
    kind: str
    contact: int
    answered: int


class Returning(NamedTuple):
    """himself: the contact had begun one before; others: one who shares an address had."""

    himself: bool
    others: bool


class Answered(NamedTuple):
    """One person's answers in one conversation: (day, ISO week, day it was passed on after).

    The row lies on each of those days.
    """

    employee: UUID
    answers: tuple[tuple[int, int, int], ...]


class Trusted(NamedTuple):
    employee: UUID
    free: bool
    corrected: int


class Said(NamedTuple):
    """Human messages. channel: its number; owned: as long as this shape of the organisation."""

    week: int
    channel: int
    owned: bool


class Sent(NamedTuple):
    """Outbound messages; own: the act of a named employee in person."""

    own: bool


class Settled(NamedTuple):
    """Closings by the day their 7 days end; needed from `begun` until `until`."""

    begun: int
    until: int
    quiet: bool


class Closed(NamedTuple):
    """Closings; it is the last one until `next`. uses: (article, sender, day), first one first."""

    next: int
    begun: int
    until: int
    uses: tuple[tuple[UUID, UUID, int], ...]


class Days(Generic[RowOf]):
    """Rows by the day of their case."""

    def __init__(self) -> None:
        self.by_day: dict[int, Counter[RowOf]] = defaultdict(Counter)

    def add(self, day: int, row: RowOf) -> None:
        self.by_day[day][row] += 1

    def between(self, start: int, end: int) -> Iterator[tuple[RowOf, int]]:
        for day in range(start, end):
            if day in self.by_day:
                yield from self.by_day[day].items()

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.by_day.values())


class UnitDays:
    """All rows of one unit under one shape of the organisation."""

    def __init__(self, view: View) -> None:
        self.clock = view.unit.clock
        self.due: Days[Due] = Days()
        self.accepting: Days[Accepting] = Days()
        self.begun: Days[Begun] = Days()
        self.returning: Days[Returning] = Days()
        self.merged: list[Thread] = []
        self.answered: Days[Answered] = Days()
        self.trusted: Days[Trusted] = Days()
        self.said: Days[Said] = Days()
        self.sent: Days[Sent] = Days()
        self.heard: dict[int, set[int]] = defaultdict(set)  # numbers of contacts, a day
        self.settled: Days[Settled] = Days()
        self.closed: Days[Closed] = Days()
        self.spoke: dict[int, dict[UUID, datetime]] = defaultdict(dict)
        _Filling(self, view).fill()

    def day(self, at: datetime | None) -> int:
        return NEVER if at is None else self.clock.ordinal(at)

    def parties(self, start: int, end: int) -> set[int]:
        """Numbers of the contacts heard on owned external channels."""
        return set().union(*(self.heard.get(day, ()) for day in range(start, end)))

    def speakers(self, start: int, end: int) -> Iterator[tuple[UUID, datetime]]:
        """Everybody who spoke, by the last time of each day."""
        for day in range(start, end):
            yield from self.spoke.get(day, {}).items()

    def __len__(self) -> int:
        tables = (value for value in vars(self).values() if isinstance(value, Days))
        by_day = [*self.spoke.values(), *self.heard.values()]
        return sum(map(len, tables)) + sum(map(len, by_day))


class _Filling:
    """One pass over the threads and messages of a unit."""

    def __init__(self, days: UnitDays, view: View) -> None:
        self.days, self.view, self.day = days, view, days.day
        self.numbers = view.book.numbers
        self.grace = timedelta(days=view.model.grace_days)
        self.settled = timedelta(days=view.model.by_id["S4-CON-1"].number("settled_days"))
        merges = view.shelf.records.merges
        self.merged = {row.absorbed for row in merges} | {row.into for row in merges}

    def fill(self) -> None:
        own = self.view.own
        for message in own.outbound.cases:
            day = self.day(message.at)
            self.days.sent.add(day, Sent(is_own_act(message)))
            if message.employee and not message.automated:
                self.days.spoke[day][message.employee] = message.at  # in the order of time
        shape, owned = self.view.book.shape, self.view.owned
        for message in own.inbound.cases:
            if message.channel in owned and shape.is_external(message.contact, message.channel):
                self.days.heard[self.day(message.at)].add(self.numbers[message.contact])
        for said in own.human.cases:
            channel = said.row.channel
            row = Said(said.week, self.numbers[channel], channel in owned)
            self.days.said.add(self.day(said.at), row)
        for thread in own.by_beginning.cases:
            self.thread(thread)

    def thread(self, thread: Thread) -> None:
        self.beginning(thread)
        if thread.is_external:
            self.deadlines(thread)
            self.closings(thread)
        self.answers(thread)

    def until(self, thread: Thread) -> int:
        """The day of the decision that no answer is needed."""
        decision = thread.decision
        return self.day(decision[0]) if decision is not None and not decision[1] else NEVER

    def deadlines(self, thread: Thread) -> None:
        until = self.until(thread)
        if thread.due is not None and thread.channel is not None and until == NEVER:
            answer = thread.first_answer
            in_time = answer is not None and answer.at <= thread.due
            self.days.due.add(self.day(thread.due), Due(thread.channel, in_time))
        if thread.accept_due is not None:
            accepted = {
                (row.employee, self.day(row.at))
                for row in thread.assignments
                if row.own and row.accepted_at and row.accepted_at <= thread.accept_due
            }
            row = Accepting(until, tuple(sorted(accepted, key=str)))
            self.days.accepting.add(self.day(thread.accept_due), row)

    def beginning(self, thread: Thread) -> None:
        if thread.began is None or thread.contact is None:
            return
        day, contact = self.day(thread.began), thread.contact
        if thread.is_external and thread.channel is not None:
            first = thread.first_answer
            answered = self.day(first.at if first else None)
            channel, party = self.numbers[thread.channel], self.numbers[contact]
            self.days.begun.add(day, Begun(channel, thread.kind, party, answered))
        if contact in self.merged:
            self.days.merged.append(thread)
            return
        himself = conversation.began_before(self.view, contact, thread.began)
        others = self.view.shelf.sharing.get(contact, set())
        shared = any(conversation.began_before(self.view, o, thread.began) for o in others)
        self.days.returning.add(day, Returning(himself, shared))

    def closings(self, thread: Thread) -> None:
        begun, until = self.day(thread.began), self.until(thread)
        times = [row.at for row in thread.closings]
        following: list[datetime | None] = [*times[1:], None]
        uses = tuple(self.uses(thread)) if times else ()
        for at, after in zip(times, following, strict=False):
            quiet = not conversation.wrote_within(self.view, thread, at, self.settled)
            self.days.settled.add(self.day(at + self.settled), Settled(begun, until, quiet))
            self.days.closed.add(self.day(at), Closed(self.day(after), begun, until, uses))

    def uses(self, thread: Thread) -> Iterator[tuple[UUID, UUID, int]]:
        for said in thread.humans:
            day = self.day(said.at)
            for article, sender in dict.fromkeys(knowledge.uses_in(self.view, said)):
                yield article, sender, day

    def answers(self, thread: Thread) -> None:
        by_person: dict[UUID, list[Human]] = defaultdict(list)
        for said in thread.answers:
            by_person[said.employee].append(said)
            self.trust(said)
        for employee, said_by in by_person.items():
            passed = passed_on(thread, employee)
            row = tuple(
                (
                    self.day(one.at),
                    one.week,
                    self.day(next((t for t in passed if t > one.at), None)),
                )
                for one in said_by
            )
            for day in {day for day, _, _ in row}:
                self.days.answered.add(day, Answered(employee, row))

    def trust(self, said: Human) -> None:
        free = ambassadors.is_trusted(self.view, said, self.grace)
        corrected = self.day(self.view.shelf.corrected.get(said.row.id))
        self.days.trusted.add(self.day(said.at), Trusted(said.employee, free, corrected))


def passed_on(thread: Thread, employee: UUID) -> Sequence[datetime]:
    """When the person closed it in person, or it was assigned to somebody else; oldest first."""
    closed = [row.at for row in thread.closings if row.own and row.employee == employee]
    return sorted(closed + [row.at for row in thread.assignments if row.employee != employee])


def days_of(view: View) -> UnitDays:
    """The rows of the view's unit, made once for a shape of the organisation."""
    found = view.own.days
    if not isinstance(found, UnitDays):
        found = view.own.days = UnitDays(view)
    return found
