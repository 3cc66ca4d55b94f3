"""What the executive page says, put together from one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from maturity.appraisals import derivation
from maturity.appraisals.derivation import OPENS, Derived
from maturity.appraisals.services import Picture
from maturity.executive.charts import Gauge, Segment, Trend, curve, gauge, trend
from maturity.facts.evidence import Evidence
from maturity.facts.organisation import UnitAt
from maturity.scoring import gates, stages, walk
from maturity.scoring.definition import Criterion, Kind, Model, Stage, Words
from maturity.scoring.gates import GateState, Measured, Outcome, Verdict
from maturity.scoring.stages import UNIT_COVERAGE, Standing

EFFORTS = ("low", "medium", "high")
UNKNOWN = (Outcome.INSUFFICIENT, Outcome.NO_SOURCE, Outcome.ERROR)


@dataclass(frozen=True)
class Row:
    """One criterion as the page shows it."""

    criterion: Criterion
    words: Words
    outcome: Outcome
    measured: Measured
    verdict: Verdict
    gate: GateState
    gauge: Gauge | None
    figure: str
    threshold: str
    missing: str
    distance: float
    evidence: Evidence | None = None

    @property
    def is_open(self) -> bool:
        return self.gate.is_open

    @property
    def is_unknown(self) -> bool:
        return self.outcome in UNKNOWN


@dataclass(frozen=True)
class Change:
    on: date
    came_from: Stage
    to: Stage
    is_up: bool
    causes: Sequence[str]


@dataclass(frozen=True)
class Cell:
    """A unit's criteria in one dimension; without any known outcome: not enough data."""

    rows: Sequence[Row]

    @property
    def known(self) -> Sequence[Row]:
        return [row for row in self.rows if not row.is_unknown]

    @property
    def met(self) -> int:
        return sum(row.outcome in OPENS for row in self.rows)


@dataclass(frozen=True)
class GridLine:
    key: str
    name: str
    stage: Stage
    at_risk: bool
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Page:
    picture: Picture
    model: Model
    name: str
    unit: str | None
    standing: Standing
    stage: Stage
    next_stage: Stage | None
    rows: Sequence[Row]
    curve: Sequence[Segment]
    trend: Trend | None
    changes: Sequence[Change]
    dimensions: Sequence[str]
    grid: Sequence[GridLine]
    coverage_blocks: bool
    is_at_risk: bool
    is_provisional: bool
    is_empty: bool
    path: Sequence[Row] = field(default_factory=tuple)

    @property
    def source(self) -> Row:
        return self.rows[0]

    @property
    def wanted(self) -> Sequence[Row]:
        """The gates of the next stage."""
        if self.next_stage is None:
            return []
        return [
            row
            for row in self.rows
            if row.criterion.is_gate and row.criterion.stage == self.next_stage.number
        ]

    @property
    def met(self) -> int:
        return sum(row.is_open for row in self.wanted)

    @property
    def by_stage(self) -> Sequence[tuple[Stage, Sequence[Row]]]:
        return [
            (stage, [row for row in self.rows if row.criterion.stage == stage.number])
            for stage in self.model.stages
        ]


def language() -> str:
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def percent(share: float) -> str:
    return _("%(number)s %%") % {"number": number_format(100 * share, 0)}


def plain(number: float) -> str:
    return number_format(number, 0 if number == int(number) else 1)


def figure(measured: Measured, verdict: Verdict) -> str:
    if measured.n is None:
        return plain(measured.k)
    if verdict.value is None:
        return _("none yet")
    of = {"k": number_format(measured.k), "n": number_format(measured.n)}
    return _("%(k)s of %(n)s") % of + f" · {percent(verdict.value)}"


def threshold(criterion: Criterion, measured: Measured) -> str:
    shown = plain if criterion.kind is Kind.COUNT else percent
    said = {"enter": shown(measured.enter), "stay": shown(measured.stay)}
    return _("opens at %(enter)s, is lost below %(stay)s") % said


def distance(measured: Measured, verdict: Verdict, state: GateState, needed: int) -> float:
    """0 when only confirmations are missing, 1 when everything is."""
    if verdict.at_enter:
        return 0.01 * (needed - state.confirmations)
    reached = verdict.lower if verdict.lower is not None else (verdict.value or 0.0)
    short = max(0.0, 1 - reached / measured.enter) if measured.enter else 0.0
    sample = measured.n if measured.sample is None else measured.sample
    few = 1 - min(1.0, (sample or 0) / measured.minimum) if measured.minimum else 0.0
    return max(short, few, 0.05)


def missing(
    criterion: Criterion, measured: Measured, verdict: Verdict, state: GateState, model: Model
) -> str:
    """What the gate still lacks, in one line."""
    if state.is_open:
        losses = state.losses
        said = ngettext("%(n)s loss counted of %(all)s", "%(n)s losses counted of %(all)s", losses)
        return said % {"n": losses, "all": model.walk.losses} if losses else ""
    if not measured.has_source:
        return _("Nothing of this kind has been recorded yet.")
    if verdict.at_enter:
        counted = {"n": state.confirmations, "all": model.walk.confirmations}
        return _("Reached; %(n)s of %(all)s weekly confirmations.") % counted
    return not_reached(criterion, measured, verdict)


def not_reached(criterion: Criterion, measured: Measured, verdict: Verdict) -> str:
    if verdict.too_small:
        sample = measured.n if measured.sample is None else measured.sample
        cases = {"n": number_format(sample or 0), "minimum": number_format(measured.minimum or 0)}
        return _("%(n)s cases so far, %(minimum)s are needed to judge.") % cases
    reached = verdict.lower if verdict.lower is not None else (verdict.value or 0.0)
    if reached >= measured.enter:
        return _("The number is reached; a further condition is not.")
    shown = plain if criterion.kind is Kind.COUNT else percent
    said = {"now": shown(reached), "enter": shown(measured.enter)}
    if verdict.lower is not None:
        return _("At least %(now)s for sure, %(enter)s is needed.") % said
    return _("%(now)s now, %(enter)s is needed.") % said


def rows(
    derived: Derived,
    standing: Standing,
    figures: Mapping[str, Measured],
    outcomes: Mapping[str, Outcome],
    evidence: Mapping[str, Evidence],
) -> list[Row]:
    model, said = derived.model, []
    for criterion in model.criteria:
        measured, state = figures[criterion.id], standing.gates[criterion.id]
        verdict = gates.judge(criterion, measured, model.walk)
        shown = gauge(verdict.value, verdict.lower, verdict.upper, measured.enter, measured.stay)
        said.append(
            Row(
                criterion=criterion,
                words=criterion.words[language()],
                outcome=outcomes[criterion.id],
                measured=measured,
                verdict=verdict,
                gate=state,
                gauge=shown,
                figure=figure(measured, verdict),
                threshold=threshold(criterion, measured),
                missing=missing(criterion, measured, verdict, state, model),
                distance=distance(measured, verdict, state, model.walk.confirmations),
                evidence=evidence.get(criterion.id),
            )
        )
    return said


def of_unit(derived: Derived, unit: UUID) -> tuple[Standing, list[Row]]:
    standing = derived.walked.units.get(str(unit)) or walk.fresh(derived.model)
    figures = derived.day.shown[unit]
    outcomes = derived.walked.unit_outcomes.get(str(unit), {})
    if derived.is_preview or not outcomes:
        outcomes = derivation.outcomes(derived, standing, figures)
    return standing, rows(derived, standing, figures, outcomes, {})


def of_company(picture: Picture) -> tuple[Standing, list[Row]]:
    derived = picture.derived
    standing = derived.walked.company
    figures = walk.company_figures(derived.model, derived.day.week, derived.walked.units)
    outcomes = derived.walked.outcomes
    if derived.is_preview or not outcomes:
        outcomes = derivation.outcomes(derived, standing, figures)
    return standing, rows(derived, standing, figures, outcomes, picture.evidence)


def grid_line(derived: Derived, unit: UnitAt) -> GridLine:
    standing, found = of_unit(derived, unit.unit)
    cells = [
        Cell([row for row in found if row.criterion.dimension == dimension])
        for dimension in derived.model.dimensions
    ]
    stage = derived.model.stage(standing.stage)
    at_risk = stages.is_at_risk(derived.model, standing)
    return GridLine(unit.key, unit.name, stage, at_risk, cells)


def changes(model: Model, standing: Standing) -> list[Change]:
    """Newest first."""
    names = {criterion.id: criterion.words[language()].name for criterion in model.criteria}
    names[UNIT_COVERAGE] = _("Coverage by units")
    return [
        Change(
            on=change.at,
            came_from=model.stage(change.came_from),
            to=model.stage(change.to),
            is_up=(change.to or 0) > (change.came_from or 0),
            causes=[names[cause] for cause in change.causes],
        )
        for change in reversed(standing.transitions)
    ]


def path_left(found: Sequence[Row], blocking: Sequence[str]) -> list[Row]:
    """What blocks the next stage, the nearest and easiest first."""
    left = [row for row in found if row.criterion.id in blocking]
    return sorted(
        left,
        key=lambda r: (round(r.distance, 1), EFFORTS.index(r.criterion.effort), r.distance),
    )


def page(picture: Picture, *, unit: UnitAt | None = None) -> Page:
    derived, model = picture.derived, picture.derived.model
    standing, found = of_unit(derived, unit.unit) if unit else of_company(picture)
    blocking = stages.blocking(model, standing)
    number = standing.stage
    following = None if number == model.top else model.stage((number or 0) + 1)
    return Page(
        picture=picture,
        model=model,
        name=unit.name if unit else picture.company,
        unit=unit.key if unit else None,
        standing=standing,
        stage=model.stage(number),
        next_stage=following if number is not None else None,
        rows=found,
        curve=curve(model, number),
        trend=trend(model, standing.stages_at, derived.as_of),
        changes=changes(model, standing),
        dimensions=[name[language()] for name in model.dimensions.values()],
        grid=[grid_line(derived, one) for one in derived.day.units],
        coverage_blocks=UNIT_COVERAGE in blocking,
        is_at_risk=stages.is_at_risk(model, standing),
        is_provisional=derived.is_provisional(unit.unit if unit else None),
        is_empty=not derived.day.units,
        path=path_left(found, blocking),
    )
