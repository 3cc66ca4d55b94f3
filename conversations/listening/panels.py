"""Beside a thread: the mention it was made of."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from conversations.inbox.models import Conversation
from conversations.listening.models import Mention
from conversations.listening.promotion import takes_answers


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`; nothing for a conversation that was none."""
    rows = Mention.objects.visible_to(request.user).filter(promotion__conversation=conversation)
    found = list(rows.select_related("source__channel").order_by("promotion__occurred_at")[:5])
    if not found:
        return ""
    said = {"mentions": found, "answers": takes_answers(conversation.channel)}
    return render_to_string("conversations/mentions/panel.html", said, request=request)
