"""Conversations as the measures see them: who began, what is due when, who answered."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from ambassadors.routing.measures import AssignmentRow
from conversations.channels.measures import ChannelRow
from conversations.inbox.measures import ClosingRow, MessageRow
from maturity.facts.organisation import UnitAt
from maturity.facts.records import Records
from maturity.scoring.definition import Model

INTERNAL = "internal"
Case = TypeVar("Case")


class Timeline(Generic[Case]):
    """Cases in the order of one of their times, sliced without looking at the others.

    A case that does not have that time is left out.
    """

    def __init__(self, cases: Iterable[Case], at: Callable[[Case], datetime | None]) -> None:
        timed = [(time, case) for case in cases if (time := at(case)) is not None]
        timed.sort(key=itemgetter(0))
        self.times = [time for time, _ in timed]
        self.cases = [case for _, case in timed]

    def between(self, start: datetime, cut: datetime) -> Sequence[Case]:
        return self.cases[bisect_left(self.times, start) : bisect_left(self.times, cut)]


@dataclass(slots=True)
class Human:
    """A human message: by a named employee in person, neither automated nor a mass sending."""

    row: MessageRow
    employee: UUID
    at: datetime
    week: int


@dataclass(slots=True)
class Thread:
    """One conversation. began: its first inbound message of an external party, if there is one.

    first_channel is where it stands while nobody external wrote, from its first message on;
    due: when the answer is.
    """

    id: UUID
    first_channel: UUID
    first_at: datetime
    unit: UUID | None = None
    channel: UUID | None = None
    kind: str = ""
    contact: UUID | None = None
    began: datetime | None = None
    due: datetime | None = None
    accept_due: datetime | None = None
    decision: tuple[datetime, bool] | None = None
    first_answer: Human | None = None
    humans: list[Human] = field(default_factory=list)
    spoken_out: list[datetime] = field(default_factory=list)
    closings: list[ClosingRow] = field(default_factory=list)
    assignments: list[AssignmentRow] = field(default_factory=list)

    @property
    def is_external(self) -> bool:
        return self.kind != INTERNAL

    @property
    def answers(self) -> list[Human]:
        """Human answers: every human message after the first inbound."""
        began = self.began
        return [] if began is None else [said for said in self.humans if said.at > began]

    def answered(self, cut: datetime) -> Human | None:
        """The first human answer, when it came before `cut`."""
        first = self.first_answer
        return first if first is not None and first.at < cut else None

    def needs_answer(self, cut: datetime) -> bool:
        """The first decision before the deadline holds; one made later than `cut` is unknown."""
        if not self.is_external or self.began is None or self.began >= cut:
            return False
        return self.decision is None or self.decision[0] >= cut or self.decision[1]

    def place(self, cut: datetime) -> UUID | None:
        """The channel it belongs to; none before its first message."""
        if self.began is not None and self.began < cut:
            return self.channel
        return self.first_channel if self.first_at < cut else None


@dataclass(frozen=True)
class Shape:
    """What the build of the threads depends on besides the records themselves.

    internal: unit -> contacts that are employees, as known at the unit's midnight.
    """

    units: Mapping[UUID, UnitAt]
    channels: Mapping[UUID, ChannelRow]
    internal: Mapping[UUID, frozenset[UUID]]
    failed: frozenset[UUID]

    def is_external(self, contact: UUID | None, channel: UUID) -> bool:
        row = self.channels.get(channel)
        return contact is not None and not (row and contact in self.internal[row.unit])

    def key(self) -> tuple[Any, ...]:
        clocks = tuple((u.unit, u.clock, u.profile) for u in self.units.values())
        where = tuple((c.channel, c.kind, c.unit, c.owned) for c in self.channels.values())
        return clocks, where, tuple(self.internal.items()), self.failed


class Threads:
    """All conversations under one shape of the organisation, ready to be sliced by time."""

    def __init__(self, records: Records, shape: Shape, model: Model) -> None:
        self.shape = shape
        self.model = model
        self.messages = [row for row in records.messages if row.id not in shape.failed]
        self.human = mark_human(with_same_texts(self.messages, records, shape), shape, model)
        self.threads = build(self, records)
        self.numbers: defaultdict[UUID | None, int] = defaultdict(itertools.count().__next__)
        self.by_unit = self.units()
        self.inbound = inbound_times(self.messages)
        self.begun_by = beginnings(self.threads.values(), records.elsewhere.first_words)

    def units(self) -> dict[UUID, UnitThreads]:
        threads: dict[UUID, list[Thread]] = {unit: [] for unit in self.shape.units}
        messages: dict[UUID, list[MessageRow]] = {unit: [] for unit in self.shape.units}
        for thread in self.threads.values():
            if thread.unit is not None:
                threads[thread.unit].append(thread)
        for message in self.messages:
            if (unit := self.unit_of(message.channel)) is not None:
                messages[unit].append(message)
        return {unit: UnitThreads(self, threads[unit], messages[unit]) for unit in threads}

    def unit_of(self, channel: UUID | None) -> UUID | None:
        row = self.shape.channels.get(channel) if channel else None
        return row.unit if row else None


class UnitThreads:
    """One unit's conversations and messages."""

    def __init__(
        self, book: Threads, threads: Sequence[Thread], messages: Sequence[MessageRow]
    ) -> None:
        self.by_due = Timeline(threads, lambda thread: thread.due)
        self.by_accept_due = Timeline(threads, lambda thread: thread.accept_due)
        self.by_beginning = Timeline(threads, lambda thread: thread.began)
        self.closings = Timeline(
            ((thread, row) for thread in threads if thread.began for row in thread.closings),
            lambda pair: pair[1].at,
        )
        self.answers = Timeline(
            ((thread, said) for thread in threads for said in thread.answers),
            lambda pair: pair[1].at,
        )
        self.outbound = Timeline((m for m in messages if m.is_outbound), lambda m: m.at)
        self.inbound = Timeline((m for m in messages if not m.is_outbound), lambda m: m.at)
        self.human = Timeline(
            (book.human[m.id] for m in messages if m.id in book.human), lambda said: said.at
        )
        self.days: object = None  # what these come to day by day, once somebody asked (`daily`)


def is_own_act(row: MessageRow) -> bool:
    """An automated message is never an own act."""
    return row.own and not row.automated and row.employee is not None


def with_same_texts(
    messages: list[MessageRow], records: Records, shape: Shape
) -> Iterable[MessageRow]:
    """And those of conversations that were not read: they count as sendings too."""
    others = records.elsewhere.same_texts
    if not others:
        return messages
    there = {row.id for row in messages} | shape.failed
    more = [row for row in others if row.id not in there]
    return sorted([*messages, *more], key=lambda row: (row.at, row.order))


def mark_human(messages: Iterable[MessageRow], shape: Shape, model: Model) -> dict[UUID, Human]:
    """Message -> Human. Every sending of one text in a unit's ISO week counts against it."""
    sendings: Counter[tuple[UUID, int, str | None]] = Counter()
    human: dict[UUID, Human] = {}
    for row in messages:
        channel = shape.channels.get(row.channel)
        if not row.is_outbound or channel is None or channel.unit not in shape.units:
            continue
        week = shape.units[channel.unit].clock.week(row.at)
        sendings[channel.unit, week, row.text] += 1
        is_mass = sendings[channel.unit, week, row.text] > model.same_text
        if channel.kind != INTERNAL and not is_mass and is_own_act(row) and row.employee:
            human[row.id] = Human(row, row.employee, row.at, week)
    return human


def build(book: Threads, records: Records) -> dict[UUID, Thread]:
    threads: dict[UUID, Thread] = {}
    for row in book.messages:
        thread = threads.get(row.conversation)
        if thread is None:
            thread = threads[row.conversation] = Thread(row.conversation, row.channel, row.at)
        add(book, thread, row)
    for thread in threads.values():
        locate(book, thread)
    for closing in records.closings:
        if closing.conversation in threads:
            threads[closing.conversation].closings.append(closing)
    for assignment in records.assignments:
        if assignment.conversation in threads:
            threads[assignment.conversation].assignments.append(assignment)
    decide(threads, records)
    return threads


def add(book: Threads, thread: Thread, row: MessageRow) -> None:
    if row.is_outbound:
        if not row.automated:
            thread.spoken_out.append(row.at)
        if row.id in book.human:
            thread.humans.append(book.human[row.id])
    elif thread.began is None and book.shape.is_external(row.contact, row.channel):
        thread.began, thread.channel, thread.contact = row.at, row.channel, row.contact


def locate(book: Threads, thread: Thread) -> None:
    """The channel, unit and deadlines of a conversation somebody external began."""
    channel = book.shape.channels.get(thread.channel or thread.first_channel)
    if channel is None or channel.unit not in book.shape.units:
        return
    unit = book.shape.units[channel.unit]
    thread.first_answer = next(iter(thread.answers), None)
    thread.unit, thread.kind = unit.unit, channel.kind
    if thread.began is not None and thread.is_external:
        thread.due = unit.answer_due(thread.began, book.model)
        days = int(book.model.by_id["S3-GOV-2"].number("working_days", unit.profile))
        thread.accept_due = unit.clock.add_working_days(thread.began, days)


def decide(threads: Mapping[UUID, Thread], records: Records) -> None:
    for need in records.needs:
        thread = threads.get(need.conversation)
        if thread is None or thread.due is None or thread.decision is not None:
            continue
        if need.at < thread.due:
            thread.decision = need.at, need.value


def inbound_times(messages: Iterable[MessageRow]) -> dict[tuple[UUID, UUID], list[datetime]]:
    """(contact, channel) -> when they wrote there, oldest first."""
    times: dict[tuple[UUID, UUID], list[datetime]] = defaultdict(list)
    for row in messages:
        if not row.is_outbound and row.contact:
            times[row.contact, row.channel].append(row.at)
    return dict(times)


def beginnings(
    threads: Iterable[Thread], elsewhere: Mapping[UUID, datetime]
) -> dict[UUID, list[datetime]]:
    """Contact -> when they began conversations, in any unit; of those elsewhere the first."""
    begun: dict[UUID, list[datetime]] = defaultdict(list)
    for thread in threads:
        if thread.began is not None and thread.contact is not None:
            begun[thread.contact].append(thread.began)
    for contact, at in elsewhere.items():
        begun[contact].append(at)
    return {contact: sorted(times) for contact, times in begun.items()}
