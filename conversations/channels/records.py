"""History lines of channels, data sources and their heartbeats."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, QuerySet

from conversations.channels.models import Channel, ChannelVersion, Heartbeat, Source
from conversations.channels.wire.drill import KIND as DRILL
from crm.journal.lines import (
    Flag,
    Form,
    Instant,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Unfit,
    id_of,
    shown_instant,
)
from crm.journal.records import (
    AT_ONCE,
    Outcome,
    Record,
    Versioned,
    a_past_instant,
    by_id,
    clean_head,
)
from crm.journal.writing import write
from crm.organisation.models import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Text):
    """A channel of drills goes out as what it is to everybody else: said inside the house."""

    def shown(self, row: Model, name: str) -> Json | None:
        shown = Text.shown(self, row, name)  # no super() in a class with slots
        return "internal" if shown == DRILL else shown


CHANNEL = Versioned(
    "channel",
    Channel,
    version=ChannelVersion,
    thing="channel",
    kind=Kind(longest=30, blank=False),
    unit=Reference(to=Unit),
    name=Text(longest=200),
    owned=Flag(),
    closed_at=Instant(optional=True, past=False),
)

SOURCE = Record(
    "source",
    Source,
    kind=Text(longest=30, blank=False),
    unit=Reference(to=Unit, optional=True),
    name=Text(longest=200),
)


Moment = tuple[uuid.UUID, datetime]  # a source, and when it was heard


class HeartbeatRecord:
    """A heartbeat has no id: it is known by its source and its instant."""

    type = "heartbeat"

    def __init__(self) -> None:
        self.form = Form({"source": Reference(to=Source)})

    def clean(self, raw: dict[str, Json], number: int, *, trusted: bool) -> Line:
        at = clean_head(raw, "at", a_past_instant)
        return Line(number=number, id="", at=at, own=False, data=self.form.clean(raw))

    def take(self, lines: Sequence[Line]) -> Outcome:
        outcome = Outcome()
        known = Known()
        known.load(Source, {line.data["source"] for line in lines})
        said: dict[Moment, Heartbeat] = {}
        for line in lines:
            try:
                source = known.pk(Source, line.data["source"])
            except Unfit as error:
                outcome.rejected.append((line, str(error)))
                continue
            beat = Heartbeat(source_id=source, occurred_at=line.at, imported=True)
            said[source, line.at] = beat
        there = self.there(said.keys())
        fresh = [beat for heard, beat in said.items() if heard not in there]
        write(fresh)
        outcome.new = len(fresh)
        outcome.unchanged = len(lines) - len(outcome.rejected) - len(fresh)
        return outcome

    def there(self, heard: Collection[Moment]) -> set[Moment]:
        rows = Heartbeat.objects.filter(
            source__in={source for source, _ in heard}, occurred_at__in={at for _, at in heard}
        )
        return set(rows.values_list("source_id", "occurred_at"))

    def lines(self) -> Iterator[dict[str, Json]]:
        rows: QuerySet[Heartbeat] = Heartbeat.objects.select_related("source")
        order = by_id(key="source__key", pk="source__pk")
        for beat in rows.order_by(*order).iterator(chunk_size=AT_ONCE):
            yield {
                "type": self.type,
                "at": shown_instant(beat.occurred_at),
                "source": id_of(beat.source),
            }


HEARTBEAT = HeartbeatRecord()
