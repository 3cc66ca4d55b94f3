"""The days behind an appraisal: those whose facts are kept, the others counted from the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from conversations.channels import measures as doors
from crm.organisation import measures as organisation
from maturity.appraisals.derivation import last_monday
from maturity.appraisals.known import Known
from maturity.facts import kept
from maturity.facts.evidence import Evidence
from maturity.facts.kept import KeptDay, Looks
from maturity.facts.ledger import Day, Ledger
from maturity.facts.models import Reading
from maturity.facts.organisation import UnitAt
from maturity.facts.records import Records, read
from maturity.scoring.definition import Model
from maturity.scoring.stages import VALIDITY

WEEK = timedelta(days=7)
LONGEST_SILENCE = timedelta(days=40)  # more than S1-INS looks back


class Past:
    """One reading of the past, asked for days and for the Mondays of the walk.

    Whatever is not kept is counted from all records, which are read once and only then.
    """

    def __init__(
        self, reading: Reading, model: Model, *, now: datetime, records: Records | None = None
    ) -> None:
        self.reading, self.model, self.now = reading, model, now
        self.looks = Looks(now)
        self.found: dict[date, KeptDay] = {}
        self.asked: set[date] = set()
        self.counted: dict[date, KeptDay] = {}
        self._given = records

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

    def at(self, on: date) -> KeptDay:
        self.load([on])
        return self.found.get(on) or self.count(on)

    def day(self, on: date) -> Day:
        return self.at(on).day

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
    def records(self) -> Records:
        return read() if self._given is None else self._given

    def share_records_of(self, other: Past) -> None:
        """Reads them once for both readings."""
        self.__dict__["ledger"] = other.ledger
        self.__dict__["records"] = other.records

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.records, self.model)

    @cached_property
    def known(self) -> Known:
        return Known(self.ledger)

    @property
    def has_read(self) -> bool:
        """Whether the records were needed."""
        return "ledger" in self.__dict__

    def seen(self, on: date) -> Ledger:
        """What this reading of that day rests on."""
        return self.known.ledger_at(on) if self.reading == Reading.KNOWN else self.ledger

    def count(self, on: date) -> KeptDay:
        if self.reading == Reading.KNOWN and self.structure.cut(on) is None:
            return KeptDay(self.structure.day(on), None, has_imports=False)  # nothing was known
        if on not in self.counted:
            source: Known | Ledger = self.known if self.reading == Reading.KNOWN else self.ledger
            begins = next(iter(source.mondays(last_monday(on))), None)
            self.counted[on] = KeptDay(source.day(on), begins, self.has_imports(on))
        return self.counted[on]

    def count_with_evidence(self, on: date) -> None:
        """Counts the day's facts, and what lies behind the company's."""
        seen = self.seen(on)
        found = {one.id: seen.evidence(on, one.metric) for one in self.model.criteria}
        self.counted[on] = replace(self.count(on), evidence=found)

    def has_imports(self, on: date) -> bool:
        since = self.records.imported_since
        if self.reading == Reading.CORRECTED or since is None:
            return since is not None
        cut = self.known.cut(on)
        return cut is not None and since < cut

    # --- what is small enough to be read each time ---

    @cached_property
    def structure(self) -> Known:
        """The dated versions of units alone."""
        return Known(Ledger(Records(units=organisation.units()), self.model))

    def units_at(self, on: date, *, as_of: date) -> list[UnitAt]:
        """Units on that day, as this reading of `as_of` sees them."""
        known = self.reading == Reading.KNOWN
        ledger = self.structure.ledger_at(as_of) if known else self.structure.ledger
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
