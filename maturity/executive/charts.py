"""Geometry of the page's drawings: plain numbers, the templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp

from maturity.scoring.definition import Model, Stage

WIDTH, HEIGHT, FLOOR = 760.0, 250.0, 190.0
REACH = 2.8  # standard deviations drawn on either side of the middle
PEAK = 150.0
WORDS_UNTIL = 2.2  # the words of stage 1 stand where its area still has some height
BOUNDS = (REACH, 1.0, 0.0, -1.0, -2.0, -REACH)  # stage 1 is far right: read from right to left
STEPS = 24
TREND_WIDTH, TREND_HEIGHT = 760.0, 190.0
TREND_LEFT, TREND_TOP, TREND_STEP = 118.0, 14.0, 30.0
THREE_YEARS = timedelta(days=3 * 366)


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
    """A change of stage on the trend."""

    x: float
    y: float
    on: date


@dataclass(frozen=True)
class Trend:
    path: str
    levels: Sequence[tuple[float, Stage]]
    years: Sequence[tuple[float, date]]
    steps: Sequence[Step]


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
    first, last = weeks[0][0], max(until, weeks[-1][0])
    span = max((last - first).days, 1)

    def x(on: date) -> float:
        return round(TREND_LEFT + (on - first).days / span * (TREND_WIDTH - TREND_LEFT - 16), 1)

    path, steps, before = "", [], weeks[0][1]
    for on, stage in weeks:
        y = level(stage, model.top)
        if not path:
            path = f"M{x(on)} {y}"
        elif stage != before:
            path += f" H{x(on)} V{y}"
            steps.append(Step(x(on), y, on))
        before = stage
    path += f" H{x(last)}"
    levels = [(level(one.number, model.top), one) for one in (*model.stages, model.unassessed)]
    firsts = [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    return Trend(path, levels, [(x(on), on) for on in firsts], steps)


@dataclass(frozen=True)
class Gauge:
    """A number between its thresholds, on a line of 100: where it starts, ends and must reach."""

    start: float
    width: float
    value: float
    enter: float
    stay: float


def gauge(
    value: float | None, lower: float | None, upper: float | None, enter: float, stay: float
) -> Gauge | None:
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
