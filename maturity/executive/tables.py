"""The page's figures as a table and as JSON: the same lines, small groups withheld."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse

from maturity.appraisals.services import Picture
from maturity.executive.asking import Asked
from maturity.executive.rows import Row, Subject, company_subject, rows, unit_subject
from maturity.facts.organisation import UnitAt
from maturity.scoring.stages import VALIDITY

COLUMNS = (
    "as_of", "reading", "unit", "unit_name", "stage", "stage_key", "criterion", "name",
    "dimension", "of_stage", "gate", "outcome", "open", "k", "n", "value", "lower", "upper",
    "enter", "stay", "minimum", "withheld",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Line = dict[str, Any]


def subjects(picture: Picture, unit: UnitAt | None) -> Iterator[tuple[UnitAt | None, Subject]]:
    """The company and each unit, or the one unit that is asked for."""
    if unit is not None:
        yield unit, unit_subject(picture, unit.unit)
        return
    yield None, company_subject(picture)
    for one in picture.derived.day.units:
        yield one, unit_subject(picture, one.unit)


def lines(picture: Picture, asked: Asked, unit: UnitAt | None) -> Iterator[Line]:
    """One line a criterion of each subject, in the columns' order."""
    derived = picture.derived
    for of, subject in subjects(picture, unit):
        stage = derived.model.stage(subject.standing.stage)
        head: Line = {
            "as_of": asked.as_of.isoformat(),
            "reading": asked.reading.value,
            "unit": of.key if of else None,
            "unit_name": of.name if of else picture.company,
            "stage": stage.number,
            "stage_key": stage.key,
        }
        for row in rows(derived, subject.at_a_glance()):
            yield head | figures(row)


def figures(row: Row) -> Line:
    """What is withheld is null, never another number."""
    said: Line = {
        "criterion": row.criterion.id,
        "name": row.words.name,
        "dimension": row.criterion.dimension or None,
        "of_stage": row.criterion.stage,
        "gate": row.criterion.is_gate or row.criterion.id == VALIDITY,
        "outcome": row.outcome.value,
        "open": row.is_open,
    }
    counted: Line = {
        "k": row.measured.k,
        "n": row.measured.n,
        "value": row.verdict.value,
        "lower": row.verdict.lower,
        "upper": row.verdict.upper,
    }
    bars: Line = {
        "enter": row.measured.enter,
        "stay": row.measured.stay,
        "minimum": row.measured.minimum,
    }
    if row.is_withheld:
        counted = dict.fromkeys(counted)
    return said | counted | bars | {"withheld": row.is_withheld}


def as_csv(picture: Picture, asked: Asked, unit: UnitAt | None) -> str:
    """With a byte order mark, or a spreadsheet reads it as something older."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for line in lines(picture, asked, unit):
        table.writerow([_cell(line[name]) for name in COLUMNS])
    return "\ufeff" + out.getvalue()


def answer(picture: Picture, asked: Asked, unit: UnitAt | None) -> HttpResponse:
    """The table as a file, named by its day."""
    text = as_csv(picture, asked, unit)
    named = f"maturity-{asked.as_of.isoformat()}.csv"
    told = HttpResponse(text, content_type="text/csv; charset=utf-8")
    told["Content-Disposition"] = f'attachment; filename="{named}"'
    return told


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
