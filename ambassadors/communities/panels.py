"""The inside beside a thread: what was asked there, what came back, ideas born here."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from ambassadors.communities.models import Community, Insight
from ambassadors.communities.reading import trips
from ambassadors.communities.round_trips import is_on_its_way
from conversations.inbox.models import Conversation
from conversations.inbox.services import may_answer
from crm.organisation.models import User

MOST_SHOWN = 10


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`; the reader may see the conversation."""
    user = request.user
    seen = set(Community.objects.visible_to(user).values_list("pk", flat=True))
    found = trips().filter(conversation=conversation).order_by("-occurred_at")[:MOST_SHOWN]
    ideas = Insight.objects.filter(conversation=conversation).select_related("author", "owner")
    return render_to_string(
        "ambassadors/communities/panel.html",
        {
            "conversation": conversation,
            "may_ask": isinstance(user, User) and may_answer(conversation, user),
            "trips": [
                {
                    "trip": trip,
                    "is_seen": trip.post.community_id in seen,
                    "is_on_its_way": is_on_its_way(trip),
                }
                for trip in found
            ],
            "ideas": ideas.order_by("-occurred_at")[:MOST_SHOWN],
        },
        request=request,
    )
