"""The next version of the model beside the one in force: what it would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from maturity.appraisals import derivation
from maturity.appraisals.derivation import Derived
from maturity.appraisals.services import Picture, remembered_shadow
from maturity.appraisals.versions import Shadow, shadow
from maturity.executive import wording
from maturity.scoring.definition import Criterion, Stage

SHOWN = ("outcome", "enter", "stay", "minimum")  # no figure about few people is told this way
Said = Mapping[str, Any]


@dataclass(frozen=True)
class Differing:
    """One criterion that the two versions judge otherwise; None: it is not in that version."""

    criterion: Criterion
    now: Said | None
    then: Said | None

    @property
    def both(self) -> Sequence[Said | None]:
        """In words."""
        return [self.told(said) for said in (self.now, self.then)]

    def told(self, said: Said | None) -> Said | None:
        if said is None:
            return None
        bars = {name: wording.amount(self.criterion, said[name]) for name in ("enter", "stay")}
        return {"outcome": wording.outcome_word(said["outcome"])} | bars


@dataclass(frozen=True)
class Standing:
    """Where the company or a unit stands under each."""

    name: str
    unit: str | None
    now: Stage
    then: Stage

    @property
    def differs(self) -> bool:
        return self.now.number != self.then.number


@dataclass(frozen=True)
class Beside:
    shadow: Shadow
    now: Derived
    then: Derived
    standings: Sequence[Standing]
    criteria: Sequence[Differing]
    blocking: tuple[Sequence[str], Sequence[str]]


def beside(picture: Picture, *, unit: UUID | None = None) -> Beside | None:
    """None where there is no next version. unit: whose criteria are compared."""
    found = shadow()
    if found is None:
        return None
    now = picture.derived
    then = remembered_shadow(found.model, now.as_of, reading=picture.reading)
    one, other = (said_of(derived, unit) for derived in (now, then))
    return Beside(
        found,
        now,
        then,
        [standing(now, then, picture.company, None, None)]
        + [standing(now, then, each.name, each.key, each.unit) for each in now.day.units],
        list(differing(now, then, one, other)),
        (one["blocking"], other["blocking"]),
    )


def said_of(derived: Derived, unit: UUID | None) -> Said:
    return derivation.company(derived) if unit is None else derivation.unit(derived, unit)


def standing(
    now: Derived, then: Derived, name: str, key: str | None, unit: UUID | None
) -> Standing:
    at = partial(stage_of, unit=unit)
    return Standing(name, key, at(now), at(then))


def stage_of(derived: Derived, *, unit: UUID | None) -> Stage:
    walked = derived.walked
    found = walked.company if unit is None else walked.units.get(str(unit))
    return derived.model.stage(found.stage if found else None)


def differing(now: Derived, then: Derived, one: Said, other: Said) -> Sequence[Differing]:
    """In the order of the table; what is new stands where the next version has it."""
    told, tells = told_of(one), told_of(other)
    criteria = {c.id: c for derived in (now, then) for c in derived.model.criteria}
    pairs = ((criterion, told.get(id_), tells.get(id_)) for id_, criterion in criteria.items())
    return [Differing(criterion, a, b) for criterion, a, b in pairs if a != b]


def told_of(said: Said) -> Mapping[str, Said]:
    return {one["id"]: {name: one[name] for name in SHOWN} for one in said["criteria"]}
