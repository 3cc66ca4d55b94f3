"""The what-if as a form: other numbers beside today's. It is a question, so that it can be reloaded
and sent to a colleague; nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.errors import Invalid
from maturity.executive import wording
from maturity.executive.page import because, cause_names
from maturity.executive.rows import Row, company_subject, rows, unit_subject
from maturity.executive.views import for_readers, opened
from maturity.executive.what_if import Shift, WhatIf, what_if
from maturity.scoring.definition import Kind, Model, Stage
from maturity.scoring.stages import Transition

FIELDS = ("k", "n", "enter", "stay", "rest")
NAME = re.compile(rf"({'|'.join(FIELDS)})\.([\w-]{{1,20}})")
LONGEST = 20  # characters of a number
REST = {"yes": True, "no": False}


@dataclass(frozen=True)
class Step:
    """A change of stage ahead, in words."""

    change: Transition
    to: Stage
    because: str


@dataclass(frozen=True)
class Line:
    """A criterion in the form: today's values, and what was typed instead."""

    row: Row
    typed: Mapping[str, str]
    enter: str
    stay: str

    @property
    def is_count(self) -> bool:
        return self.row.measured.n is None

    @property
    def is_moved(self) -> bool:
        return any(self.typed.values())


def typed_in(query: QueryDict) -> dict[str, dict[str, str]]:
    """Criterion -> field -> text, of the filled ones. Raises Invalid for a doubled or long one."""
    found: dict[str, dict[str, str]] = {}
    for name in query:
        place = NAME.fullmatch(name)
        values = [value.strip() for value in query.getlist(name)]
        if place is None or values == [""]:
            continue
        if len(values) > 1 or len(values[0]) > LONGEST:
            raise Invalid(_("%(name)s is no number") % {"name": name})
        found.setdefault(place[2], {})[place[1]] = values[0]
    return found


def shift_of(criterion: str, typed: Mapping[str, str], *, is_share: bool) -> Shift:
    """Thresholds of shares are typed in percent."""
    part = 100 if is_share else 1
    thresholds = {name: number(typed[name]) / part for name in ("enter", "stay") if name in typed}
    counts = {name: whole(typed[name]) for name in ("k", "n") if name in typed}
    return Shift(
        criterion,
        k=counts.get("k"),
        n=counts.get("n"),
        enter=thresholds.get("enter"),
        stay=thresholds.get("stay"),
        conditions=REST.get(typed.get("rest", "")),
    )


def number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise Invalid(_("%(name)s is no number") % {"name": text}) from error


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Invalid(_("%(name)s is no whole number") % {"name": text})
    return int(text)


@for_readers
@require_safe
def what_if_page(request: HttpRequest) -> HttpResponse:
    ours = [name for name in request.GET if NAME.fullmatch(name)]
    found = opened(request, also=ours)
    derived, model = found.picture.derived, found.picture.derived.model
    subject = unit_subject(found.picture, found.unit.unit) if found.unit else None
    subject = subject or company_subject(found.picture)
    refused, said, typed = "", None, {}
    try:
        typed = typed_in(request.GET)
        shifts = [
            shift_of(name, of, is_share=not is_count(model, name)) for name, of in typed.items()
        ]
        said = what_if(derived, subject, shifts) if shifts else None
    except Invalid as error:
        refused = str(error)
    shown = rows(derived, subject)
    words = {
        "asked": found.asked,
        "name": found.unit.name if found.unit else found.picture.company,
        "stage": model.stage(subject.standing.stage),
        "stages": by_stage(model, shown, typed, subject.standing.stage),
        "refused": refused,
        "typed": typed,
        **(outlook(model, said) if said else {}),
    }
    return render(request, "maturity/what_if.html", words, status=400 if refused else 200)


def is_count(model: Model, criterion: str) -> bool:
    """Unknown ones are refused later, by name."""
    known = model.by_id.get(criterion)
    return known is not None and known.kind is Kind.COUNT


def outlook(model: Model, said: WhatIf) -> dict[str, object]:
    return {
        "said": said,
        "then": model.stage(said.then.stage),
        "without": model.stage(said.without.stage),
        "steps": steps(model, said.then.steps),
        "steps_without": steps(model, said.without.steps),
        "left": [cause_names(model)[gate] for gate in said.then.blocking],
    }


def steps(model: Model, changes: Sequence[Transition]) -> list[Step]:
    names = cause_names(model)
    return [
        Step(one, model.stage(one.to), because([names.get(each, each) for each in one.causes], ()))
        for one in changes
    ]


def by_stage(
    model: Model, shown: Sequence[Row], typed: Mapping[str, Mapping[str, str]], now: int | None
) -> list[tuple[Stage, bool, list[Line]]]:
    """Each stage with its gates, and whether it stands open: the next one, and what was moved."""
    found = []
    for stage in model.stages[1:]:
        lines = [
            line(row, typed.get(row.criterion.id, {}))
            for row in shown
            if row.criterion.is_gate and row.criterion.stage == stage.number
        ]
        is_next = stage.number == (now or 1) + 1
        found.append((stage, is_next or any(one.is_moved for one in lines), lines))
    return found


def line(row: Row, typed: Mapping[str, str]) -> Line:
    return Line(
        row=row,
        typed=typed,
        enter=wording.amount(row.criterion, row.measured.enter),
        stay=wording.amount(row.criterion, row.measured.stay),
    )
