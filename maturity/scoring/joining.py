"""Which units came since, without whom a step of the company's stage would not have been made.

A unit that comes is no cause in the words of the model, and stands beside them. Of the coverage by
units it can be said exactly. Of the gates of the pool too, where the company had been one unit:
that unit has walked by itself all the time. Where it had been several, those are named that took
part for the first time in one of the evaluations that moved the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from maturity.scoring import stages
from maturity.scoring.definition import Model
from maturity.scoring.stages import UNASSESSED_RANK, UNIT_COVERAGE, Standing, Transition

Units = Mapping[str, Standing]


def named(
    model: Model, before: Standing, after: Standing, units: Units, needing: Mapping[str, int]
) -> Standing:
    """The same standing, its step of this evaluation with the units that came."""
    if len(after.transitions) == len(before.transitions):
        return after
    step = after.transitions[-1]
    newer = newcomers(after, units)
    joined = by_gates(before, after, newer, units) if newer else set()
    if newer and UNIT_COVERAGE in step.causes and is_down(step):
        joined |= by_coverage(model, step, newer, units, needing)
    if not joined:
        return after
    told = replace(step, joined=tuple(unit for unit in units if unit in joined))
    return replace(after, transitions=(*after.transitions[:-1], told))


def is_down(step: Transition) -> bool:
    return (step.to or UNASSESSED_RANK) < (step.came_from or UNASSESSED_RANK)


def newcomers(company: Standing, units: Units) -> dict[str, date]:
    """The units that came since the stage last moved the other way, and their first evaluation.

    Those of the company's own first evaluation have not come.
    """
    last = company.transitions[-1]
    turns = [step.at for step in company.transitions if is_down(step) != is_down(last)]
    since = turns[-1] if turns else company.stages_at[0][0]
    first = {unit: standing.stages_at[0][0] for unit, standing in units.items()}
    return {unit: on for unit, on in first.items() if on > since}


def by_gates(
    before: Standing, after: Standing, newer: Mapping[str, date], units: Units
) -> set[str]:
    step = after.transitions[-1]
    moved = [gate for gate in step.causes if gate in after.gates and gate not in before.exempt]
    others = [standing for unit, standing in units.items() if unit not in newer]
    if not moved:
        return set()
    if len(others) == 1:
        is_open = [others[0].is_open(gate) for gate in moved]
        goes_the_same_way = not all(is_open) if is_down(step) else all(is_open)
        return set() if goes_the_same_way else set(newer)
    since = after.gates[deciding(after, moved, is_closing=is_down(step))].turned_since
    return {unit for unit, on in newer.items() if since is not None and on >= since}


def deciding(after: Standing, moved: Iterable[str], *, is_closing: bool) -> str:
    """The gate that closed first, or the one that opened last."""

    def turned(gate: str) -> date:
        state = after.gates[gate]
        return (None if is_closing else state.opened_at) or state.turned_since or date.max

    return min(moved, key=turned) if is_closing else max(moved, key=turned)


def by_coverage(
    model: Model,
    step: Transition,
    newer: Mapping[str, date],
    units: Units,
    needing: Mapping[str, int],
) -> set[str]:
    """Those without whom the units that were there before would have carried the stage."""
    load = [(n, units[unit].stage) for unit, n in needing.items() if unit not in newer]
    without = stages.covered(model.coverage, load, top=model.top)
    return set(newer) if without >= (step.came_from or UNASSESSED_RANK) else set()
