"""The figures of the weeks that lie behind a day: what a trend is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from maturity.appraisals.models import Reading
from maturity.facts.packing import Pair, Pairs
from maturity.scoring.definition import Model
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

    def add_all(self, unit: UUID | None, on: date, figures: Mapping[str, Pair]) -> None:
        of = self.found.setdefault(unit, {})
        for criterion, (k, n) in figures.items():
            of.setdefault(criterion, []).append((on, k, n))

    def weeks(self) -> Weeks:
        done = {
            unit: {criterion: tuple(figures) for criterion, figures in of.items()}
            for unit, of in self.found.items()
        }
        return Weeks(
            company=done.get(None, {}),
            units={unit: of for unit, of in done.items() if unit is not None},
        )


class Figures(Protocol):
    """Days that tell k and n of every criterion, without more."""

    @property
    def model(self) -> Model: ...
    def mondays(self, until: date) -> list[date]: ...
    def figures(self, on: date) -> Pairs: ...


def corrected_weeks(days: Figures, walked: Walked, until: date) -> Weeks:
    """Every Monday of the walk, as known now."""
    gathered = _Gathered()
    stood = {unit: dict(standing.stages_at) for unit, standing in walked.units.items()}
    for on in days.mondays(until):
        if until - on > THREE_YEARS:
            continue
        figures = days.figures(on)
        units = [unit for unit in figures if unit is not None]
        for unit in units:
            gathered.add_all(UUID(unit), on, figures[unit])
        pooled = dict(figures[None])
        if len(units) > 1:
            stages = [stood[unit].get(on) for unit in units if unit in stood]
            pooled[ORGANISED_DISTRIBUTION] = _distribution(days.model, stages)
        gathered.add_all(None, on, pooled)
    return gathered.weeks()


def _distribution(model: Model, stages: Iterable[int | None]) -> Pair:
    """S5-COV of a company of several units: those that coordinated that Monday."""
    wanted = model.by_id[ORGANISED_DISTRIBUTION].number("stage")
    assessed = [stage for stage in stages if stage is not None]
    return sum(stage >= wanted for stage in assessed), len(assessed)


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
