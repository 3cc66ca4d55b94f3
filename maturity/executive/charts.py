"""Geometry of the page's drawings: plain numbers, the templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import exp

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maturity.appraisals.weeks import THREE_YEARS, Figure
from maturity.executive import wording
from maturity.scoring.definition import Criterion, Model, Stage
from maturity.scoring.gates import Measured, Verdict, number_of

WIDTH, HEIGHT, FLOOR = 760.0, 250.0, 190.0
REACH = 2.8  # standard deviations drawn on either side of the middle
PEAK = 150.0
WORDS_UNTIL = 2.2  # the words of stage 1 stand where its area still has some height
BOUNDS = (REACH, 1.0, 0.0, -1.0, -2.0, -REACH)  # stage 1 is far right: read from right to left
STEPS = 24
TREND_WIDTH, TREND_NARROW = 760.0, 330.0  # the narrow one is for a telephone
TREND_RIGHT = 16.0
TREND_LEFT, TREND_TOP, TREND_STEP = 118.0, 14.0, 30.0
LINE_WIDTH, LINE_HEIGHT, LINE_EDGE = 300.0, 60.0, 4.0  # the trend of one criterion
HEADROOM = 1.2  # its scale reaches this much above its threshold


@dataclass(frozen=True)
class Segment:
    """One stage on the curve: its area, where its words stand."""

    stage: Stage
    area: str
    middle: float
    top: float
    is_passed: bool
    is_here: bool


@dataclass(frozen=True)
class Step:
    """A change of stage on the trend. number: the mark that the list below explains."""

    x: float
    y: float
    on: date
    number: int


@dataclass(frozen=True)
class Trend:
    """width: of the whole drawing. narrow: the same for a telephone."""

    width: float
    path: str
    levels: Sequence[tuple[float, Stage]]
    years: Sequence[tuple[float, date]]
    steps: Sequence[Step]
    narrow: Trend | None = None

    @property
    def right(self) -> float:
        return self.width - TREND_RIGHT


def across(deviation: float) -> float:
    return round(WIDTH / 2 + deviation / REACH * (WIDTH / 2 - 20), 1)


def height(deviation: float) -> float:
    return round(FLOOR - PEAK * exp(-deviation * deviation / 2), 1)


def area(right: float, left: float) -> str:
    points = [left + (right - left) * step / STEPS for step in range(STEPS + 1)]
    curve = " ".join(f"L{across(point)} {height(point)}" for point in points)
    return f"M{across(left)} {FLOOR} {curve} L{across(right)} {FLOOR} Z"


def curve(model: Model, number: int | None) -> list[Segment]:
    """The five stages; a company that is not assessed stands nowhere on it."""
    found = []
    for stage, right, left in zip(model.stages, BOUNDS, BOUNDS[1:], strict=False):
        middle = (min(right, WORDS_UNTIL) + left) / 2
        found.append(
            Segment(
                stage=stage,
                area=area(right, left),
                middle=across(middle),
                top=height(middle),
                is_passed=number is not None and (stage.number or 0) <= number,
                is_here=stage.number == number,
            )
        )
    return found


def level(stage: int | None, top: int) -> float:
    return TREND_TOP + TREND_STEP * (top - (stage or 0))


def trend(model: Model, stages_at: Sequence[tuple[date, int | None]], until: date) -> Trend | None:
    """Three years of Mondays as steps; None before the first evaluation."""
    weeks = [(on, stage) for on, stage in stages_at if until - on <= THREE_YEARS]
    if not weeks:
        return None
    wide, narrow = (stairs(model, weeks, until, width) for width in (TREND_WIDTH, TREND_NARROW))
    return replace(wide, narrow=narrow)


def stairs(
    model: Model, weeks: Sequence[tuple[date, int | None]], until: date, width: float
) -> Trend:
    first, last = weeks[0][0], max(until, weeks[-1][0])
    span = max((last - first).days, 1)

    def x(on: date) -> float:
        return round(TREND_LEFT + (on - first).days / span * (width - TREND_LEFT - TREND_RIGHT), 1)

    path, before = "", weeks[0][1]
    steps: list[Step] = []
    for on, stage in weeks:
        y = level(stage, model.top)
        if not path:
            path = f"M{x(on)} {y}"
        elif stage != before:
            path += f" H{x(on)} V{y}"
            steps.append(Step(x(on), y, on, len(steps) + 1))
        before = stage
    path += f" H{x(last)}"
    levels = [(level(one.number, model.top), one) for one in (*model.stages, model.unassessed)]
    return Trend(width, path, levels, [(x(on), on) for on in new_years(first, last)], steps)


@dataclass(frozen=True)
class Gauge:
    """A number between its thresholds, on a line of 100: where it starts, ends and must reach."""

    start: float
    width: float
    value: float
    enter: float
    stay: float


def gauge(verdict: Verdict, enter: float, stay: float) -> Gauge | None:
    value, lower, upper = verdict.value, verdict.lower, verdict.upper
    if value is None:
        return None
    is_count = enter >= 1
    whole = max(enter * 1.6, value) if is_count else max(1.0, value)
    low, high = (0.0, value) if lower is None or upper is None else (lower, upper)
    return Gauge(
        start=round(max(low, 0) / whole * 100, 1),
        width=round(max((high - max(low, 0)) / whole * 100, 0.6), 1),
        value=round(value / whole * 100, 1),
        enter=round(enter / whole * 100, 1),
        stay=round(stay / whole * 100, 1),
    )


@dataclass(frozen=True)
class Line:
    """The trend of one criterion, weeks without a number as gaps. first to high are values."""

    path: str
    x: float
    y: float
    enter: float
    stay: float
    years: Sequence[tuple[float, date]]
    weeks: int
    first: float
    last: float
    low: float
    high: float

    def said(self, criterion: Criterion) -> str:
        """What the drawing shows, for those who do not see it."""
        weeks = ngettext("%(n)s week", "%(n)s weeks", self.weeks) % {"n": self.weeks}
        numbers = {
            name: wording.amount(criterion, value)
            for name, value in (
                ("first", self.first),
                ("last", self.last),
                ("low", self.low),
                ("high", self.high),
            )
        }
        return _("Over %(weeks)s from %(first)s to %(last)s, between %(low)s and %(high)s.") % {
            "weeks": weeks,
            **numbers,
        }


def line(figures: Sequence[Figure], measured: Measured) -> Line | None:
    """None where fewer than two weeks have a number."""
    values = [(on, number_of(k, n)) for on, k, n in figures]
    known = [(on, value) for on, value in values if value is not None]
    if len(known) < 2:
        return None
    numbers = [value for _, value in known]
    whole = max(measured.enter * HEADROOM, *numbers)
    first, span = values[0][0], max((values[-1][0] - values[0][0]).days, 1)

    def x(on: date) -> float:
        return round(LINE_EDGE + (on - first).days / span * (LINE_WIDTH - 2 * LINE_EDGE), 1)

    def y(value: float) -> float:
        return round(LINE_HEIGHT - LINE_EDGE - value / whole * (LINE_HEIGHT - 2 * LINE_EDGE), 1)

    return Line(
        path=drawn([None if value is None else (x(on), y(value)) for on, value in values]),
        x=x(known[-1][0]),
        y=y(known[-1][1]),
        enter=y(measured.enter),
        stay=y(measured.stay),
        years=[(x(on), on) for on in new_years(first, values[-1][0])],
        weeks=len(values),
        first=numbers[0],
        last=numbers[-1],
        low=min(numbers),
        high=max(numbers),
    )


def drawn(points: Sequence[tuple[float, float] | None]) -> str:
    """A path through the points, lifted where there is none."""
    parts, is_down = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if is_down else 'M'}{point[0]} {point[1]}")
        is_down = point is not None
    return " ".join(parts)


def new_years(first: date, last: date) -> list[date]:
    return [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
