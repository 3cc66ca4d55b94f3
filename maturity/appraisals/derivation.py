"""Walks every Monday up to a day and says where the company and its units stand then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from maturity.appraisals import walking
from maturity.appraisals.exempting import NOTHING, Exempted
from maturity.appraisals.walking import Stride, Way
from maturity.facts.ledger import Day
from maturity.facts.organisation import UnitAt
from maturity.scoring import gates, stages, walk
from maturity.scoring.definition import Criterion, Model
from maturity.scoring.gates import Measured, Outcome
from maturity.scoring.stages import Standing
from maturity.scoring.walk import Walked

OPENS = (Outcome.MET, Outcome.HELD)
UnitsAt = Callable[[date], Iterable[UnitAt]]
Live = Mapping[UUID | None, int]  # unit (None: the company) -> evaluations made live


@dataclass(frozen=True)
class Derived:
    """The appraisal of one day before it is put into words.

    walked: after the last Monday; day: the figures of the day itself; is_preview: as_of is no
    Monday that has come. plain: the same walk without exemptions; None where there was none.
    aside: the exemptions.
    """

    model: Model
    as_of: date
    day: Day
    walked: Walked
    is_preview: bool
    live: Live
    plain: Walked | None = None
    aside: Exempted = NOTHING

    def plain_stage(self, unit: UUID | None) -> int | None:
        """Where it would stand without exemptions."""
        walked = self.plain or self.walked
        standing = walked.company if unit is None else walked.units.get(str(unit))
        return standing.stage if standing else None

    @property
    def last_monday(self) -> date:
        """The last one walked; the Monday up to `as_of` where none was."""
        walked = self.walked.company.stages_at
        return walked[-1][0] if walked else last_monday(self.as_of)

    def is_provisional(self, unit: UUID | None) -> bool:
        """Until enough evaluations were made live; replayed ones never are."""
        return self.live.get(unit, 0) < self.model.walk.live


def last_monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def outcomes(
    derived: Derived, standing: Standing, figures: Mapping[str, Measured]
) -> dict[str, Outcome]:
    """What a preview shows: the numbers of that day against the gates of the last Monday."""
    model = derived.model
    found = {
        criterion.id: gates.outcome(
            criterion,
            standing.gates[criterion.id],
            figures[criterion.id],
            gates.judge(criterion, figures[criterion.id], model.walk),
        )
        for criterion in model.criteria
    }
    return found | dict.fromkeys(standing.exempt, Outcome.NOT_APPLICABLE)


def reading(
    criterion: Criterion, measured: Measured, outcome: Outcome, model: Model
) -> dict[str, Any]:
    """One criterion, as the API and the command show it."""
    verdict = gates.judge(criterion, measured, model.walk)
    return {
        "id": criterion.id,
        "dimension": criterion.dimension or None,
        "gate": criterion.is_gate or criterion.id == stages.VALIDITY,
        "outcome": outcome.value,
        "k": measured.k,
        "n": measured.n,
        "value": verdict.value,
        "lower": verdict.lower,
        "upper": verdict.upper,
        "enter": measured.enter,
        "stay": measured.stay,
        "minimum": measured.minimum,
        "next_action": None if outcome in OPENS else criterion.words["en"].action,
    }


def described(
    derived: Derived,
    standing: Standing,
    figures: Mapping[str, Measured],
    found: Mapping[str, Outcome],
    *,
    unit: UUID | None = None,
) -> dict[str, Any]:
    """Stage, blocking, criteria and transitions of the company or of one unit."""
    model = derived.model
    return {
        "stage": staged(derived, standing, unit),
        "blocking": stages.blocking(model, standing),
        "criteria": [
            reading(criterion, figures[criterion.id], found[criterion.id], model)
            for criterion in model.criteria
        ],
        "transitions": [
            {
                "at": change.at.isoformat(),
                "from": change.came_from,
                "to": change.to,
                "causes": list(change.causes),
            }
            for change in standing.transitions
        ],
    }


class Days(walking.Days, Protocol):
    """Besides: who is there on a day."""

    def units_at(self, day: date, /) -> list[UnitAt]: ...


def staged(derived: Derived, standing: Standing, unit: UUID | None) -> dict[str, Any]:
    """The stage; while a gate is exempted, also the one without."""
    model = derived.model
    said: dict[str, Any] = {
        "number": standing.stage,
        "key": model.stage(standing.stage).key,
        "provisional": derived.is_provisional(unit),
        "at_risk": stages.is_at_risk(model, standing),
        "exempt": bool(standing.exempt),
    }
    if not standing.exempt:
        return said
    plain = derived.plain_stage(unit)
    without = {"number": plain, "key": model.stage(plain).key}
    return said | {"exemptions": sorted(standing.exempt), "without_exemptions": without}


def monday_reached(units_at: UnitsAt, as_of: date, now: datetime) -> date:
    """The last Monday up to `as_of` that has begun in every unit."""
    monday = last_monday(as_of)
    while any(unit.cut > now for unit in units_at(monday)):
        monday -= timedelta(days=7)
    return monday


def derive(
    days: Days,
    as_of: date,
    *,
    now: datetime,
    live: Live,
    units_at: UnitsAt | None = None,
    exempted: Exempted = NOTHING,
    stride_at: Callable[[date], Stride] | None = None,
) -> Derived:
    """Gates and stages are those of the last Monday, the figures those of `as_of` itself.

    units_at: the units of a day, where `days` would have to count first. stride_at: where everybody
    stood after that Monday, where it is not walked here from the beginning.
    """
    monday = monday_reached(units_at or days.units_at, as_of, now)
    stride = stride_at(monday) if stride_at else Way(days, monday, exempted).end()
    day = exempted.day(days.day(as_of))
    is_preview = as_of != monday
    return Derived(days.model, as_of, day, stride.walked, is_preview, live, stride.plain, exempted)


def company(derived: Derived) -> dict[str, Any]:
    walked, week = derived.walked, derived.day.week
    figures = walk.company_figures(derived.model, week, walked.units)
    found = dict(walked.outcomes)
    if derived.is_preview or not found:
        found = outcomes(derived, walked.company, figures)
    return described(derived, walked.company, figures, found)


def unit(derived: Derived, key: UUID) -> dict[str, Any]:
    walked, figures = derived.walked, derived.day.shown[key]
    standing = walked.units.get(str(key)) or walk.fresh(derived.model)
    found = dict(walked.unit_outcomes.get(str(key), {}))
    if derived.is_preview or not found:
        found = outcomes(derived, standing, figures)
    return described(derived, standing, figures, found, unit=key)


def appraisal(derived: Derived, *, reading: str) -> dict[str, Any]:
    """The whole object of `manage.py appraise` and of the API."""
    units = [{"id": one.key, **unit(derived, one.unit)} for one in derived.day.units]
    return {**headed(derived, reading), **company(derived), "units": units}


def unit_appraisal(derived: Derived, one: UnitAt, *, reading: str) -> dict[str, Any]:
    """The same object of one unit by itself."""
    return {**headed(derived, reading), "unit": one.key, **unit(derived, one.unit), "units": []}


def headed(derived: Derived, reading: str) -> dict[str, Any]:
    return {
        "as_of": derived.as_of.isoformat(),
        "reading": reading,
        "preview": derived.is_preview,
        "model": {"version": derived.model.version, "sha256": derived.model.sha256},
    }
