"""Reading `known`: every Monday with the records that had been recorded before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from maturity.appraisals.derivation import Derived, Live, monday_reached
from maturity.facts.ledger import Day, Ledger
from maturity.scoring import walk
from maturity.scoring.walk import Walked


class Known:
    """The past as it was known. Weeks to which nothing was added later share one ledger.

    A unit looks at what was recorded before its own midnight, the company before the last one.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        belated = [(at, recorded) for at, recorded in ledger.records.moments() if recorded > at]
        self.happened = sorted(at for at, _ in belated)
        self.recorded = sorted(recorded for _, recorded in belated)
        self._last: tuple[datetime, Ledger] | None = None

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

    def recorded_before(self, cut: datetime | None) -> Ledger:
        """What was known at `cut`, and nothing else."""
        records = self.ledger.records
        known = records.recorded_before(cut) if cut else type(records)()
        return Ledger(known, self.ledger.model)

    def ledger_at(self, on: date) -> Ledger:
        return self.recorded_before(self.cut(on))

    def ledger_before(self, cut: datetime) -> Ledger:
        """One that says the same of the time before `cut`."""
        if self.is_complete(cut):
            return self.ledger
        if self._last is None or self._last[0] != cut:
            self._last = cut, self.recorded_before(cut)
        return self._last[1]

    def day(self, on: date) -> Day:
        """The company as known at its last midnight, each unit as known at its own."""
        cut = self.cut(on)
        if cut is None:
            return self.recorded_before(None).day(on)
        day = self.ledger_before(cut).day(on)
        earlier = {unit.unit: unit.cut for unit in day.units if unit.cut < cut}
        for unit, own in sorted(earlier.items(), key=lambda pair: pair[1]):
            day = with_unit(day, unit, self.ledger_before(own).day(on))
        return day

    def weeks(self, until: date) -> Iterator[tuple[date, Day]]:
        for monday in self.ledger.mondays(until):
            cut = self.cut(monday)
            if cut is not None and monday in self.ledger_before(cut).mondays(monday):
                yield monday, self.day(monday)

    def steps(self, until: date) -> Iterator[tuple[date, Walked, Day]]:
        """Every Monday evaluated, with where everybody stood after it."""
        walked = walk.start(self.ledger.model)
        for monday, day in self.weeks(until):
            walked = walk.step(self.ledger.model, walked, day.week)
            yield monday, walked, day

    def derive(self, as_of: date, *, now: datetime, live: Live) -> Derived:
        monday = monday_reached(self.ledger_at(as_of), as_of, now)
        walked = walk.start(self.ledger.model)
        for _, standing, _ in self.steps(monday):
            walked = standing
        day = self.day(as_of)
        return Derived(self.ledger.model, as_of, day, walked, as_of != monday, live)


def with_unit(day: Day, unit: UUID, own: Day) -> Day:
    """`day` with what `unit` itself knew."""
    if unit not in own.shown:
        return day
    key, units = str(unit), dict(day.week.units)
    units.pop(key, None)
    if key in own.week.units:
        units[key] = own.week.units[key]
    ordered = {str(one.unit): units[str(one.unit)] for one in day.units if str(one.unit) in units}
    week = replace(day.week, units=ordered)
    return replace(day, week=week, shown={**day.shown, unit: own.shown[unit]})
