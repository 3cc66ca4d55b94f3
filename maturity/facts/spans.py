"""Records as far as a span of days looks at them: memory grows with the span, not with the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from ambassadors.routing import measures as routing
from conversations.inbox import measures as inbox
from conversations.inbox.measures import MessageRow
from conversations.knowledge import measures as knowledge
from crm.journal.measures import Reach, oldest
from maturity.facts.organisation import internal_contacts
from maturity.facts.records import Elsewhere, Records, structure
from maturity.scoring.definition import Model, Profile

FEW = 100_000  # messages: so many are read at once
SPAN = 56  # days that share one reading, where few are asked for
LONG = 112  # where all are: half as many readings, of a third more messages
ZONES = timedelta(days=2)  # the widest difference of clocks, and a day
DEADLINES = timedelta(days=21)  # more than lies between a beginning and what is due of it


def span_of(day: date, length: int = SPAN) -> tuple[date, date]:
    """The span that a day lies in: its first day, and the one after its last."""
    first = date.fromordinal(day.toordinal() // length * length)
    return first, first + timedelta(days=length)


class Spans:
    """Reads one span after the other; a conversation that the next one looks at too stays read.

    What is recorded meanwhile may be missed: whoever keeps facts finds it at the next turn, since
    it was recorded after this turn began (`Looks`).
    known_at: only what had been recorded before that moment.
    """

    def __init__(self, model: Model, *, known_at: datetime | None = None) -> None:
        self.model, self.known_at = model, known_at
        self.ids: set[UUID] = set()
        self.talk = Talk()
        self._around: dict[frozenset[UUID], Elsewhere] = {}

    def read(self, first: date, end: date) -> Records:
        """What the figures of these days rest on, and no conversation that they do not look at.

        A conversation is read whole when anything was said or closed in it from the first window
        on.
        """
        records = structure()
        if self.known_at is not None:
            records = records.recorded_before(self.known_at)
        lengths = self.model.windows
        window = max((lengths[Profile(row.profile)] for row in records.units), default=0)
        start = midnight(first) - timedelta(days=window) - DEADLINES
        self.look_at(conversations(records, start, midnight(end) + ZONES, known_at=self.known_at))
        found = replace(
            records,
            messages=self.talk.messages,
            needs=self.talk.needs,
            closings=self.talk.closings,
            assignments=self.talk.assignments,
            uses=self.talk.uses,
            elsewhere=self.elsewhere(records, complete=start + inbox.NEAR),
        )
        return found if self.known_at is None else found.recorded_before(self.known_at)

    def look_at(self, ids: set[UUID]) -> None:
        more = said_in(ids - self.ids)
        self.talk = self.talk.of(ids & self.ids).with_(more) if self.ids else more
        self.ids = ids

    def elsewhere(self, records: Records, *, complete: datetime) -> Elsewhere:
        """From `complete` on every message was read; before it only those of the conversations."""
        inside = frozenset(internal_contacts(records))
        if inside not in self._around:
            self._around[inside] = around(inside, known_at=self.known_at)
        asked = texts(self.talk.messages, before=complete)
        same = inbox.same_texts(asked, until=complete + inbox.NEAR)
        known_at = self.known_at
        known = [row for row in same if known_at is None or row.recorded_at < known_at]
        return replace(self._around[inside], same_texts=known)


class Talk(NamedTuple):
    """What was said and done in conversations, each kind in its own order."""

    messages: Sequence[inbox.MessageRow] = ()
    needs: Sequence[inbox.NeedRow] = ()
    closings: Sequence[inbox.ClosingRow] = ()
    assignments: Sequence[routing.AssignmentRow] = ()
    uses: Sequence[knowledge.UseRow] = ()

    def of(self, ids: set[UUID]) -> Talk:
        """Of these conversations alone."""
        messages = [row for row in self.messages if row.conversation in ids]
        there = {row.id for row in messages}
        return Talk(
            messages,
            [row for row in self.needs if row.conversation in ids],
            [row for row in self.closings if row.conversation in ids],
            [row for row in self.assignments if row.conversation in ids],
            [row for row in self.uses if row.message in there],
        )

    def with_(self, more: Talk) -> Talk:
        """And of other ones."""
        return Talk(
            inbox.in_order([*self.messages, *more.messages]),
            inbox.in_order([*self.needs, *more.needs]),
            inbox.in_order([*self.closings, *more.closings]),
            sorted([*self.assignments, *more.assignments], key=lambda row: row.at),
            [*self.uses, *more.uses],
        )


def said_in(ids: set[UUID]) -> Talk:
    return Talk(
        inbox.messages(ids),
        inbox.needs(ids),
        inbox.closings(ids),
        routing.assignments(ids),
        knowledge.uses(ids),
    )


def read_known(cut: datetime, model: Model) -> Records:
    """What was known at a midnight about the days that begin there, whatever the clock."""
    return Spans(model, known_at=cut).read((cut - ZONES).date(), (cut + ZONES).date())


def beginnings(records: Records, known_at: datetime) -> Records:
    """These records, and when the first of the others had happened, as known at that moment."""
    first = oldest(*(one.first_at for one in reaches(known_at=known_at)))
    return replace(records.recorded_before(known_at), elsewhere=Elsewhere(first_at=first))


def reaches(*, known_at: datetime | None = None) -> list[Reach]:
    rooms = (inbox, routing, knowledge)
    return [one for room in rooms for one in room.reaches(known_at=known_at)]


def imported_since() -> datetime | None:
    """When something was first recorded long after it had happened."""
    return oldest(structure().imported_since, *(one.imported_since for one in reaches()))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def conversations(
    records: Records, start: datetime, end: datetime, *, known_at: datetime | None
) -> set[UUID]:
    """Those that days of the span look at, and few others that any day may ask about."""
    alive = inbox.alive(start, end, contacts=internal_contacts(records).keys())
    escalated = {row.conversation for row in records.escalations}
    travelled = {row.conversation for row in records.round_trips}
    inspired = {row.conversation for row in records.insights}
    return alive | inbox.first_closed(known_at=known_at) | escalated | travelled | inspired


def around(inside: frozenset[UUID], *, known_at: datetime | None) -> Elsewhere:
    """What is asked of every message there is, but for the texts that were sent again."""
    found = reaches(known_at=known_at)
    return Elsewhere(
        first_words=inbox.first_words(but=inside, known_at=known_at),
        first_said=inbox.first_said(known_at=known_at),
        first_at=oldest(*(one.first_at for one in found)),
        imported_since=oldest(*(one.imported_since for one in found)),
    )


def texts(messages: Iterable[MessageRow], *, before: datetime) -> Mapping[str, set[date]]:
    """What might be a human message of before, by its text: on which days."""
    found: dict[str, set[date]] = defaultdict(set)
    for row in messages:
        if row.is_outbound and row.own and row.text is not None and row.at < before:
            found[row.text].add(row.at.date())
    return found
