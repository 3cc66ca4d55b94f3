"""Sent answers of a conversation and what was found wrong with them, beside its thread."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ambassadors.governance import corrections
from ambassadors.governance.models import Correction, CorrectionKind
from conversations.inbox.models import Conversation, Direction, Message, MessageKind
from conversations.inbox.rights import serves
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.organisation.models import User

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """known: what was noted of it so far. kinds: what may still be noted by the reader."""

    message: Message
    known: Sequence[Correction]
    kinds: Sequence[tuple[str, str]]


def sent_in(conversation: Conversation, user: User) -> list[Sent]:
    """The newest sent answers that were corrected, or that this person may say so of."""
    rows = Message.objects.filter(
        conversation=conversation,
        direction=Direction.OUT,
        kind=MessageKind.REPLY,
        sent_at__isnull=False,
        automated=False,
    ).select_related("author_employee")
    newest = list(rows.order_by("-occurred_at", "-pk")[:MOST_SHOWN])
    known: dict[uuid.UUID, list[Correction]] = {message.pk: [] for message in newest}
    for correction in Correction.objects.filter(message__in=known).order_by("occurred_at", "pk"):
        known[correction.message_id].append(correction)
    staff = serves(conversation, user)
    return [
        Sent(message, known[message.pk], _open(message, known[message.pk], user, staff=staff))
        for message in newest
    ]


def _open(
    message: Message, known: Sequence[Correction], user: User, *, staff: bool
) -> list[tuple[str, str]]:
    author = message.author_employee
    if not staff and (author is None or author.user_id != user.pk):
        return []
    done = {correction.kind for correction in known}
    return [(kind, str(label)) for kind, label in CorrectionKind.choices if kind not in done]


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`; nothing while nothing was sent, or for who may say nothing."""
    user = request.user
    sent = sent_in(conversation, user) if isinstance(user, User) else []
    shown = [each for each in sent if each.known or each.kinds]
    if not shown:
        return ""
    return render_to_string("ambassadors/corrections.html", {"sent": shown}, request=request)


def note(request: HttpRequest, message_id: uuid.UUID) -> Message:
    """Notes what the form says; 404 for a message in a conversation that one may not see."""
    seen = Conversation.objects.visible_to(request.user)
    rows = Message.objects.select_related("conversation", "author_employee")
    message = rows.filter(pk=message_id, conversation__in=seen).first()
    kind = request.POST.get("kind", "")
    if message is None or kind not in CorrectionKind.values:
        raise Http404
    try:
        corrections.correct(message, kind=CorrectionKind(kind), by=actor_of(request))
        messages.success(request, _("Noted. Tell the customer by a further answer."))
    except RelaisError as error:
        messages.error(request, str(error))
    return message


@require_POST
def act(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """From the staff's page, and back to it."""
    message = note(request, message_id)
    query = QueryDict(mutable=True)
    query["from"] = request.POST.get("from", "")
    page = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
    return redirect(f"{page}?{query.urlencode()}")
