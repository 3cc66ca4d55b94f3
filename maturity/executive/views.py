"""The executive page, and the records behind one criterion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm.access.doors import actor_of
from crm.errors import Forbidden, Invalid, Missing
from maturity.appraisals import exemptions, versions
from maturity.appraisals.models import Exemption
from maturity.appraisals.services import Picture, evidence_of, remembered_picture, unit_of
from maturity.executive import pdf, pledges, shares, surveys, tables
from maturity.executive.asking import Asked, ask, day_or_none, reads_maturity
from maturity.executive.behind import Behind, seen_by
from maturity.executive.page import Page, cause_names, page
from maturity.executive.rows import Row
from maturity.executive.vanity import vanity
from maturity.facts.organisation import UnitAt

MOST_EXEMPTIONS = 20  # of one gate are listed, the newest
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def for_readers(view: View) -> View:
    """Strangers sign in first; who has no business with the figures is refused."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not reads_maturity(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View", never_cache(guarded))


@dataclass(frozen=True)
class Opened:
    """What was asked for, and the page that answers it."""

    asked: Asked
    picture: Picture
    unit: UnitAt | None

    @property
    def page(self) -> Page:
        return page(self.picture, unit=self.unit)

    @property
    def unit_id(self) -> UUID | None:
        return self.unit.unit if self.unit else None


def opened(request: HttpRequest, *, also: Collection[str] = ()) -> Opened:
    """Refuses what is not understood."""
    try:
        asked = ask(request.GET, also=also)
        picture = remembered_picture(asked.as_of, reading=asked.reading)
        unit = unit_of(picture.derived, asked.unit) if asked.unit else None
    except Invalid as error:
        raise BadRequest(str(error)) from error
    except Missing as error:
        raise Http404 from error
    return Opened(asked, picture, unit)


@for_readers
@require_safe
def executive(request: HttpRequest) -> HttpResponse:
    found = opened(request)
    survey, declared = surveys.newest()
    said = {
        "page": found.page,
        "asked": found.asked,
        "pledges": pledges.in_force(found.unit_id),
        "may_pledge": pledges.may_pledge(request.user),
        "sources": sources(request, found.picture),
        "vanity": vanity(found.asked.as_of),
        "may_share": shares.may_share(request.user),
        "survey": survey,
        "declared": declared,
        "exempted": exempted(found),
        "next_model": versions.shadow(),
    }
    return render(request, "maturity/executive.html", said)


def exempted(found: Opened) -> list[tuple[str, Exemption]]:
    """(name of the gate, exemption) of those in force on that day for the subject."""
    names = cause_names(found.picture.derived.model)
    rows = exemptions.in_force(found.asked.as_of).filter(unit=found.unit_id)
    return [(names.get(row.criterion, row.criterion), row) for row in rows]


@for_readers
@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The figures of the page for a spreadsheet."""
    found = opened(request)
    return tables.answer(found.picture, found.asked, found.unit)


@for_readers
@require_safe
def as_pdf(request: HttpRequest) -> HttpResponse:
    """What a board reads: no record, no owner."""
    found = opened(request)
    return pdf.answer(found.page, found.asked)


def sources(request: HttpRequest, picture: Picture) -> Behind | None:
    evidence = picture.evidence.get("S1-INS")
    return seen_by(request.user, evidence) if evidence else None


@for_readers
@require_safe
def criterion(request: HttpRequest, criterion: str) -> HttpResponse:
    """Up to 50 of the records that the criterion counted; links only to those one may open."""
    return drawn(request, opened(request), criterion)


def drawn(
    request: HttpRequest,
    found: Opened,
    criterion: str,
    *,
    status: int = 200,
    said: Mapping[str, Any] | None = None,
) -> HttpResponse:
    shown = found.page
    places = [row.criterion.id for row in shown.rows]
    if criterion not in places:
        raise Http404
    at = places.index(criterion)
    row = shown.rows[at]
    words = {
        "row": row,
        "behind": behind(request, found, row),
        "before": shown.rows[at - 1] if at else None,
        "after": shown.rows[at + 1] if at + 1 < len(places) else None,
        "asked": found.asked,
        "page": shown,
        "pledge": pledges.in_force(found.unit_id).get(criterion),
        "written": pledges.written(criterion, found.unit_id),
        "may_pledge": pledges.may_pledge(request.user),
        "colleagues": pledges.colleagues() if pledges.may_pledge(request.user) else [],
        "exemptions": exemptions.of_gate(criterion, found.unit_id)[:MOST_EXEMPTIONS],
        "may_exempt": exemptions.may_exempt(request.user),
        "is_exemptable": exemptions.is_exemptable(row.criterion),
        "today": timezone.localdate(),
    }
    return render(request, "maturity/criterion.html", words | dict(said or {}), status=status)


def behind(request: HttpRequest, found: Opened, row: Row) -> Behind | None:
    """None where the figure is that of a small group: its records are not shown either."""
    if row.is_withheld:
        return None
    evidence = row.evidence or evidence_of(
        found.asked.as_of,
        reading=found.asked.reading,
        unit=found.unit_id,
        criterion=row.criterion.id,
    )
    return seen_by(request.user, evidence)


@for_readers
@require_POST
def pledge(request: HttpRequest, criterion: str) -> HttpResponse:
    """Writes who looks after it, and leads back to it."""
    found = opened(request)
    typed = {name: request.POST.get(name, "").strip() for name in ("owner", "due_on", "note")}
    try:
        pledges.pledge(
            criterion,
            unit=found.unit_id,
            owner=pledges.owner_by_mail(typed["owner"]),
            due_on=day_or_none(typed["due_on"], name="due_on"),
            note=typed["note"],
            by=actor_of(request),
        )
    except Forbidden as error:
        raise PermissionDenied from error
    except Invalid as error:
        said = {"refused": str(error), "typed": typed}
        return drawn(request, found, criterion, status=400, said=said)
    return redirect(
        f"{reverse('maturity-criterion', args=[criterion])}?{request.GET.urlencode()}#owner"
    )
