"""What the executive page says, put together from one picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maturity.appraisals.derivation import OPENS, Derived
from maturity.appraisals.services import Picture
from maturity.executive.charts import Segment, Trend, curve, trend
from maturity.executive.rows import Row, company_subject, rows, unit_subject
from maturity.executive.wording import language
from maturity.facts.organisation import UnitAt
from maturity.scoring import stages
from maturity.scoring.definition import Model, Stage
from maturity.scoring.stages import EXEMPTION, MODEL_VERSION, UNIT_COVERAGE, Standing

EFFORTS = ("low", "medium", "high")


@dataclass(frozen=True)
class Change:
    """number: of its mark on the trend, where it is drawn. joined: units that came, without whom
    it had not been made.
    """

    on: date
    came_from: Stage
    to: Stage
    is_up: bool
    causes: Sequence[str]
    number: int | None
    joined: Sequence[str] = ()

    @property
    def because(self) -> str:
        return because(self.causes, self.joined)


def because(causes: Sequence[str], joined: Sequence[str]) -> str:
    """What caused a step, and which units had come.

    A step has no cause of its own where coverage came back by several stages at once: the stage
    moves by one a week.
    """
    said = ", ".join(causes) or _("goes on from the week before")
    if not joined:
        return said
    told = ngettext(
        "%(causes)s; a unit that came: %(units)s",
        "%(causes)s; units that came: %(units)s",
        len(joined),
    )
    return told % {"causes": said, "units": ", ".join(joined)}


@dataclass(frozen=True)
class Cell:
    """Criteria of one dimension; without any known outcome: not enough data."""

    rows: Sequence[Row]

    @property
    def known(self) -> Sequence[Row]:
        return [row for row in self.rows if not row.is_unknown]

    @property
    def met(self) -> int:
        return sum(row.outcome in OPENS for row in self.rows)


@dataclass(frozen=True)
class Dimension:
    """The profile: a dimension's criteria stage by stage."""

    name: str
    cells: Sequence[tuple[Stage, Cell]]

    @property
    def met(self) -> int:
        return sum(cell.met for _, cell in self.cells)

    @property
    def all(self) -> int:
        return sum(len(cell.rows) for _, cell in self.cells)


@dataclass(frozen=True)
class GridLine:
    key: str
    name: str
    stage: Stage
    at_risk: bool
    cells: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Page:
    picture: Picture
    model: Model
    name: str
    unit: str | None
    standing: Standing
    stage: Stage
    next_stage: Stage | None
    without_exemption: Stage | None
    rows: Sequence[Row]
    curve: Sequence[Segment]
    trend: Trend | None
    changes: Sequence[Change]
    profile: Sequence[Dimension]
    dimensions: Sequence[str]
    grid: Sequence[GridLine]
    coverage_blocks: bool
    is_at_risk: bool
    is_provisional: bool
    is_empty: bool
    path: Sequence[Row] = field(default_factory=tuple)

    @property
    def trends(self) -> Sequence[tuple[str, Trend]]:
        """One drawing for wide screens and one for narrow ones: neither scrolls."""
        if self.trend is None or self.trend.narrow is None:
            return ()
        return (("wide", self.trend), ("narrow", self.trend.narrow))

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
        return sum(row.is_open or row.is_exempt for row in self.wanted)

    @property
    def slipping(self) -> Sequence[Row]:
        """The open gates that carry the stage and are being lost, or held up by too few cases."""
        top = self.stage.number or 0
        return [
            row
            for row in self.rows
            if row.is_slipping and row.criterion.is_gate and 2 <= row.criterion.stage <= top
        ]

    @property
    def by_stage(self) -> Sequence[tuple[Stage, Sequence[Row]]]:
        return [
            (stage, [row for row in self.rows if row.criterion.stage == stage.number])
            for stage in self.model.stages
        ]


def cause_names(model: Model) -> Mapping[str, str]:
    names = {criterion.id: criterion.words[language()].name for criterion in model.criteria}
    others = {
        UNIT_COVERAGE: _("Coverage by units"),
        EXEMPTION: _("Exemption"),
        MODEL_VERSION: _("Another version of the model"),
    }
    return {**names, **others}


def unit_names(units: Iterable[UnitAt]) -> dict[str, str]:
    return {str(one.unit): one.name for one in units}


def changes(
    model: Model, standing: Standing, drawn: Trend | None, units: Iterable[UnitAt]
) -> list[Change]:
    """Newest first."""
    names, of_units = cause_names(model), unit_names(units)
    numbers = {step.on: step.number for step in drawn.steps} if drawn else {}
    return [
        Change(
            on=change.at,
            came_from=model.stage(change.came_from),
            to=model.stage(change.to),
            is_up=(change.to or 0) > (change.came_from or 0),
            causes=[names.get(cause, cause) for cause in change.causes],
            number=numbers.get(change.at),
            joined=[of_units.get(unit, unit) for unit in change.joined],
        )
        for change in reversed(standing.transitions)
    ]


def profile(model: Model, found: Sequence[Row]) -> list[Dimension]:
    return [
        Dimension(
            name=name[language()],
            cells=[
                (
                    stage,
                    Cell(
                        [
                            row
                            for row in found
                            if row.criterion.dimension == key
                            and row.criterion.stage == stage.number
                        ]
                    ),
                )
                for stage in model.stages
            ],
        )
        for key, name in model.dimensions.items()
    ]


def grid_line(picture: Picture, unit: UnitAt) -> GridLine:
    derived = picture.derived
    subject = unit_subject(picture, unit.unit).at_a_glance()
    found = rows(derived, subject)
    cells = [
        (name[language()], Cell([row for row in found if row.criterion.dimension == key]))
        for key, name in derived.model.dimensions.items()
    ]
    stage = derived.model.stage(subject.standing.stage)
    at_risk = stages.is_at_risk(derived.model, subject.standing)
    return GridLine(unit.key, unit.name, stage, at_risk, cells)


def path_left(found: Sequence[Row], blocking: Sequence[str]) -> list[Row]:
    """What blocks the next stage, the nearest and easiest first."""
    left = [row for row in found if row.criterion.id in blocking]
    return sorted(
        left,
        key=lambda r: (round(r.distance, 1), EFFORTS.index(r.criterion.effort), r.distance),
    )


def without_exemption(derived: Derived, standing: Standing, unit: UUID | None) -> Stage | None:
    """The stage of the same walk without exemptions; None where nothing is exempted."""
    if not standing.exempt or standing.stage is None:
        return None
    return derived.model.stage(derived.plain_stage(unit))


def page(picture: Picture, *, unit: UnitAt | None = None) -> Page:
    derived, model = picture.derived, picture.derived.model
    subject = unit_subject(picture, unit.unit) if unit else company_subject(picture)
    standing, found = subject.standing, rows(derived, subject)
    blocking = stages.blocking(model, standing)
    number = standing.stage
    drawn = trend(model, standing.stages_at, derived.as_of)
    return Page(
        picture=picture,
        model=model,
        name=unit.name if unit else picture.company,
        unit=unit.key if unit else None,
        standing=standing,
        stage=model.stage(number),
        next_stage=following(derived, number),
        without_exemption=without_exemption(derived, standing, subject.unit),
        rows=found,
        curve=curve(model, number),
        trend=drawn,
        changes=changes(model, standing, drawn, derived.day.units),
        profile=profile(model, found),
        dimensions=[name[language()] for name in model.dimensions.values()],
        grid=[] if unit else [grid_line(picture, one) for one in derived.day.units],
        coverage_blocks=UNIT_COVERAGE in blocking,
        is_at_risk=stages.is_at_risk(model, standing),
        is_provisional=derived.is_provisional(unit.unit if unit else None),
        is_empty=not derived.day.units,
        path=path_left(found, blocking),
    )


def following(derived: Derived, number: int | None) -> Stage | None:
    """The next stage; none after the last, and none while nothing is known."""
    model = derived.model
    return None if number is None or number == model.top else model.stage(number + 1)
