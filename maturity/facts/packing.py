"""A day's figures as JSON and back, to the byte: kept facts need nobody's versions of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Func, JSONField

from maturity.facts.clock import Clock
from maturity.facts.evidence import Evidence, Trace
from maturity.facts.ledger import Day
from maturity.facts.organisation import UnitAt
from maturity.scoring.definition import Model, Profile
from maturity.scoring.gates import Measured
from maturity.scoring.walk import Week

Json = dict[str, Any]
Pair = tuple[int, int | None]  # k, n
Pairs = Mapping[str | None, Mapping[str, Pair]]  # of each unit that walks; None: the company


def pack(day: Day) -> Json:
    return {
        "company": packed(day.week.company),
        "units": [unit(one, day) for one in day.units],
        "needing": dict(day.week.needing),
    }


def unit(one: UnitAt, day: Day) -> Json:
    return {
        "unit": str(one.unit),
        "key": one.key,
        "name": one.name,
        "zone": one.clock.zone,
        "profile": one.profile.value,
        "headcount": one.headcount,
        "takes_part": one.takes_part,
        "walks": str(one.unit) in day.week.units,
        "figures": packed(day.shown[one.unit]),
    }


def packed(figures: Mapping[str, Measured]) -> dict[str, list[Any]]:
    """The fields of each Measured, in their order."""
    return {
        name: [
            one.k,
            one.n,
            one.enter,
            one.stay,
            one.minimum,
            one.sample,
            one.k_stay,
            one.clauses,
            one.clauses_stay,
            one.has_source,
        ]
        for name, one in figures.items()
    }


def unpack(on: date, said: Json, model: Model) -> Day:
    units = [unit_at(on, one, model) for one in said["units"]]
    shown = {UUID(one["unit"]): measured(one["figures"], model) for one in said["units"]}
    walking = [one["unit"] for one in said["units"] if one["walks"]]
    week = Week(
        on=on,
        company=measured(said["company"], model),
        units={name: shown[UUID(name)] for name in walking},
        needing={name: said["needing"][name] for name in walking},
    )
    return Day(week, shown, units)


def measured(figures: Mapping[str, list[Any]], model: Model) -> dict[str, Measured]:
    """In the order of the model, which JSON does not keep."""
    return {criterion.id: Measured(*figures[criterion.id]) for criterion in model.criteria}


def pairs(day: Day) -> Pairs:
    """k and n of every criterion, of the company and of each unit that walks."""
    of: dict[str | None, Mapping[str, Measured]] = {None: day.week.company}
    of.update(day.week.units)
    return {who: {name: (one.k, one.n) for name, one in said.items()} for who, said in of.items()}


def _flat(path: str) -> Func:
    """All that a path finds in a packed day, as one array, put together by the database."""
    template = f"jsonb_path_query_array(%(expressions)s, '{path}')"
    return Func(F("said"), template=template, output_field=JSONField())


# The units that walk; k and n of their criteria one after the other; those of the company.
FLAT = (
    _flat("$.units[*] ? (@.walks == true).unit"),
    _flat("$.units[*] ? (@.walks == true).figures.*[0, 1]"),
    _flat("$.company.*[0, 1]"),
)


def flat_pairs(flat: Sequence[list[Any]], model: Model) -> Pairs:
    """The same of a packed day, from `FLAT`: two numbers of each, and no other is read."""
    units, figures, company = flat
    names = sorted(model.by_id, key=lambda name: (len(name), name))  # as jsonb orders keys
    numbers = iter([*company, *figures])
    return {
        who: {name: (k, n) for name, k, n in zip(names, numbers, numbers, strict=False)}
        for who in (None, *units)
    }


def pack_evidence(found: Mapping[str, Evidence]) -> Json:
    return {
        name: {
            "count": one.count,
            "oldest": one.oldest.isoformat() if one.oldest else None,
            "newest": one.newest.isoformat() if one.newest else None,
            "records": [[trace.kind, str(trace.id), trace.at.isoformat()] for trace in one.records],
            "digest": one.digest,
        }
        for name, one in found.items()
    }


def unpack_evidence(kept: Json) -> dict[str, Evidence]:
    return {
        name: Evidence(
            count=one["count"],
            oldest=moment(one["oldest"]),
            newest=moment(one["newest"]),
            records=tuple(
                Trace(kind, UUID(id_), datetime.fromisoformat(at))
                for kind, id_, at in one["records"]
            ),
            digest=one["digest"],
        )
        for name, one in kept.items()
    }


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def unit_at(on: date, one: Json, model: Model) -> UnitAt:
    clock, profile = Clock(one["zone"]), Profile(one["profile"])
    return UnitAt(
        unit=UUID(one["unit"]),
        key=one["key"],
        name=one["name"],
        clock=clock,
        profile=profile,
        headcount=one["headcount"],
        day=on,
        start=clock.midnight(on - timedelta(days=model.windows[profile])),
        cut=clock.midnight(on),
        takes_part=one["takes_part"],
    )
