"""The survey: one question for those who answer, and the two buttons of those who ask."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.access.doors import actor_of
from crm.errors import Conflict, Forbidden
from maturity.appraisals.versions import today_model
from maturity.executive import surveys
from maturity.executive.asking import reads_maturity
from maturity.executive.views import for_readers


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """One question for executives, staff and ambassadors; answered once."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if surveys.role_of(request.user) is None:
        raise PermissionDenied
    survey, refused = surveys.running(), ""
    if request.method == "POST" and survey is not None:
        try:
            surveys.declare(survey, stage_of(request.POST.get("stage", "")), by=actor_of(request))
            return redirect("maturity-declare")
        except Conflict as error:
            refused = str(error)
    said = {
        "survey": survey,
        "has_answered": survey is not None and surveys.has_answered(survey, request.user),
        "stages": today_model().stages[::-1],
        "refused": refused,
        "reads_maturity": reads_maturity(request.user),
    }
    return render(request, "maturity/declare.html", said, status=409 if refused else 200)


def stage_of(text: str) -> int | None:
    if text == "unknown":
        return None
    if text not in {str(stage) for stage in surveys.STAGES}:
        raise BadRequest("no such stage")
    return int(text)


@for_readers
@require_POST
def ask_or_end(request: HttpRequest) -> HttpResponse:
    """Opens a survey, or ends the one that runs."""
    survey = surveys.running()
    try:
        if request.POST.get("do") == "end":
            if survey is not None:
                surveys.close_survey(survey, by=actor_of(request))
        else:
            surveys.open_survey(by=actor_of(request))
    except Forbidden as error:
        raise PermissionDenied from error
    except Conflict as error:
        messages.warning(request, str(error))
    return redirect("/maturity/#declared")
