"""Reading `known`: every Monday with the records that had been recorded before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from maturity.facts import spans
from maturity.facts.ledger import Day, Ledger
from maturity.facts.organisation import UnitAt
from maturity.facts.records import Records, structure


class Known:
    """The past as it was known. Weeks to which nothing was added later share one ledger.

    A unit looks at what was recorded before its own midnight, the company before the last one.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.model = ledger, ledger.model
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
        first = records.first_recorded_at
        nothing = cut is None or first is None or first >= cut
        known = type(records)() if cut is None or nothing else records.recorded_before(cut)
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

    def units_at(self, on: date) -> list[UnitAt]:
        return self.ledger_at(on).units_at(on)

    def mondays(self, until: date) -> list[date]:
        """From the first that could be evaluated with what was known at it: so can all later ones.

        More knowledge never makes the first record later.
        """
        found = self.ledger.mondays(until)
        first = next((n for n, monday in enumerate(found) if self.is_evaluated(monday)), len(found))
        return found[first:]

    def is_evaluated(self, monday: date) -> bool:
        cut = self.cut(monday)
        return cut is not None and monday in self.ledger_before(cut).mondays(monday)


class KnownAround(Known):
    """The same of a large house: what was known at a midnight is read from the records around it.

    units: the dated versions of units. mondays_now: the Mondays of the walk as known now.
    """

    def __init__(self, units: Ledger, mondays_now: Callable[[date], list[date]]) -> None:
        super().__init__(units)
        self.mondays_now = mondays_now

    @cached_property
    def structure(self) -> Records:
        return structure()

    def is_complete(self, cut: datetime) -> bool:
        """Nobody looks whether it is: what was known is read in any case."""
        return False

    def recorded_before(self, cut: datetime | None) -> Ledger:
        records = Records() if cut is None else spans.read_known(cut, self.model)
        return Ledger(records, self.model)

    def mondays(self, until: date) -> list[date]:
        found = self.mondays_now(until)
        first = next((n for n, monday in enumerate(found) if self.is_evaluated(monday)), len(found))
        return found[first:]

    def is_evaluated(self, monday: date) -> bool:
        cut = self.cut(monday)
        if cut is None:
            return False
        known = spans.beginnings(self.structure, cut)
        return monday in Ledger(known, self.model).mondays(monday)


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
