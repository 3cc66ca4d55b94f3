"""Knowledge beside a thread: articles to answer with, and the way to a new one."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from conversations.inbox.models import Conversation
from conversations.inbox.services import may_answer
from conversations.knowledge.models import Article
from conversations.knowledge.suggesting import suggest
from crm.organisation.models import User


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`; the page's script puts a chosen text into the composer."""
    user = request.user
    if not isinstance(user, User):
        return ""
    born = Article.objects.visible_to(user).filter(conversation=conversation).defer("search")
    return render_to_string(
        "conversations/knowledge_panel.html",
        {
            "conversation": conversation,
            "articles": suggest(conversation),
            "born": born[:5],
            "may_write": may_answer(conversation, user) and hasattr(user, "employee"),
        },
        request=request,
    )
