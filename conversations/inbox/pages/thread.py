"""The page of one conversation, and the part of it that renews itself."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from conversations.inbox import invitations, presence, takeovers, templating
from conversations.inbox.models import Conversation, NeedsAnswer, Status
from conversations.inbox.pages.listing import MOST_CHOICES, Asked, neighbours
from conversations.inbox.pages.presenting import MOST_SHOWN, bubbles, fingerprint
from conversations.inbox.rights import may_invite, serves
from conversations.inbox.services import may_answer
from conversations.inbox.terms import terms
from conversations.inbox.versions import tag
from conversations.service_levels.models import Priority
from crm.errors import RelaisError
from crm.organisation.models import Employee, User

logger = logging.getLogger(__name__)

EVERYTHING = 5_000  # messages on one page at most


def visible(request: HttpRequest, conversation_id: uuid.UUID) -> Conversation:
    """The conversation, or 404: who may not see it does not learn that it is there."""
    found = (
        Conversation.objects.visible_to(request.user)
        .select_related("channel", "unit", "identity__contact", "assignee")
        .filter(pk=conversation_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def visible_by_text(request: HttpRequest, conversation_id: str) -> Conversation:
    """The same, of an id as the admin's addresses write it."""
    try:
        return visible(request, uuid.UUID(conversation_id))
    except ValueError as error:
        raise Http404 from error


def asked_of(request: HttpRequest) -> Asked:
    """The list that the reader came from, carried along as `from`."""
    return Asked.read(QueryDict(request.GET.get("from", "") or request.POST.get("from", "")))


def page(
    request: HttpRequest,
    conversation: Conversation,
    *,
    draft: str = "",
    trouble: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page; draft and trouble: what was refused, and why."""
    found = _context(request, conversation) | {"draft": draft, "trouble": trouble}
    around = admin.site.each_context(request)
    return render(request, "conversations/inbox/thread.html", {**around, **found}, status=status)


def _context(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    asked = asked_of(request)
    before, after = neighbours(conversation, asked, request.user)
    return {
        **part(request, conversation),
        **company(request, conversation),
        "back_to": asked.address(page=asked.page if asked.page > 1 else ""),
        "before": before,
        "after": after,
        "panels": panels(request, conversation),
        "presets": presets(timezone.localtime()),
        "terms": terms(conversation, request.user),
        **templates(request, conversation),
        "deadlines": conversation.deadlines.select_related("target").order_by("started_at", "pk"),
        "priorities": Priority.choices,
        "title": str(conversation),
    }


def part(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """What the renewing part needs."""
    most = EVERYTHING if request.GET.get("earlier") else MOST_SHOWN
    messages, earlier = bubbles(conversation, most=most)
    decisions = NeedsAnswer.objects.filter(conversation=conversation)
    return {
        "conversation": conversation,
        "contact": conversation.identity.contact if conversation.identity else None,
        "bubbles": messages,
        "earlier": earlier,
        "fingerprint": fingerprint(conversation),
        "decision": decisions.order_by("occurred_at").last(),
        "seen": tag(conversation),
        "takeover": takeovers.asked(conversation),
        "is_owner": bool(
            conversation.assignee and conversation.assignee.user_id == request.user.pk
        ),
        "running": list(conversation.deadlines.running().order_by("due_at")),
        "is_ended": conversation.status in {Status.CLOSED, Status.SPAM},
    }


def company(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Who works on it together, and what the reader may change of that."""
    user = request.user
    if not isinstance(user, User):
        return {}
    me = Employee.objects.filter(user=user).first()
    owner = conversation.assignee
    is_anothers = owner is not None and me is not None and owner != me
    may_ask = may_invite(conversation, user)
    people = Employee.objects.filter(user__is_active=True, left_at=None).exclude(user=user)
    return {
        "invited": list(invitations.invited(conversation)),
        "may_invite": may_ask,
        "colleagues": people.select_related("department")[:MOST_CHOICES] if may_ask else [],
        "may_take": is_anothers and may_answer(conversation, user),
        "may_force": serves(conversation, user),
    }


def beat(request: HttpRequest, conversation: Conversation) -> JsonResponse:
    """The page says what its reader does; who else is there, the writers first."""
    state = request.POST.get("state", "")
    user = request.user
    others = presence.be(conversation.pk, user, state=state) if isinstance(user, User) else []
    return JsonResponse({"others": [{"name": one.name, "state": one.state} for one in others]})


def renewed(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """204 while nothing changed; else the messages and the state anew."""
    if request.GET.get("known") == fingerprint(conversation):
        return HttpResponse(status=204)
    return render(request, "conversations/inbox/thread_part.html", part(request, conversation))


def templates(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Approved texts, for who may answer: the network is asked when somebody wants them."""
    user = request.user
    may = isinstance(user, User) and may_answer(conversation, user) and hasattr(user, "employee")
    if not may or conversation.channel.closed_at or not templating.has_templates(conversation):
        return {}
    if "templates" not in request.GET:
        return {"templates_are_there": True}
    try:
        return {"templates_are_there": True, "templates": templating.offered(conversation)}
    except RelaisError as error:
        return {"templates_are_there": True, "templates": [], "templates_trouble": str(error)}


def panels(request: HttpRequest, conversation: Conversation) -> list[str]:
    """What higher rooms show beside the thread. One that fails leaves its place empty."""
    shown = []
    for path in settings.THREAD_PANELS:
        try:
            shown.append(import_string(path)(request, conversation))
        except Exception:
            logger.exception("panel %s failed", path)
    return [panel for panel in shown if panel]


def presets(now: datetime) -> list[tuple[str, datetime, str]]:
    """(name, until, label) of the usual snoozes; the page moves them into the reader's zone."""
    morning = datetime.combine(now.date(), time(9), tzinfo=now.tzinfo)
    monday = morning + timedelta(days=7 - now.weekday())
    return [
        ("hours", now + timedelta(hours=3), _("In 3 hours")),
        ("tomorrow", morning + timedelta(days=1), _("Tomorrow, 9:00")),
        ("monday", monday, _("Monday, 9:00")),
        ("week", morning + timedelta(days=7), _("In a week")),
    ]
