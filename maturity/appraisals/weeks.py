"""The figures of the weeks that lie behind a day: what a trend is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from maturity.appraisals.derivation import Days
from maturity.appraisals.models import Reading
from maturity.scoring.definition import Model
from maturity.scoring.gates import Measured
from maturity.scoring.walk import ORGANISED_DISTRIBUTION, Walked

THREE_YEARS = timedelta(days=3 * 366)

Figure = tuple[date, int, int | None]  # the Monday, k, n
Series = Mapping[str, tuple[Figure, ...]]  # by criterion


@dataclass(frozen=True)
class Weeks:
    """k and n of every Monday of three years, oldest first: the company's and each unit's."""

    company: Series = field(default_factory=dict)
    units: Mapping[UUID, Series] = field(default_factory=dict)

    def of(self, unit: UUID | None) -> Series:
        return self.company if unit is None else self.units.get(unit, {})


class _Gathered:
    """Series while they grow."""

    def __init__(self) -> None:
        self.found: dict[UUID | None, dict[str, list[Figure]]] = {}

    def add(self, unit: UUID | None, criterion: str, figure: Figure) -> None:
        self.found.setdefault(unit, {}).setdefault(criterion, []).append(figure)

    def add_all(self, unit: UUID | None, on: date, figures: Mapping[str, Measured]) -> None:
        for criterion, measured in figures.items():
            self.add(unit, criterion, (on, measured.k, measured.n))

    def weeks(self) -> Weeks:
        done = {
            unit: {criterion: tuple(figures) for criterion, figures in of.items()}
            for unit, of in self.found.items()
        }
        return Weeks(
            company=done.get(None, {}),
            units={unit: of for unit, of in done.items() if unit is not None},
        )


def corrected_weeks(days: Days, walked: Walked, until: date) -> Weeks:
    """Every Monday of the walk, as known now; the walk has counted these days already."""
    gathered = _Gathered()
    for on in days.mondays(until):
        if until - on > THREE_YEARS:
            continue
        week = days.day(on).week
        for unit, figures in week.units.items():
            gathered.add_all(UUID(unit), on, figures)
        pooled = dict(week.company)
        if len(week.units) > 1:
            pooled[ORGANISED_DISTRIBUTION] = _distribution(days.model, week.units, walked, on)
        gathered.add_all(None, on, pooled)
    return gathered.weeks()


def _distribution(model: Model, units: Iterable[str], walked: Walked, on: date) -> Measured:
    """S5-COV of a company of several units: those that coordinated that Monday."""
    wanted = model.by_id[ORGANISED_DISTRIBUTION].number("stage")
    stood = (dict(walked.units[unit].stages_at).get(on) for unit in units if unit in walked.units)
    assessed = [stage for stage in stood if stage is not None]
    return Measured(k=sum(stage >= wanted for stage in assessed), n=len(assessed), enter=0, stay=0)


def kept_weeks(until: date) -> Weeks:
    """The same as it was known: what was stored on each Monday."""
    gathered = _Gathered()
    rows = Reading.objects.filter(
        appraisal__as_of__lte=until, appraisal__as_of__gte=until - THREE_YEARS
    ).order_by("appraisal__as_of", "pk")
    fields = ("appraisal__unit", "criterion", "appraisal__as_of", "k", "n")
    for unit, criterion, on, k, n in rows.values_list(*fields).iterator():
        gathered.add(unit, criterion, (on, k, n))
    return gathered.weeks()
