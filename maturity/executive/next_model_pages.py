"""What the next version of the model would change, and adopting it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from crm.access.doors import actor_of
from crm.errors import Conflict, Forbidden, Missing
from maturity.appraisals import versions
from maturity.executive.next_model import beside
from maturity.executive.views import for_readers, opened


@for_readers
@require_safe
def next_model(request: HttpRequest) -> HttpResponse:
    return drawn(request)


def drawn(request: HttpRequest, *, refused: str = "", status: int = 200) -> HttpResponse:
    found = opened(request)
    compared = beside(found.picture, unit=found.unit_id)
    said = {
        "asked": found.asked,
        "unit": found.unit,
        "beside": compared,
        "may_adopt": versions.may_adopt(request.user),
        "may_come": compared is not None and compared.shadow.may_come(at=timezone.now()),
        "coming": versions.coming(),
        "refused": refused,
    }
    return render(request, "maturity/next_model.html", said, status=status)


@for_readers
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """From the next Monday on."""
    try:
        versions.adopt(request.POST.get("sha256", ""), by=actor_of(request))
    except Forbidden as error:
        raise PermissionDenied from error
    except Missing as error:
        raise Http404 from error
    except Conflict as error:
        return drawn(request, refused=str(error), status=409)
    return redirect("maturity-next-model")
