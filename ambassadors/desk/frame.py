"""What the pages of one person share: who it is, and the ways to the other pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from ambassadors.communities.pages import around, user_of
from crm.organisation.models import Employee
from crm.organisation.people import employee_or_none


def page(request: HttpRequest, template: str, *, status: int = 200, **words: Any) -> HttpResponse:
    here = "approvals" if template == "approvals" else "my"
    found = {**around(request, here), **words}
    return render(request, f"ambassadors/desk/{template}.html", found, status=status)


def me(request: HttpRequest) -> Employee:
    """404 for an administrator who is nobody's colleague: they have no pages of their own."""
    employee = employee_or_none(user_of(request))
    if employee is None:
        raise Http404
    return employee
