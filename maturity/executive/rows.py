"""One criterion as the page shows it: figure, threshold, what is missing, its trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from maturity.appraisals import derivation
from maturity.appraisals.derivation import Derived
from maturity.appraisals.services import Picture
from maturity.appraisals.weeks import Series
from maturity.executive import discretion, wording
from maturity.executive.charts import Gauge, Line, gauge, line
from maturity.facts.evidence import Evidence
from maturity.scoring import gates, walk
from maturity.scoring.definition import Criterion, Words
from maturity.scoring.gates import GateState, Measured, Outcome, Verdict
from maturity.scoring.stages import Standing

UNKNOWN = (Outcome.INSUFFICIENT, Outcome.NO_SOURCE, Outcome.ERROR)


@dataclass(frozen=True)
class Row:
    """is_withheld: a group of fewer than five people, whose figure is not shown apart."""

    criterion: Criterion
    words: Words
    outcome: Outcome
    measured: Measured
    verdict: Verdict
    gate: GateState
    gauge: Gauge | None
    line: Line | None
    figure: str
    interval: str
    threshold: str
    missing: str
    distance: float
    is_withheld: bool
    evidence: Evidence | None = None

    @property
    def is_open(self) -> bool:
        return self.gate.is_open

    @property
    def is_exempt(self) -> bool:
        """Set aside: it counts as open, whatever its gate does."""
        return self.outcome is Outcome.NOT_APPLICABLE

    @property
    def is_unknown(self) -> bool:
        return self.outcome in UNKNOWN

    @property
    def outcome_word(self) -> str:
        return wording.outcome_word(self.outcome)

    @property
    def is_slipping(self) -> bool:
        """Open, and either losing or held up by too few cases."""
        return self.is_open and bool(self.gate.losses or self.gate.held)

    @property
    def trend(self) -> str:
        """The trend in words: what the drawing says."""
        return "" if self.line is None else self.line.said(self.criterion)


@dataclass(frozen=True)
class Subject:
    """The company (unit is None) or one unit, on the day of a picture."""

    unit: UUID | None
    standing: Standing
    figures: Mapping[str, Measured]
    outcomes: Mapping[str, Outcome]
    series: Series
    evidence: Mapping[str, Evidence]
    withheld: frozenset[str]

    def at_a_glance(self) -> Subject:
        """Without its past, for those who draw no trend."""
        return replace(self, series={})


def distance(measured: Measured, verdict: Verdict, state: GateState, needed: int) -> float:
    """0 when only confirmations are missing, 1 when everything is."""
    if verdict.at_enter:
        return 0.01 * (needed - state.confirmations)
    reached = verdict.lower if verdict.lower is not None else (verdict.value or 0.0)
    short = max(0.0, 1 - reached / measured.enter) if measured.enter else 0.0
    sample = measured.n if measured.sample is None else measured.sample
    few = 1 - min(1.0, (sample or 0) / measured.minimum) if measured.minimum else 0.0
    return max(short, few, 0.05)


def unit_subject(picture: Picture, unit: UUID) -> Subject:
    derived = picture.derived
    standing = derived.walked.units.get(str(unit)) or walk.fresh(derived.model)
    figures = derived.day.shown[unit]
    outcomes = derived.walked.unit_outcomes.get(str(unit), {})
    if derived.is_preview or not outcomes:
        outcomes = derivation.outcomes(derived, standing, figures)
    hidden = (
        name
        for name in discretion.OF_PEOPLE
        if unit in discretion.withheld(derived.day.shown, name)
    )
    series = picture.weeks.of(unit)
    return Subject(unit, standing, figures, outcomes, series, {}, frozenset(hidden))


def company_subject(picture: Picture) -> Subject:
    derived = picture.derived
    standing = derived.walked.company
    figures = walk.company_figures(derived.model, derived.day.week, derived.walked.units)
    outcomes = derived.walked.outcomes
    if derived.is_preview or not outcomes:
        outcomes = derivation.outcomes(derived, standing, figures)
    series = picture.weeks.of(None)
    return Subject(None, standing, figures, outcomes, series, picture.evidence, frozenset())


def rows(derived: Derived, subject: Subject) -> list[Row]:
    return [row(derived, subject, criterion) for criterion in derived.model.criteria]


def row(derived: Derived, subject: Subject, criterion: Criterion) -> Row:
    model, measured = derived.model, subject.figures[criterion.id]
    state = subject.standing.gates[criterion.id]
    verdict = gates.judge(criterion, measured, model.walk)
    hidden = criterion.id in subject.withheld
    few = wording.few_people()
    return Row(
        criterion=criterion,
        words=criterion.words[wording.language()],
        outcome=subject.outcomes[criterion.id],
        measured=measured,
        verdict=verdict,
        gate=state,
        gauge=None if hidden else gauge(verdict, measured.enter, measured.stay),
        line=None if hidden else line(subject.series.get(criterion.id, ()), measured),
        figure=few if hidden else wording.figure(measured, verdict),
        interval="" if hidden else wording.interval(verdict),
        threshold=wording.threshold(criterion, measured),
        missing=few if hidden else wording.missing(criterion, measured, verdict, state, model),
        distance=distance(measured, verdict, state, model.walk.confirmations),
        is_withheld=hidden,
        evidence=None if hidden else subject.evidence.get(criterion.id),
    )


def by_id(found: Sequence[Row]) -> dict[str, Row]:
    return {one.criterion.id: one for one in found}
