"""Figures of one person, and what lifted or lowered their trust: for them and for their lead."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ambassadors.communities.pages import for_employees, user_of
from ambassadors.desk.frame import me, page
from ambassadors.desk.overview import trust_of
from ambassadors.governance import policies
from ambassadors.routing.statistics import statistics_of
from crm.organisation.models import Employee
from crm.organisation.people import people_led_by


@for_employees
@require_safe
def my_figures(request: HttpRequest) -> HttpResponse:
    return _show(request, me(request), is_mine=True)


@for_employees
@require_safe
def my_people(request: HttpRequest) -> HttpResponse:
    """By name, without a figure: nobody is compared with anybody."""
    people = people_led_by(user_of(request)).order_by("sort_name", "pk")
    return page(request, "people", people=people)


@for_employees
@require_safe
def their_figures(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """404 for anybody whom one does not lead now."""
    person = people_led_by(user_of(request)).filter(pk=pk).first()
    if person is None:
        raise Http404
    return _show(request, person, is_mine=False)


def _show(request: HttpRequest, person: Employee, *, is_mine: bool) -> HttpResponse:
    now = timezone.now()
    return page(
        request,
        "figures",
        person=person,
        is_mine=is_mine,
        lead=person.lead if person.lead and person.lead.left_at is None else None,
        figures=statistics_of(person, at=now),
        duties=policies.duties(person, at=now),
        trainings=policies.trainings_of(person),
        **trust_of(person),
    )
