"""Held answers for whoever decides on them, staff or not, and one's own that are held."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from ambassadors.communities.pages import for_employees, user_of
from ambassadors.desk.frame import page
from ambassadors.governance.pages import MOST_SHOWN, perform, shown
from ambassadors.governance.reading import drafts_of, waiting_for
from conversations.inbox.models import Conversation


@for_employees
@require_safe
def approvals_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    return page(
        request,
        "approvals",
        waiting=shown(waiting_for(user).order_by("occurred_at")[:MOST_SHOWN]),
        mine=shown(drafts_of(user).order_by("occurred_at")[:MOST_SHOWN]),
        most=MOST_SHOWN,
    )


@for_employees
@require_POST
def act(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Decides, or takes up one's own again; back to where the form stood."""
    message = perform(request, pk, name)
    seen = Conversation.objects.visible_to(request.user)
    if request.POST.get("from") == "conversation":
        if seen.filter(pk=message.conversation_id).exists():
            return redirect("my_conversation", message.conversation_id)
        return redirect("my")
    return redirect("own_approvals")
