"""The days behind an appraisal: those whose facts are kept, the others counted from the records."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from conversations.channels import measures as doors
from conversations.inbox import measures as inbox
from crm.organisation import measures as organisation
from maturity.appraisals.derivation import last_monday
from maturity.appraisals.known import Known, KnownAround
from maturity.facts import kept, spans
from maturity.facts.evidence import Evidence
from maturity.facts.kept import AnyDay, KeptDay, Looks
from maturity.facts.ledger import Day, Ledger
from maturity.facts.models import Reading
from maturity.facts.organisation import UnitAt
from maturity.facts.packing import Pairs
from maturity.facts.records import Records, read
from maturity.scoring.definition import Model
from maturity.scoring.stages import VALIDITY

WEEK = timedelta(days=7)
LONGEST_SILENCE = timedelta(days=40)  # more than S1-INS looks back


class Past:
    """One reading of the past, asked for days and for the Mondays of the walk.

    Whatever is not kept is counted from the records, which are read then and only then.
    """

    def __init__(
        self, reading: Reading, model: Model, *, now: datetime, corrected: Past | None = None
    ) -> None:
        self.reading, self.model, self.now = reading, model, now
        self.span = spans.SPAN
        self.looks: Looks = corrected.looks if corrected else Looks(now)
        self.found: dict[date, AnyDay] = {}
        self.asked: set[date] = set()
        self.counted: dict[date, AnyDay] = {}
        self._corrected = corrected
        self._elder: Past | None = None
        self._span: tuple[date, Ledger] | None = None
        self._spans = spans.Spans(model)

    def under(self, model: Model) -> Past:
        """The same reading, counted under another version of the model."""
        if model.sha256 == self.model.sha256:
            return self
        corrected = None if self.corrected is self else self.corrected.under(model)
        found = Past(self.reading, model, now=self.now, corrected=corrected)
        found.looks, found._elder = self.looks, self
        return found

    # --- what is kept ---

    def load(self, days: Iterable[date]) -> None:
        """Looks those days up, in one query."""
        wanted = [day for day in days if day not in self.asked]
        if wanted:
            looks = None if self.reading == Reading.KNOWN else self.looks
            self.found |= kept.kept_days(self.reading, self.model, wanted, looks=looks)
            self.asked |= set(wanted)

    def is_kept(self, on: date) -> bool:
        self.load([on])
        return on in self.found

    def at(self, on: date) -> AnyDay:
        self.load([on])
        return self.found.get(on) or self.count(on)

    def day(self, on: date) -> Day:
        return self.at(on).day

    def figures(self, on: date) -> Pairs:
        return self.at(on).figures

    def digest(self, on: date) -> str:
        """Of the figures of a kept day; empty where they are not kept."""
        return self.found[on].digest if self.is_kept(on) else ""

    def mondays(self, until: date) -> list[date]:
        """Those of the walk, from the first on."""
        begins = self.at(until).begins
        if begins is None:
            return []
        found = [begins + n * WEEK for n in range((until - begins).days // 7 + 1)]
        self.load(found)
        return found

    # --- what is not ---

    @cached_property
    def corrected(self) -> Past:
        """The other reading: what is known of a day to which nothing was added later."""
        if self.reading == Reading.CORRECTED:
            return self
        return self._corrected or Past(Reading.CORRECTED, self.model, now=self.now)

    @cached_property
    def ledger(self) -> Ledger:
        """All records."""
        return Ledger(self.records, self.model)

    @cached_property
    def records(self) -> Records:
        return self._elder.records if self._elder else read()

    @cached_property
    def known(self) -> Known:
        if self.corrected.is_large:
            return KnownAround(self.structure.ledger, self.corrected.mondays)
        return Known(self.corrected.ledger)

    @cached_property
    def is_large(self) -> bool:
        """So much was said that days are counted from the records around them."""
        return "ledger" not in self.__dict__ and inbox.more_than(spans.FEW)

    def ledger_of(self, on: date) -> Ledger:
        if not self.is_large:
            return self.ledger
        first, end = spans.span_of(on, self.span)
        if self._span is None or self._span[0] != first:
            self._span = None  # before the next one is built beside it
            gc.collect()
            self._span = first, Ledger(self._spans.read(first, end), self.model)
        return self._span[1]

    def seen(self, on: date) -> Ledger:
        """What this reading of that day rests on."""
        if self.reading == Reading.CORRECTED or self.is_complete(on):
            return self.corrected.ledger_of(on)
        return self.known.ledger_at(on)

    def count(self, on: date) -> AnyDay:
        if on not in self.counted:
            counted = self.count_known if self.reading == Reading.KNOWN else self.count_corrected
            self.counted[on] = counted(on)
        return self.counted[on]

    def count_corrected(self, on: date) -> KeptDay:
        ledger = self.ledger_of(on)
        begins = next(iter(ledger.mondays(last_monday(on))), None)
        imports = ledger.records.imported_since is not None
        return KeptDay(ledger.day(on), begins, imports)

    def count_known(self, on: date) -> KeptDay:
        cut = self.structure.cut(on)
        if cut is None:  # nothing was known
            return KeptDay(self.structure.day(on), None, has_imports=False)
        day = self.corrected.day(on) if self.is_complete(on) else self.known.day(on)
        since = self.imported_since
        return KeptDay(day, self.known_beginning(on), since is not None and since < cut)

    @cached_property
    def imported_since(self) -> datetime | None:
        """When something was first recorded long after it had happened."""
        if self.corrected.is_large:
            return spans.imported_since()
        return self.corrected.ledger.records.imported_since

    def is_complete(self, on: date) -> bool:
        """Nothing that happened before any of the day's midnights was recorded later."""
        cuts = {unit.cut for unit in self.structure.ledger.units_at(on)}
        if not self.corrected.is_large:
            return all(self.known.is_complete(cut) for cut in cuts)
        late = ((cut, kept.touched(cut)) for cut in cuts)
        return all(oldest is None or oldest >= cut for cut, oldest in late)

    def known_beginning(self, on: date) -> date | None:
        """The first Monday that could be evaluated with what was known at it."""
        for monday in self.corrected.mondays(last_monday(on)):
            if self.structure.cut(monday) is None:
                continue
            if self.is_complete(monday):
                return monday
            return next(iter(self.known.mondays(last_monday(on))), None)
        return None

    def count_with_evidence(self, on: date) -> None:
        """Counts the day's facts, and what lies behind the company's."""
        seen = self.seen(on)
        found = {one.id: seen.evidence(on, one.metric) for one in self.model.criteria}
        self.counted[on] = replace(self.count(on), evidence=found)

    # --- what is small enough to be read each time ---

    @cached_property
    def structure(self) -> Known:
        """The dated versions of units alone."""
        return Known(Ledger(Records(units=organisation.units()), self.model))

    def units_at(self, on: date, /, *, as_of: date | None = None) -> list[UnitAt]:
        """Units on that day, as this reading of `as_of` sees them."""
        known = self.reading == Reading.KNOWN
        ledger = self.structure.ledger_at(as_of or on) if known else self.structure.ledger
        return ledger.units_at(on)

    def evidence(self, on: date) -> dict[str, Evidence]:
        """What lies behind the company's criteria: of every one where that is at hand."""
        if self.is_kept(on):
            at_hand = kept.kept_evidence(self.reading, self.model, on)
            return at_hand or {VALIDITY: self.heard_from(on)}
        return {one.id: self.seen(on).evidence(on, one.metric) for one in self.model.criteria}

    def heard_from(self, on: date) -> Evidence:
        """Which sources gave a sign of life lately."""
        units = self.structure.ledger.records.units
        since = datetime.combine(on, time.min, tzinfo=UTC) - LONGEST_SILENCE
        records = Records(units=units, sources=doors.sources(), heartbeats=doors.heartbeats(since))
        ledger = Ledger(records, self.model)
        seen = Known(ledger).ledger_at(on) if self.reading == Reading.KNOWN else ledger
        return seen.evidence(on, self.model.by_id[VALIDITY].metric)

    def company(self, as_of: date) -> str:
        cut = self.structure.cut(as_of)
        rows = organisation.companies()
        if self.reading == Reading.KNOWN:
            rows = [row for row in rows if cut is not None and row.recorded_at < cut]
        return rows[-1].name if rows else ""

    def keep(self) -> int:
        """Keeps what was counted of days that are over; answers how many."""
        days, self.counted = self.counted, {}
        self.found |= days
        return kept.keep(self.reading, self.model, days, counted_at=self.looks.until)
