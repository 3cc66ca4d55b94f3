"""What if: other numbers or thresholds, held for half a year of Mondays. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from crm.errors import Invalid
from maturity.appraisals.derivation import Derived
from maturity.executive.rows import Subject
from maturity.facts.ledger import Day
from maturity.scoring import gates, stages, walk
from maturity.scoring.definition import Criterion, Kind
from maturity.scoring.gates import Measured, Outcome, Verdict
from maturity.scoring.stages import Standing, Transition
from maturity.scoring.walk import ORGANISED_DISTRIBUTION, Figures, Week

AHEAD = 26  # Mondays
LARGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Shift:
    """What is to be otherwise in one criterion; None stays as it is.

    conditions: every further condition of the criterion holds, or does not.
    """

    criterion: str
    k: int | None = None
    n: int | None = None
    enter: float | None = None
    stay: float | None = None
    conditions: bool | None = None


@dataclass(frozen=True)
class Judged:
    """A shifted criterion at the first of those Mondays."""

    criterion: Criterion
    measured: Measured
    verdict: Verdict
    outcome: Outcome


@dataclass(frozen=True)
class Outlook:
    """Where a subject stands after half a year of the same figures, and the steps until then."""

    stage: int | None
    steps: Sequence[Transition]
    blocking: Sequence[str]


@dataclass(frozen=True)
class WhatIf:
    """now: the stage today. without: when everything stays; then: with what was shifted."""

    now: int | None
    without: Outlook
    then: Outlook
    judged: Sequence[Judged]


def what_if(derived: Derived, subject: Subject, shifts: Sequence[Shift]) -> WhatIf:
    """Raises Invalid for a shift that makes no sense."""
    week, key = derived.day.week, subject.unit
    if key is not None and str(key) not in week.units:
        raise Invalid(_("this unit takes no part yet"), code="unit_takes_no_part")
    figures = dict(subject.figures)
    for shift in shifts:
        figures[shift.criterion] = shifted(derived, subject, shift)
    return WhatIf(
        now=subject.standing.stage,
        without=outlook(derived, key, derived.day),
        then=outlook(derived, key, replace(derived.day, week=placed(week, key, figures))),
        judged=[judged(derived, subject, figures, shift.criterion) for shift in shifts],
    )


def placed(week: Week, unit: UUID | None, figures: Figures) -> Week:
    if unit is None:
        return replace(week, company=figures)
    return replace(week, units={**week.units, str(unit): figures})


def outlook(derived: Derived, unit: UUID | None, day: Day) -> Outlook:
    """The walk goes on from the last Monday, every week with these figures; exemptions end."""
    walked, on = derived.walked, derived.last_monday
    for _week in range(AHEAD):
        on += timedelta(days=7)
        walked = walk.step(derived.model, walked, derived.aside.week_on(day, on))
    after = walked.company if unit is None else walked.units[str(unit)]
    steps = [step for step in after.transitions if step.at > derived.last_monday]
    return Outlook(after.stage, steps, stages.blocking(derived.model, after))


def judged(
    derived: Derived, subject: Subject, figures: Mapping[str, Measured], name: str
) -> Judged:
    criterion = derived.model.by_id[name]
    verdict = gates.judge(criterion, figures[name], derived.model.walk)
    state = gate_of(subject.standing, name)
    outcome = gates.outcome(criterion, state, figures[name], verdict)
    return Judged(criterion, figures[name], verdict, outcome)


def gate_of(standing: Standing, name: str) -> gates.GateState:
    return standing.gates[name]


def shifted(derived: Derived, subject: Subject, shift: Shift) -> Measured:
    criterion = derived.model.by_id.get(shift.criterion)
    if criterion is None:
        raise Invalid(_("there is no such criterion"), code="unknown_criterion")
    is_counted = shift.k is not None or shift.n is not None
    of_units = subject.unit is None and len(derived.day.week.units) > 1
    if criterion.id == ORGANISED_DISTRIBUTION and of_units and is_counted:
        raise Invalid(_("this one is counted from the stages of the units"), code="not_movable")
    if criterion.id in subject.withheld and (shift.k is None or shift.n is None):
        raise Invalid(_("fewer than five people: not shown apart"), code="withheld")
    return checked(criterion, moved(subject.figures[criterion.id], shift))


def moved(measured: Measured, shift: Shift) -> Measured:
    """What was not said stays. Who moves k also means what STAY looks at, and that there is a
    source; who moves n moves the sample that the minimum looks at."""
    if shift.n is not None and measured.n is None:
        raise Invalid(_("this one is a count: it has no n"), code="no_whole")
    found = measured
    if shift.k is not None:
        sample = None if measured.sample is None else max(measured.sample, shift.k)
        found = replace(found, k=shift.k, k_stay=None, has_source=True, sample=sample)
    if shift.n is not None:
        found = replace(found, n=shift.n, sample=None, has_source=True)
    if shift.enter is not None:
        found = replace(found, enter=shift.enter, stay=min(found.stay, shift.enter))
    if shift.stay is not None:
        found = replace(found, stay=shift.stay)
    if shift.conditions is not None:
        found = replace(found, clauses=shift.conditions, clauses_stay=shift.conditions)
    return found


def checked(criterion: Criterion, measured: Measured) -> Measured:
    wholes = [measured.k, *([] if measured.n is None else [measured.n])]
    if any(not 0 <= number <= LARGEST for number in wholes):
        raise Invalid(_("a number lies outside of what can be counted"), code="out_of_range")
    if measured.n is not None and measured.k > measured.n:
        raise Invalid(_("k cannot be more than n"), code="more_than_all")
    most = LARGEST if criterion.kind is Kind.COUNT else 1
    if not 0 < measured.enter <= most or not 0 <= measured.stay <= measured.enter:
        raise Invalid(
            _("a threshold lies outside of its scale, or STAY above ENTER"), code="out_of_range"
        )
    return measured
