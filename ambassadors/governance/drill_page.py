"""The staff's page on which a drill is started, and what came of the last ones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ambassadors.governance import drills
from ambassadors.governance.models import Escalation, EscalationRule
from conversations.inbox.models import Conversation
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.organisation.models import Unit

MOST_SHOWN = 20


def page(request: HttpRequest) -> HttpResponse:
    units = staffed_units(request.user)
    if units is not None and not units:
        raise PermissionDenied
    places = Unit.objects.all() if units is None else Unit.objects.filter(pk__in=units)
    rules = list(EscalationRule.objects.filter(active=True).select_related("role", "unit"))
    typed = {name: request.POST.get(name, "") for name in ("rule", "unit", "text")}
    trouble = ""
    if request.method == "POST":
        trouble = _start(request, rules, list(places), typed)
        if not trouble:
            messages.success(request, _("The drill is on its way: it is read within a minute."))
            return redirect("admin:escalation_drill")
    return _show(request, rules=rules, units=places, typed=typed, trouble=trouble)


def _start(
    request: HttpRequest, rules: list[EscalationRule], units: list[Unit], typed: dict[str, str]
) -> str:
    """Why it was not started, "" when it was."""
    rule = next((each for each in rules if str(each.pk) == typed["rule"]), None)
    unit = next((each for each in units if str(each.pk) == typed["unit"]), None)
    if rule is None or unit is None:
        return _("Choose a rule and a unit.")
    try:
        drills.start(rule, unit=unit, by=actor_of(request), text=typed["text"])
    except RelaisError as error:
        return str(error)
    return ""


def _show(request: HttpRequest, **words: Any) -> HttpResponse:
    seen = Conversation.objects.visible_to(request.user)
    past = Escalation.objects.filter(drill=True, conversation__in=seen)
    found = {
        "title": _("Drills"),
        "past": past.select_related("conversation__unit", "approved_by").order_by("-occurred_at")[
            :MOST_SHOWN
        ],
    }
    around = admin.site.each_context(request)
    status = 400 if words["trouble"] else 200
    return render(request, "ambassadors/drills.html", {**around, **found, **words}, status=status)
