"""The load board: a page, and a CSV of the same numbers."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ambassadors.communities.load import WEEKS, Load, Side, load_of, reads_load
from ambassadors.communities.pages import for_employees, page
from crm.organisation.groups import NOBODY, Group

HEIGHT, WIDTH, GAP = 160, 46, 10  # of the drawing and its columns


def nobody() -> Group:
    return Group(NOBODY, _("Nobody yet"), 0)


@dataclass(frozen=True, slots=True)
class Part:
    """One group's part of a column; whole pixels, which no language writes with a comma."""

    tone: str
    y: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Column:
    x: int
    label: Any
    total: int
    parts: list[Part]
    top: int


@dataclass(frozen=True, slots=True)
class Row:
    tone: str
    group: Group
    counts: list[int]
    total: int
    share: int
    now: int


@dataclass(frozen=True, slots=True)
class Board:
    """One side of the load, as drawn and as a table of the same numbers."""

    columns: list[Column]
    rows: list[Row]
    total: int
    width: int


def board(load: Load, side: Side) -> Board:
    groups = [*load.groups, nobody()]
    highest = max([side.total(week) for week in load.weeks] + [1])
    columns = [
        _column(number, week, side, groups, highest) for number, week in enumerate(load.weeks)
    ]
    total = sum(side.total(week) for week in load.weeks)
    rows = [_row(number, group, load, side, total) for number, group in enumerate(groups)]
    return Board(columns, rows, total, len(columns) * (WIDTH + GAP))


def tone_of(number: int, group: Group) -> str:
    return "none" if group.key == NOBODY else f"t{number % 8}"


def _column(number: int, week: Any, side: Side, groups: list[Group], highest: int) -> Column:
    parts, below, y = [], 0, HEIGHT
    for place, group in enumerate(groups):
        count = side.counts[group.key][week] if group.key in side.counts else 0
        if count:
            below += count
            top = HEIGHT - round(HEIGHT * below / highest)
            parts.append(Part(tone_of(place, group), top, y - top, f"{group.name}: {count}"))
            y = top
    return Column(number * (WIDTH + GAP), week, side.total(week), parts, y)


def _row(number: int, group: Group, load: Load, side: Side, total: int) -> Row:
    counted = side.counts[group.key] if group.key in side.counts else Counter[date]()
    counts = [counted.get(week, 0) for week in load.weeks]
    share = round(100 * sum(counts) / total) if total else 0
    now = side.now[group.key]
    return Row(tone_of(number, group), group, counts, sum(counts), share, now)


def _weeks(text: str) -> int:
    return int(text) if text in {str(weeks) for weeks in WEEKS} else WEEKS[0]


@for_employees
@require_safe
def load_board(request: HttpRequest) -> HttpResponse:
    if not reads_load(request.user):
        raise PermissionDenied
    weeks = _weeks(request.GET.get("weeks", ""))
    load = load_of(request.user, weeks=weeks)
    if request.GET.get("format") == "csv":
        return _csv(load)
    return page(
        request,
        "load",
        load=load,
        outside=board(load, load.outside),
        inside=board(load, load.inside),
        weeks=weeks,
        choices=WEEKS,
        height=HEIGHT,
        bar=WIDTH,
    )


def _csv(load: Load) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="load.csv"'
    lines = csv.writer(response)
    lines.writerow(["side", "week", "carried by", "people", "conversations or threads"])
    for name, side in (("outside", load.outside), ("inside", load.inside)):
        for group in [*load.groups, nobody()]:
            for week in load.weeks:
                count = side.counts[group.key][week] if group.key in side.counts else 0
                lines.writerow([name, week, _safe(group.name), group.people, count])
    return response


def _safe(text: str) -> str:
    """A name that a spreadsheet would read as a formula is quoted."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


urlpatterns = [path("load/", load_board, name="load")]
