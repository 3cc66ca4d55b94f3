"""Approvals in the staff's pages: the queue of all that waits, and the panel beside a thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ambassadors.governance import approvals, escalations, policies
from ambassadors.governance.ladder import Step, StepKind
from ambassadors.governance.reading import drafts_of, held_for_others, steps_of, waiting_for
from ambassadors.governance.standing import climbs, standing
from ambassadors.governance.trust import Trust
from conversations.inbox.models import Attachment, Conversation, Message
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.organisation.models import Department, User
from crm.values import Actor

MOST_SHOWN = 50
LISTED_FROM = "approvals"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One held answer as the pages show it. later: what was said since it was written. files: what
    goes along with it.

    roles: the named roles that must agree, "" where the unit's staff decides.
    """

    message: Message
    files: Sequence[Attachment]
    question: str
    later: Message | None
    steps: Sequence[Step]
    is_sent_back: bool
    trust: Trust | None
    roles: str


def queue(request: HttpRequest) -> HttpResponse:
    """Everything that this person may decide on, the oldest first, and their own that is held."""
    user = _user(request)
    found = {
        "title": _("Approvals"),
        "waiting": shown(waiting_for(user).order_by("occurred_at")[:MOST_SHOWN]),
        "mine": shown(drafts_of(user).order_by("occurred_at")[:MOST_SHOWN]),
        "elsewhere": shown(held_for_others(user).order_by("occurred_at")[:MOST_SHOWN]),
        "most": MOST_SHOWN,
        "listed": LISTED_FROM,
    }
    around = admin.site.each_context(request)
    return render(request, "ambassadors/approvals.html", {**around, **found})


def board(request: HttpRequest) -> HttpResponse:
    """Who has read what, by department of the units that this person serves."""
    units = staffed_units(request.user)
    places = (
        Department.objects.all() if units is None else Department.objects.filter(unit__in=units)
    )
    departments = list(places.order_by("name").values_list("pk", "name"))
    rows = policies.board(departments, at=timezone.now())
    found = {"title": _("Who has read the policies"), "rows": rows}
    around = admin.site.each_context(request)
    return render(request, "ambassadors/policy_board.html", {**around, **found})


def panel(request: HttpRequest, conversation: Conversation) -> str:
    """Rendered for `THREAD_PANELS`: what is held in this conversation, for whoever may act."""
    user = request.user
    if not isinstance(user, User):
        return ""
    waiting = waiting_for(user).filter(conversation=conversation)
    mine = drafts_of(user).filter(conversation=conversation)
    elsewhere = held_for_others(user).filter(conversation=conversation)
    held = {"waiting": shown(waiting), "mine": shown(mine), "elsewhere": shown(elsewhere)}
    if not any(held.values()):
        return ""
    found = {**held, "listed": request.GET.get("from", "")}
    return render_to_string("ambassadors/approval_panel.html", found, request=request)


def shown(rows: QuerySet[Message]) -> list[Waiting]:
    held = list(rows.select_related("author_employee__user", "conversation__unit"))
    steps = steps_of(held)
    later = Message.objects.in_bulk([pk for pk in (_word(m, "newest") for m in held) if pk])
    roles = escalations.roles_asked({message.conversation_id for message in held})
    return [
        Waiting(
            message=message,
            files=list(message.attachments.all()),
            question=str(_word(message, "question") or ""),
            later=later.get(_word(message, "newest")),
            steps=steps[message.pk],
            is_sent_back=_word(message, "turn") == StepKind.SENT_BACK,
            trust=_trust(message),
            roles=roles[message.conversation_id],
        )
        for message in held
    ]


def _word(message: Message, name: str) -> object:
    return getattr(message, name, None)


def _trust(message: Message) -> Trust | None:
    author = message.author_employee
    ladder = climbs(author, message.conversation)
    return standing(author, ladder) if author and ladder else None


Act = Callable[[Message, QueryDict, Actor], str]


def _approve(message: Message, form: QueryDict, by: Actor) -> str:
    text = form.get("text")
    if text is not None and text.replace("\r\n", "\n").strip() == message.text:
        text = None
    newest = form.get("newest", "") if form.get("confirmed") == "yes" else ""
    approvals.approve(message, by=by, text=text, newest=_uuid(newest))
    return _("Approved: it is on its way")


def _send_back(message: Message, form: QueryDict, by: Actor) -> str:
    approvals.send_back(message, comment=form.get("comment", ""), by=by)
    return _("Sent back to its author")


def _rewrite(message: Message, form: QueryDict, by: Actor) -> str:
    approvals.rewrite(message, text=form.get("text", ""), by=by)
    return _("Waits for approval in its new words")


def _drop(message: Message, form: QueryDict, by: Actor) -> str:
    approvals.drop(message, by=by)
    return _("Dropped: it is not sent")


ACTS: dict[str, Act] = {
    "approve": _approve,
    "send-back": _send_back,
    "rewrite": _rewrite,
    "drop": _drop,
}


@require_POST
def act(request: HttpRequest, message_id: uuid.UUID, name: str) -> HttpResponse:
    """Does `name` and goes back to where the form stood."""
    message = perform(request, message_id, name)
    return redirect(_back(request, message, _user(request)))


def perform(request: HttpRequest, message_id: uuid.UUID, name: str) -> Message:
    """Does `name` with a held answer that the person may see, and says what came of it."""
    user = _user(request)
    if name not in ACTS:
        raise Http404
    seen = Conversation.objects.visible_to(user)
    rows = Message.objects.select_related("conversation", "author_employee")
    message = rows.filter(pk=message_id, conversation__in=seen).first()
    if message is None:
        raise Http404
    try:
        messages.success(request, ACTS[name](message, request.POST, actor_of(request)))
    except RelaisError as error:
        messages.error(request, str(error))
    return message


def _back(request: HttpRequest, message: Message, user: User) -> str:
    listed = request.POST.get("from", "")
    still_seen = Conversation.objects.visible_to(user).filter(pk=message.conversation_id)
    if listed == LISTED_FROM or not still_seen.exists():
        return reverse("admin:approvals")
    query = QueryDict(mutable=True)
    query["from"] = listed
    page = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
    return f"{page}?{query.urlencode()}"


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
