"""Routing beside a thread: who has it, why it went that way, and giving it to somebody."""

from __future__ import annotations

import uuid

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ambassadors.routing import services
from ambassadors.routing.models import Offer, RoutingCase
from ambassadors.routing.said import in_words
from ambassadors.routing.why_me import named_points
from conversations.inbox.models import Conversation
from conversations.inbox.services import may_answer
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.organisation.models import Employee, User

MOST_CHOICES = 500
MOST_OFFERS = 10


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`."""
    offers = Offer.objects.filter(conversation=conversation).select_related("employee")
    case = RoutingCase.objects.filter(pk=conversation.pk).first()
    return render_to_string(
        "ambassadors/routing_panel.html",
        {
            "conversation": conversation,
            "may_assign": may_assign(request, conversation),
            "me": Employee.objects.filter(user=request.user.pk, left_at=None).first(),
            "people": _people(request, conversation),
            "case": case,
            "reasons": [in_words(reason) for reason in case.reasons] if case else [],
            "offers": [
                (offer, named_points(offer))
                for offer in offers.order_by("-occurred_at")[:MOST_OFFERS]
            ],
        },
        request=request,
    )


def may_assign(request: HttpRequest, conversation: Conversation) -> bool:
    """The staff of the unit; an assignee answers, but gives nothing away."""
    units = staffed_units(request.user)
    return units is None or conversation.unit_id in units


def _people(request: HttpRequest, conversation: Conversation) -> list[Employee]:
    if not may_assign(request, conversation):
        return []
    people = Employee.objects.filter(user__is_active=True, left_at=None)
    return list(people.select_related("department")[:MOST_CHOICES])


@require_POST
def assign(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Gives the conversation to the chosen person, and goes back to its page."""
    visible = Conversation.objects.visible_to(request.user)
    conversation = visible.select_related("assignee").filter(pk=conversation_id).first()
    user = request.user
    if conversation is None or not isinstance(user, User) or not may_answer(conversation, user):
        raise Http404
    if not may_assign(request, conversation):
        raise Http404
    employee = _chosen(request.POST.get("employee", ""))
    try:
        how = request.POST.get("how", "")
        given = services.give(
            conversation,
            employee=employee,
            how=services.How(how) if how in set(services.How) else None,
            by=actor_of(request),
        )
        said = _("Assigned to %(name)s") if given else _("Asked whether %(name)s may have it")
        messages.success(request, said % {"name": employee})
    except RelaisError as error:
        if error.code == "owned":
            return _which_way(request, conversation, employee)
        messages.error(request, str(error))
    back = QueryDict(mutable=True)
    back["from"] = request.POST.get("from", "")
    page = reverse("admin:conversations_conversation_change", args=[conversation_id])
    return redirect(f"{page}?{back.urlencode()}")


def _which_way(
    request: HttpRequest, conversation: Conversation, employee: Employee
) -> HttpResponse:
    """A colleague has it: they are asked, or it is taken from them knowingly."""
    found = {
        "title": _("Who answers"),
        "conversation": conversation,
        "employee": employee,
        "is_me": employee.user_id == request.user.pk,
        "listed": request.POST.get("from", ""),
    }
    around = admin.site.each_context(request)
    return render(request, "ambassadors/which_way.html", {**around, **found}, status=409)


def _chosen(text: str) -> Employee:
    try:
        found = Employee.objects.filter(pk=uuid.UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found
