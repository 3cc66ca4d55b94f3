"""The executive page, and the records behind one criterion."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.inbox.measures import visible_subjects
from crm.errors import Invalid, Missing
from maturity.appraisals.services import Picture, remembered_picture, unit_of
from maturity.executive.asking import Asked, ask, reads_maturity
from maturity.executive.page import page


def asked_of(request: HttpRequest) -> tuple[Asked, Picture]:
    """Refuses whoever may not read, and whatever is not understood."""
    if not reads_maturity(request.user):
        raise PermissionDenied
    try:
        asked = ask(request.GET)
        return asked, remembered_picture(asked.as_of, reading=asked.reading)
    except Invalid as error:
        raise BadRequest(str(error)) from error


@never_cache
@require_safe
def executive(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    asked, picture = asked_of(request)
    try:
        unit = unit_of(picture.derived, asked.unit) if asked.unit else None
    except Missing as error:
        raise Http404 from error
    said = {"page": page(picture, unit=unit), "asked": asked}
    return render(request, "maturity/executive.html", said)


@never_cache
@require_safe
def criterion(request: HttpRequest, criterion: str) -> HttpResponse:
    """Up to 50 of the records that the criterion counted; links only to those one may open."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    asked, picture = asked_of(request)
    row = next((r for r in page(picture).rows if r.criterion.id == criterion), None)
    if row is None or row.evidence is None:
        raise Http404
    named = [trace.id for trace in row.evidence.records if trace.kind == "conversation"]
    subjects = visible_subjects(request.user, named)
    records = [(trace, subjects.get(trace.id)) for trace in row.evidence.records]
    said = {"row": row, "records": records, "asked": asked, "picture": picture}
    return render(request, "maturity/criterion.html", said)
