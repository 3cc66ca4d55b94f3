"""Reads `maturity/model.toml`: the one place where stages, criteria and thresholds are written."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

MODEL_FILE = Path(__file__).resolve().parent.parent / "model.toml"
LANGUAGES = ("en", "fr")


class Profile(StrEnum):
    B2C = "b2c"
    B2B = "b2b"


class Role(StrEnum):
    """What a criterion does: gates open stages, supporting ones only show in the profile."""

    VALIDITY = "validity"
    GATE = "gate"
    SUPPORTING = "supporting"


class Kind(StrEnum):
    """How its number is read: a share with Wilson bounds, a plain ratio of a whole, a count."""

    SHARE = "share"
    CENSUS = "census"
    PLAIN = "plain"
    COUNT = "count"


class ModelError(ValueError):
    """model.toml does not say what it must."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A threshold: ENTER opens, below STAY is lost."""

    enter: float
    stay: float


@dataclass(frozen=True, slots=True)
class Headcount:
    """A threshold that grows with the company (S4-AMB-1); it is not rounded."""

    share: float
    least: float
    most: float
    factor: Mapping[Profile, float]
    floor: Mapping[Profile, float]
    stay: float

    def bar(self, profile: Profile, headcount: int) -> Bar:
        grown = max(self.least, min(self.most, self.share * headcount))
        enter = float(max(self.floor[profile], self.factor[profile] * grown))
        return Bar(enter, self.stay * enter)


@dataclass(frozen=True, slots=True)
class Words:
    """A criterion in one language."""

    name: str
    question: str
    why: str
    unit: str
    gaming: str
    action: str


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    stage: int
    role: Role
    kind: Kind
    dimension: str
    metric: str
    sources: tuple[str, ...]
    bars: Mapping[Profile, Bar] | None
    headcount: Headcount | None
    minimum: Mapping[Profile, int] | None
    numbers: Mapping[str, Mapping[Profile, Bar]]
    effort: str
    words: Mapping[str, Words]

    @property
    def is_gate(self) -> bool:
        return self.role is Role.GATE

    def bar(self, profile: Profile, headcount: int) -> Bar:
        """ENTER and STAY for this profile; only S4-AMB-1 looks at the headcount."""
        if self.headcount is not None:
            return self.headcount.bar(profile, headcount)
        if self.bars is None:
            raise ModelError(f"{self.id}: neither enter nor headcount")
        return self.bars[profile]

    def number(self, name: str, profile: Profile = Profile.B2C) -> float:
        return self.numbers[name][profile].enter

    def pair(self, name: str, profile: Profile) -> Bar:
        """A clause's number at ENTER and at STAY."""
        return self.numbers[name][profile]


@dataclass(frozen=True, slots=True)
class Stage:
    number: int | None
    key: str
    name: Mapping[str, str]
    curve: Mapping[str, str]
    line: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WalkRules:
    confirmations: int
    losses: int
    held: int
    z: float
    live: int


@dataclass(frozen=True, slots=True)
class CoverageRule:
    share: float
    from_stage: int


@dataclass(frozen=True, slots=True)
class ExemptionRule:
    days: int
    per_stage: int


@dataclass(frozen=True)
class Model:
    version: str
    sha256: str
    calibrated: bool
    study: str
    walk: WalkRules
    coverage: CoverageRule
    exemption: ExemptionRule
    windows: Mapping[Profile, int]
    answer_hours: int
    answer_working_days: int
    same_text: int
    grace_days: int
    dimensions: Mapping[str, Mapping[str, str]]
    stages: tuple[Stage, ...]
    unassessed: Stage
    criteria: tuple[Criterion, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Criterion]:
        return {criterion.id: criterion for criterion in self.criteria}

    @property
    def top(self) -> int:
        return len(self.stages)

    @cached_property
    def _gates(self) -> Mapping[int, tuple[str, ...]]:
        stages = {criterion.stage for criterion in self.criteria}
        return {
            stage: tuple(c.id for c in self.criteria if c.is_gate and c.stage == stage)
            for stage in stages
        }

    def gates(self, stage: int) -> tuple[str, ...]:
        """The gates of one stage, in the order of the table."""
        return self._gates.get(stage, ())

    def stage(self, number: int | None) -> Stage:
        return self.unassessed if number is None else self.stages[number - 1]


def per_profile(value: Any) -> dict[Profile, Any]:
    if isinstance(value, dict):
        if set(value) != {"b2c", "b2b"}:
            raise ModelError(f"{value}: a number by profile names both")
        return {profile: value[profile.value] for profile in Profile}
    return dict.fromkeys(Profile, value)


def bar(value: Any) -> Bar:
    """One number is ENTER and STAY alike; a pair is [enter, stay]."""
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) != 2 or not all(type(number) in (int, float) for number in pair):
        raise ModelError(f"{value}: a threshold is a number or [enter, stay]")
    return Bar(*pair)


def read_bars(raw: Mapping[str, Any]) -> dict[Profile, Bar] | None:
    if "enter" not in raw:
        return None
    enter, stay = per_profile(raw["enter"]), per_profile(raw["stay"])
    bars = {profile: Bar(float(enter[profile]), float(stay[profile])) for profile in Profile}
    if any(found.stay > found.enter for found in bars.values()):
        raise ModelError(f"{raw['id']}: STAY lies above ENTER")
    return bars


def read_headcount(raw: Mapping[str, Any] | None) -> Headcount | None:
    if raw is None:
        return None
    profiles = {name: per_profile(raw[name]) for name in ("factor", "floor")}
    return Headcount(**{**raw, **profiles})


def read_words(raw: Mapping[str, Any]) -> dict[str, Words]:
    words = {language: Words(**raw[language]) for language in LANGUAGES}
    for said in words.values():
        if not all(getattr(said, name).strip() for name in Words.__slots__):
            raise ModelError(f"{raw['id']}: an empty sentence")
    return words


def read_criterion(raw: Mapping[str, Any]) -> Criterion:
    numbers = raw.get("numbers", {})
    bars, headcount = read_bars(raw), read_headcount(raw.get("headcount"))
    if (bars is None) == (headcount is None):
        raise ModelError(f"{raw['id']}: exactly one of enter and headcount")
    if raw["effort"] not in ("low", "medium", "high"):
        raise ModelError(f"{raw['id']}: effort is low, medium or high")
    return Criterion(
        id=raw["id"],
        stage=raw["stage"],
        role=Role(raw["role"]),
        kind=Kind(raw["kind"]),
        dimension=raw.get("dimension", ""),
        metric=raw["metric"],
        sources=tuple(raw["sources"]),
        bars=bars,
        headcount=headcount,
        minimum=per_profile(raw["minimum"]) if "minimum" in raw else None,
        numbers={
            name: {profile: bar(number) for profile, number in per_profile(value).items()}
            for name, value in numbers.items()
        },
        effort=raw["effort"],
        words=read_words(raw),
    )


def check(model: Model) -> Model:
    """Refuse a model whose parts do not fit together."""
    ids = [criterion.id for criterion in model.criteria]
    if len(set(ids)) != len(ids):
        raise ModelError("a criterion's id is written twice")
    if [stage.number for stage in model.stages] != list(range(1, model.top + 1)):
        raise ModelError("stages are numbered from 1 without a gap")
    for criterion in model.criteria:
        if criterion.role is not Role.VALIDITY and criterion.dimension not in model.dimensions:
            raise ModelError(f"{criterion.id}: unknown dimension {criterion.dimension!r}")
        if not 1 <= criterion.stage <= model.top:
            raise ModelError(f"{criterion.id}: unknown stage {criterion.stage}")
    if any(not model.gates(stage) for stage in range(2, model.top + 1)):
        raise ModelError("every stage from 2 on has a gate")
    return model


def parse(text: bytes) -> Model:
    raw = tomllib.loads(text.decode())
    return check(
        Model(
            version=raw["version"],
            sha256=hashlib.sha256(text).hexdigest(),
            calibrated=raw["calibrated"],
            study=raw["study"],
            walk=WalkRules(**raw["walk"]),
            coverage=CoverageRule(**raw["coverage"]),
            exemption=ExemptionRule(**raw["exemption"]),
            windows=per_profile(raw["windows"]),
            answer_hours=raw["answer"]["hours"],
            answer_working_days=raw["answer"]["working_days"],
            same_text=raw["terms"]["same_text"],
            grace_days=raw["terms"]["grace_days"],
            dimensions={one["key"]: one["name"] for one in raw["dimensions"]},
            stages=tuple(Stage(**one) for one in raw["stages"]),
            unassessed=Stage(number=None, curve={}, **raw["unassessed"]),
            criteria=tuple(read_criterion(one) for one in raw["criteria"]),
        )
    )


@lru_cache(maxsize=4)
def load(path: Path = MODEL_FILE) -> Model:
    """The model of this installation; raises ModelError, or KeyError for a missing word."""
    return parse(path.read_bytes())
