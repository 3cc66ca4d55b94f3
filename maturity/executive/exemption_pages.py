"""Asking for an exemption beside its criterion, and deciding about one."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from crm.access.doors import actor_of
from crm.errors import Conflict, Forbidden, Invalid
from maturity.appraisals import exemptions
from maturity.appraisals.models import Exemption
from maturity.executive.asking import day_or_none
from maturity.executive.views import drawn, for_readers, opened

ACTS = {"approve": exemptions.approve, "close": exemptions.close}


@for_readers
@require_POST
def ask(request: HttpRequest, criterion: str) -> HttpResponse:
    """Somebody else has to approve it; leads back to the criterion."""
    found = opened(request)
    typed = {name: request.POST.get(name, "").strip() for name in ("reason", "until")}
    try:
        until = day_or_none(typed["until"], name="until")
        exemptions.ask(
            criterion, unit=found.unit_id, reason=typed["reason"], until=until, by=actor_of(request)
        )
    except Forbidden as error:
        raise PermissionDenied from error
    except (Conflict, Invalid) as error:
        if criterion not in found.picture.derived.model.by_id:
            raise Http404 from error
        said = {"exemption_refused": str(error), "exemption_typed": typed}
        return drawn(request, found, criterion, status=400, said=said)
    where = reverse("maturity-criterion", args=[criterion])
    return redirect(f"{where}?{request.GET.urlencode()}#exemption")


@for_readers
@require_POST
def decide(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """approve: by another one than who asked. close: withdraw, refuse or end it."""
    row = get_object_or_404(Exemption, pk=pk)
    try:
        ACTS[act](row, by=actor_of(request))
    except Forbidden as error:
        raise PermissionDenied from error
    except Conflict as error:
        raise BadRequest(str(error)) from error
    unit = f"?unit={row.unit_id}" if row.unit_id else ""
    return redirect(f"{reverse('maturity-criterion', args=[row.criterion])}{unit}#exemption")
