"""One's own figures, and what lifted or lowered one's trust: for one's own eyes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ambassadors.communities.pages import for_employees
from ambassadors.desk.frame import me, page
from ambassadors.desk.overview import trust_of
from ambassadors.governance import policies
from ambassadors.routing.statistics import statistics_of


@for_employees
@require_safe
def my_figures(request: HttpRequest) -> HttpResponse:
    employee, now = me(request), timezone.now()
    return page(
        request,
        "figures",
        person=employee,
        figures=statistics_of(employee, at=now),
        duties=policies.duties(employee, at=now),
        trainings=policies.trainings_of(employee),
        now=now,
        **trust_of(employee),
    )
