"""Reading `known`: every Monday with the records that had been recorded before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime

from maturity.appraisals.derivation import Derived, Live, monday_reached
from maturity.facts.ledger import Day, Ledger
from maturity.scoring import walk
from maturity.scoring.walk import Walked


class Known:
    """The past as it was known. Weeks to which nothing was added later share one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        belated = [(at, recorded) for at, recorded in ledger.records.moments() if recorded > at]
        self.happened = sorted(at for at, _ in belated)
        self.recorded = sorted(recorded for _, recorded in belated)

    def cut(self, on: date) -> datetime | None:
        """The last midnight of the units that were known by then; None when none was."""
        cuts = (unit.cut for unit in self.ledger.units_at(on))
        versions = self.ledger.records.units
        return max(
            (cut for cut in cuts if any(row.recorded_at < cut for row in versions)), default=None
        )

    def is_complete(self, cut: datetime) -> bool:
        """Nothing that happened before `cut` was recorded at or after it."""
        return bisect_left(self.happened, cut) == bisect_left(self.recorded, cut)

    def ledger_at(self, on: date) -> Ledger:
        """What was known at that day's cut, and nothing else."""
        cut = self.cut(on)
        known = self.ledger.records.recorded_before(cut) if cut else type(self.ledger.records)()
        return Ledger(known, self.ledger.model)

    def weeks(self, until: date) -> Iterator[tuple[date, Day]]:
        for monday in self.ledger.mondays(until):
            cut = self.cut(monday)
            if cut is None:
                continue
            ledger = self.ledger if self.is_complete(cut) else self.ledger_at(monday)
            if monday in ledger.mondays(monday):
                yield monday, ledger.day(monday)

    def steps(self, until: date) -> Iterator[tuple[date, Walked, Day]]:
        """Every Monday evaluated, with where everybody stood after it."""
        walked = walk.start(self.ledger.model)
        for monday, day in self.weeks(until):
            walked = walk.step(self.ledger.model, walked, day.week)
            yield monday, walked, day

    def derive(self, as_of: date, *, now: datetime, live: Live) -> Derived:
        ledger = self.ledger_at(as_of)
        monday = monday_reached(ledger, as_of, now)
        walked = walk.start(self.ledger.model)
        for _, standing, _ in self.steps(monday):
            walked = standing
        day = ledger.day(as_of)
        return Derived(self.ledger.model, as_of, day, walked, as_of != monday, live)
