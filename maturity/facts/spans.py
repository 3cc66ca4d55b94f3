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
from crm.journal.measures import oldest
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


def read(first: date, end: date, model: Model) -> Records:
    """What the figures of these days rest on, and no conversation that they do not look at.

    A conversation is read whole when anything was said or closed in it from the first window on.
    """
    records = structure()
    window = max((model.windows[Profile(row.profile)] for row in records.units), default=0)
    start = midnight(first) - timedelta(days=window) - DEADLINES
    ids = conversations(records, start, midnight(end) + ZONES)
    messages = inbox.messages(ids)
    return replace(
        records,
        messages=messages,
        needs=inbox.needs(ids),
        closings=inbox.closings(ids),
        assignments=routing.assignments(ids),
        uses=knowledge.uses(ids),
        elsewhere=elsewhere(records, messages, complete=start + inbox.NEAR),
    )


def imported_since() -> datetime | None:
    """When something was first recorded long after it had happened."""
    reaches = [*inbox.reaches(), *routing.reaches(), *knowledge.reaches()]
    return oldest(structure().imported_since, *(one.imported_since for one in reaches))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def conversations(records: Records, start: datetime, end: datetime) -> set[UUID]:
    """Those that days of the span look at, and few others that any day may ask about."""
    alive = inbox.alive(start, end, contacts=internal_contacts(records).keys())
    escalated = {row.conversation for row in records.escalations}
    travelled = {row.conversation for row in records.round_trips}
    inspired = {row.conversation for row in records.insights}
    return alive | inbox.first_closed() | escalated | travelled | inspired


def elsewhere(records: Records, messages: Iterable[MessageRow], *, complete: datetime) -> Elsewhere:
    """From `complete` on every message was read; before it only those of the conversations."""
    reaches = [*inbox.reaches(), *routing.reaches(), *knowledge.reaches()]
    return Elsewhere(
        first_words=inbox.first_words(but=internal_contacts(records).keys()),
        first_said=inbox.first_said(),
        same_texts=inbox.same_texts(texts(messages, before=complete), until=complete + inbox.NEAR),
        first_at=oldest(*(one.first_at for one in reaches)),
        imported_since=oldest(*(one.imported_since for one in reaches)),
    )


def texts(messages: Iterable[MessageRow], *, before: datetime) -> Mapping[str, set[date]]:
    """What might be a human message of before, by its text: on which days."""
    found: dict[str, set[date]] = defaultdict(set)
    for row in messages:
        if row.is_outbound and row.own and row.text is not None and row.at < before:
            found[row.text].add(row.at.date())
    return found
