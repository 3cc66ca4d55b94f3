"""From gates to a stage: target, coverage by units, what blocks it, what it risks, why it moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from maturity.scoring.definition import CoverageRule, Model
from maturity.scoring.gates import GateState

VALIDITY = "S1-INS"
UNIT_COVERAGE = "UNIT-COVERAGE"
EXEMPTION = "EXEMPTION"
MODEL_VERSION = "MODEL-VERSION"
UNASSESSED_RANK = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """joined: units that came, without whom the company had not made this step (`joining.py`)."""

    at: date
    came_from: int | None
    to: int | None
    causes: tuple[str, ...]
    joined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where a unit or the company stands after one evaluation.

    reached is what its gates alone give, target what is left of it after the coverage by units.
    heading: where a version of the model that took over says it stands (0: unassessed), until the
    stage is there or goes another way.
    """

    gates: Mapping[str, GateState]
    stage: int | None = None
    reached: int = 1
    target: int = 1
    stages_at: tuple[tuple[date, int | None], ...] = ()
    transitions: tuple[Transition, ...] = ()
    exempt: frozenset[str] = field(default_factory=frozenset)
    heading: int | None = None

    def is_open(self, gate: str) -> bool:
        return gate in self.exempt or self.gates[gate].is_open


def gates_between(model: Model, first: int, last: int) -> tuple[str, ...]:
    return tuple(gate for stage in range(first, last + 1) for gate in model.gates(stage))


def target(model: Model, open_gates: Collection[str]) -> int:
    """The highest stage whose gates, and those of every stage below it, are all open."""
    reached = 1
    for stage in range(2, model.top + 1):
        if not set(model.gates(stage)) <= set(open_gates):
            break
        reached = stage
    return reached


def covered(rule: CoverageRule, load: Iterable[tuple[int, int | None]], *, top: int) -> int:
    """The highest stage that the units allow; load = (conversations, the unit's own stage)."""
    units = list(load)
    whole = sum(carried for carried, _ in units)
    if not whole:
        return top
    allowed = rule.from_stage - 1
    for stage in range(rule.from_stage, top + 1):
        carried = sum(load for load, own in units if (own or UNASSESSED_RANK) >= stage - 1)
        if carried / whole < rule.share:
            break
        allowed = stage
    return allowed


def next_stage(stage: int | None, aim: int, *, is_assessed: bool) -> int | None:
    """One step towards the target; after UNASSESSED the target at once."""
    if not is_assessed:
        return None
    if stage is None or stage == aim:
        return aim
    return stage + 1 if aim > stage else stage - 1


def blocking(model: Model, standing: Standing) -> list[str]:
    """What keeps it from the next stage, in the order of the table."""
    if standing.stage is None:
        return [VALIDITY]
    if standing.stage == model.top:
        return []
    closed = [gate for gate in model.gates(standing.stage + 1) if not standing.is_open(gate)]
    is_lowered = standing.target < standing.reached and standing.target <= standing.stage
    return [*closed, UNIT_COVERAGE] if is_lowered else closed


def is_at_risk(model: Model, standing: Standing) -> bool:
    if standing.stage is None:
        return False
    if standing.stage > standing.target:
        return True
    return any(standing.gates[g].losses for g in gates_between(model, 2, standing.stage))


def opened_since(standing: Standing, gates: Iterable[str], since: date | None) -> list[str]:
    opened = {gate: standing.gates[gate].opened_at for gate in gates}
    return [g for g, on in opened.items() if on is not None and (since is None or on > since)]


def rests_on_exemption(model: Model, standing: Standing, stage: int) -> bool:
    """One of the gates up to that stage is closed, and counts as open."""
    return any(
        gate in standing.exempt and not standing.gates[gate].is_open
        for gate in gates_between(model, 2, stage)
    )


def causes_up(model: Model, before: Standing, after: Standing, to: int) -> list[str]:
    since = max(
        (on for on, stage in before.stages_at if stage is not None and stage >= to), default=None
    )
    found = opened_since(after, model.gates(to), since)
    if not found:
        found = opened_since(after, gates_between(model, 2, to), since)
    if rests_on_exemption(model, after, to):
        found = [*found, EXEMPTION]
    was_held_back = before.target < to <= before.reached
    return [*found, UNIT_COVERAGE] if was_held_back else found


def causes_down(model: Model, before: Standing, after: Standing, came_from: int) -> list[str]:
    found = [gate for gate in gates_between(model, 2, came_from) if not after.is_open(gate)]
    if before.exempt.intersection(found):
        found = [*found, EXEMPTION]  # it has ended
    is_lowered = after.target < came_from and after.target < after.reached
    return [*found, UNIT_COVERAGE] if is_lowered else found


def goes_there(before: Standing, stage: int | None) -> bool:
    """The change is one towards where another version of the model says that it stands."""
    if before.heading is None or stage == before.stage:
        return False
    distance = abs((before.stage or UNASSESSED_RANK) - before.heading)
    return abs((stage or UNASSESSED_RANK) - before.heading) < distance


def heading_after(before: Standing, stage: int | None) -> int | None:
    if stage == before.stage:
        return before.heading
    is_there = (stage or UNASSESSED_RANK) == before.heading
    return before.heading if goes_there(before, stage) and not is_there else None


def causes(model: Model, before: Standing, after: Standing) -> tuple[str, ...]:
    version = (MODEL_VERSION,) if goes_there(before, after.stage) else ()
    if before.stage is None or after.stage is None:
        return (VALIDITY, *version)
    if after.stage > before.stage:
        return (*causes_up(model, before, after, after.stage), *version)
    return (*causes_down(model, before, after, before.stage), *version)
