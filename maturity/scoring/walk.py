"""The walk over all Mondays: every week moves the gates, then the targets, then the stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from maturity.scoring import gates, joining, stages
from maturity.scoring.definition import Model
from maturity.scoring.gates import GateState, Measured, Outcome
from maturity.scoring.stages import UNASSESSED_RANK, VALIDITY, Standing, Transition

ORGANISED_DISTRIBUTION = "S5-COV"
Figures = Mapping[str, Measured]


@dataclass(frozen=True)
class Week:
    """All figures of one evaluation. needing: conversations needing an answer due in W, a unit.

    Units stand in a stable order. The company's S5-COV is filled in by the walk when it has
    several units, since it counts their stages after this week's moves. exempt: gates set aside
    this week, by unit; None is the company.
    """

    on: date
    company: Figures
    units: Mapping[str, Figures]
    needing: Mapping[str, int]
    exempt: Mapping[str | None, frozenset[str]] = field(default_factory=dict)

    def exempt_of(self, unit: str | None) -> frozenset[str]:
        return self.exempt.get(unit, frozenset())


@dataclass(frozen=True)
class Walked:
    """Where everybody stands after the weeks walked so far, with the last week's outcomes."""

    company: Standing
    units: Mapping[str, Standing]
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    unit_outcomes: Mapping[str, Mapping[str, Outcome]] = field(default_factory=dict)


def fresh(model: Model) -> Standing:
    return Standing(gates={criterion.id: GateState() for criterion in model.criteria})


def start(model: Model) -> Walked:
    return Walked(company=fresh(model), units={})


def move_gates(
    model: Model, standing: Standing, figures: Figures, *, on: date, exempt: frozenset[str]
) -> tuple[dict[str, GateState], dict[str, Outcome]]:
    """Exempted gates are walked like the others; only their outcome is not told."""
    states, outcomes = {}, {}
    for criterion in model.criteria:
        states[criterion.id], outcomes[criterion.id] = gates.move(
            criterion, standing.gates[criterion.id], figures[criterion.id], model.walk, on=on
        )
    return states, outcomes | dict.fromkeys(exempt, Outcome.NOT_APPLICABLE)


def settle(
    model: Model,
    before: Standing,
    states: Mapping[str, GateState],
    *,
    on: date,
    allowed: int,
    exempt: frozenset[str] = frozenset(),
) -> Standing:
    """Target and stage after the gates moved; a change becomes a transition with its causes."""
    moved = replace(before, gates=states, exempt=exempt)
    reached = stages.target(model, [gate for gate in states if moved.is_open(gate)])
    aim = min(reached, allowed)
    stage = stages.next_stage(before.stage, aim, is_assessed=states[VALIDITY].is_open)
    after = replace(
        moved,
        stage=stage,
        reached=reached,
        target=aim,
        stages_at=(*before.stages_at, (on, stage)),
        heading=stages.heading_after(before, stage),
    )
    if stage == before.stage:
        return after
    change = Transition(on, before.stage, stage, stages.causes(model, before, after))
    return replace(after, transitions=(*before.transitions, change))


def distribution(model: Model, measured: Measured, units: Mapping[str, Standing]) -> Measured:
    """S5-COV of a company of several units: those that coordinate, of those assessed."""
    assessed = [unit.stage for unit in units.values() if unit.stage is not None]
    wanted = model.by_id[ORGANISED_DISTRIBUTION].number("stage")
    return replace(measured, k=sum(stage >= wanted for stage in assessed), n=len(assessed))


def turned(before: Walked, own: Walked) -> Walked:
    """Where everybody stands when another version of the model takes over from the one before.

    own: the same weeks walked under that version alone: its gates count, and the stages go from
    where they are to where it says, one step a week.
    """
    units = {
        unit: turned_standing(standing, own.units[unit])
        for unit, standing in before.units.items()
        if unit in own.units
    }
    company = turned_standing(before.company, own.company)
    return Walked(company, units, before.outcomes, before.unit_outcomes)


def turned_standing(before: Standing, own: Standing) -> Standing:
    heading = None if own.stage == before.stage else own.stage or UNASSESSED_RANK
    return replace(before, gates=own.gates, heading=heading)


def company_figures(model: Model, week: Week, units: Mapping[str, Standing]) -> Figures:
    """The pool's; in a preview a unit may take part that no Monday has walked yet."""
    if len(week.units) < 2:
        return week.company
    taking_part = {unit: units[unit] for unit in week.units if unit in units}
    measured = distribution(model, week.company[ORGANISED_DISTRIBUTION], taking_part)
    return {**week.company, ORGANISED_DISTRIBUTION: measured}


def step(model: Model, walked: Walked, week: Week) -> Walked:
    """One weekly evaluation: the units first, then the company on the pool."""
    units, unit_outcomes = dict(walked.units), {}
    for unit, figures in week.units.items():
        before, exempt = units.get(unit) or fresh(model), week.exempt_of(unit)
        states, unit_outcomes[unit] = move_gates(model, before, figures, on=week.on, exempt=exempt)
        units[unit] = settle(model, before, states, on=week.on, allowed=model.top, exempt=exempt)
    pooled, exempt = company_figures(model, week, units), week.exempt_of(None)
    states, outcomes = move_gates(model, walked.company, pooled, on=week.on, exempt=exempt)
    load = [(week.needing[unit], units[unit].stage) for unit in week.units]
    allowed = stages.covered(model.coverage, load, top=model.top)
    company = settle(model, walked.company, states, on=week.on, allowed=allowed, exempt=exempt)
    company = joining.named(model, walked.company, company, units, week.needing)
    return Walked(company, units, outcomes, unit_outcomes)


def walk(model: Model, weeks: Iterable[Week]) -> Walked:
    walked = start(model)
    for week in weeks:
        walked = step(model, walked, week)
    return walked
