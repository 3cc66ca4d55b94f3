"""The page on which every employee reads the policies in force and says so, as themself."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ambassadors.governance import policies
from ambassadors.governance.models import Policy
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.organisation.models import Employee


@require_GET
@never_cache
@login_required
def policies_page(request: HttpRequest) -> HttpResponse:
    return _show(request)


@require_POST
@never_cache
@login_required
def acknowledge(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    policy = get_object_or_404(Policy, pk=policy_id)
    try:
        policies.acknowledge(policy, by=actor_of(request))
    except RelaisError as error:
        return _show(request, trouble=str(error), status=409)
    return redirect("policies")


def _show(request: HttpRequest, *, trouble: str = "", status: int = 200) -> HttpResponse:
    employee = Employee.objects.filter(user=request.user.pk).first()
    found: dict[str, Any] = {"employee": employee, "trouble": trouble}
    if employee is not None:
        found["duties"] = policies.duties(employee, at=timezone.now())
        found["trainings"] = policies.trainings_of(employee)
    return render(request, "ambassadors/policies.html", found, status=status)


urlpatterns = [
    path("policies/", policies_page, name="policies"),
    path("policies/<uuid:policy_id>/acknowledge/", acknowledge, name="policy_acknowledge"),
]
