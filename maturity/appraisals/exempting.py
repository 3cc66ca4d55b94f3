"""Gates that are set aside for a while, as the walk sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from maturity.facts.ledger import Day
from maturity.scoring.walk import Week

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exempting:
    """One exemption from its approval on. until: its last day; ended: somebody ended it earlier."""

    unit: UUID | None
    criterion: str
    since: datetime
    until: date
    ended: datetime | None = None

    def holds(self, on: date, cut: datetime) -> bool:
        has_ended = self.ended is not None and self.ended < cut
        return self.since < cut and on <= self.until and not has_ended


@dataclass(frozen=True)
class Exempted:
    """All of them. A unit looks at its own midnight, the company at the last one.

    An end is known when it comes and never before: so both readings of the past are the same.
    """

    rows: Sequence[Exempting] = ()

    def week(self, day: Day) -> Week:
        return self.week_on(day, day.week.on) if self.rows else day.week

    def week_on(self, day: Day, on: date) -> Week:
        """That day's figures on another day: what has ended by then is set aside no more."""
        cuts: dict[UUID | None, datetime] = {
            unit.unit: unit.clock.midnight(on) for unit in day.units
        }
        cuts[None] = max(cuts.values(), default=LONG_AGO)
        found: dict[str | None, set[str]] = {}
        for row in self.rows:
            if row.unit in cuts and row.holds(on, cuts[row.unit]):
                key = None if row.unit is None else str(row.unit)
                found.setdefault(key, set()).add(row.criterion)
        exempt = {key: frozenset(of) for key, of in found.items()}
        return replace(day.week, on=on, exempt=exempt)

    def day(self, day: Day) -> Day:
        return replace(day, week=self.week(day)) if self.rows else day


NOTHING = Exempted()


def digest(exempted: Exempted) -> str:
    """The same for the same exemptions, and for no others."""
    said = [
        f"{row.unit} {row.criterion} {row.since.isoformat()} {row.until} "
        f"{row.ended.isoformat() if row.ended else ''}"
        for row in exempted.rows
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
