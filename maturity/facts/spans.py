"""Records as far as a span of days looks at them: memory grows with the span, not with the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
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
SPAN = 56  # days that share one reading
ZONES = timedelta(days=2)  # the widest difference of clocks, and a day
DEADLINES = timedelta(days=21)  # more than lies between a beginning and what is due of it


def span_of(day: date) -> tuple[date, date]:
    """The span that a day lies in: its first day, and the one after its last."""
    first = date.fromordinal(day.toordinal() // SPAN * SPAN)
    return first, first + timedelta(days=SPAN)


def read(first: date, end: date, model: Model, *, known_at: datetime | None = None) -> Records:
    """What the figures of these days rest on, and no conversation that they do not look at.

    A conversation is read whole when anything was said or closed in it from the first window on.
    known_at: only what had been recorded before that moment.
    """
    records = structure()
    if known_at is not None:
        records = records.recorded_before(known_at)
    window = max((model.windows[Profile(row.profile)] for row in records.units), default=0)
    start = midnight(first) - timedelta(days=window) - DEADLINES
    ids = conversations(records, start, midnight(end) + ZONES, known_at=known_at)
    messages = inbox.messages(ids)
    found = replace(
        records,
        messages=messages,
        needs=inbox.needs(ids),
        closings=inbox.closings(ids),
        assignments=routing.assignments(ids),
        uses=knowledge.uses(ids),
        elsewhere=elsewhere(records, messages, complete=start + inbox.NEAR, known_at=known_at),
    )
    return found if known_at is None else found.recorded_before(known_at)


def read_known(cut: datetime, model: Model) -> Records:
    """What was known at a midnight about the days that begin there, whatever the clock."""
    return read((cut - ZONES).date(), (cut + ZONES).date(), model, known_at=cut)


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


def elsewhere(
    records: Records,
    messages: Iterable[MessageRow],
    *,
    complete: datetime,
    known_at: datetime | None,
) -> Elsewhere:
    """From `complete` on every message was read; before it only those of the conversations."""
    found, inside = reaches(known_at=known_at), internal_contacts(records).keys()
    same = inbox.same_texts(texts(messages, before=complete), until=complete + inbox.NEAR)
    return Elsewhere(
        first_words=inbox.first_words(but=inside, known_at=known_at),
        first_said=inbox.first_said(known_at=known_at),
        same_texts=[row for row in same if known_at is None or row.recorded_at < known_at],
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
