"""Knowledge beside a thread: articles to answer with, and the way to a new one."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from conversations.inbox.models import Conversation
from conversations.knowledge.search import suggest


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`; the page's script puts a chosen text into the composer."""
    return render_to_string(
        "conversations/knowledge_panel.html",
        {"conversation": conversation, "articles": suggest(conversation)},
        request=request,
    )
