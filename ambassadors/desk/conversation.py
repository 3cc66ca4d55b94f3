"""One conversation as the person who answers it has it before them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ambassadors.communities.pages import for_employees, status_of, user_of, uuids
from ambassadors.desk.frame import me, page
from ambassadors.desk.overview import offers_of, trust_of
from ambassadors.governance import correcting
from ambassadors.governance.correcting import sent_in
from ambassadors.governance.pages import shown
from ambassadors.governance.reading import drafts_of, waiting_for
from conversations.inbox import presence, services, takeovers
from conversations.inbox.models import Conversation, NeedsAnswer, Status
from conversations.inbox.pages.acts import chosen_in, sent_along
from conversations.inbox.pages.presenting import MOST_SHOWN, bubbles
from conversations.inbox.pages.thread import EVERYTHING, templates
from conversations.inbox.rights import must_answer, must_note
from conversations.inbox.services import may_answer
from conversations.inbox.terms import terms
from conversations.inbox.versions import tag
from conversations.knowledge.models import Article
from conversations.knowledge.search import published
from conversations.knowledge.suggesting import suggest
from crm.access.doors import actor_of
from crm.errors import Forbidden, RelaisError

MOST_USED = 20


def visible(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    """404 for one that the person may not see: they do not learn that it is there."""
    rows = Conversation.objects.visible_to(user_of(request))
    related = rows.select_related("channel", "unit", "identity__contact", "assignee")
    found = related.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@for_employees
@require_safe
def conversation_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _show(request, visible(request, pk))


def _show(
    request: HttpRequest,
    conversation: Conversation,
    *,
    text: str = "",
    used: list[Article] | None = None,
    trouble: str = "",
    status: int = 200,
) -> HttpResponse:
    user, employee = user_of(request), me(request)
    most = EVERYTHING if request.GET.get("earlier") else MOST_SHOWN
    said, earlier = bubbles(conversation, most=most)
    mine = {
        each.message.pk: each for each in shown(drafts_of(user).filter(conversation=conversation))
    }
    wrong = {each.message.pk: each for each in sent_in(conversation, user)}
    others = presence.be(conversation.pk, user, state="viewing")
    may = may_answer(conversation, user)
    return page(
        request,
        "conversation",
        status=status,
        conversation=conversation,
        bubbles=[(bubble, mine.get(bubble.id), wrong.get(bubble.id)) for bubble in said],
        earlier=earlier,
        offer=offers_of(user, at=timezone.now()).filter(conversation=conversation).first(),
        decides=waiting_for(user).filter(conversation=conversation).exists(),
        may_answer=may,
        may_note=may or _may_note(conversation, request),
        terms=terms(conversation, user),
        **templates(request, conversation),
        suggestions=suggest(conversation) if may else [],
        used=used or [],
        others=others,
        takeover=takeovers.asked(conversation),
        is_owner=conversation.assignee == employee,
        decision=NeedsAnswer.objects.filter(conversation=conversation)
        .order_by("occurred_at")
        .last(),
        seen=tag(conversation),
        text=text,
        trouble=trouble,
        is_ended=conversation.status in {Status.CLOSED, Status.SPAM},
        **trust_of(employee),
    )


def _may_note(conversation: Conversation, request: HttpRequest) -> bool:
    try:
        must_note(conversation, user_of(request))
    except Forbidden:
        return False
    return True


@for_employees
@require_POST
def act(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Does `name`; what was being written is never lost to a refusal."""
    conversation = visible(request, pk)
    if name not in {*ACTS, "use"}:
        raise Http404
    text = request.POST.get("text", "")[: services.LONGEST_TEXT]
    used = _used(request)
    if name == "use":
        return _show(request, conversation, text=_with_article(request, text, used), used=used)
    try:
        said = ACTS[name](conversation, request, [article.pk for article in used])
    except RelaisError as error:
        fresh = visible(request, pk)
        return _show(
            request, fresh, text=text, used=used, trouble=str(error), status=status_of(error)
        )
    messages.success(request, said)
    if Conversation.objects.visible_to(request.user).filter(pk=pk).exists():
        return redirect("my_conversation", pk)
    return redirect("my")


@for_employees
@require_POST
def correct(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Says that a sent answer was wrong; back to its conversation."""
    message = correcting.note(request, pk)
    return redirect("my_conversation", message.conversation_id)


def _used(request: HttpRequest) -> list[Article]:
    """The articles already put into the answer, and the one that is chosen now."""
    wanted = list(uuids([*request.POST.getlist("articles"), request.POST.get("use", "")]))
    found = published().in_bulk(wanted[:MOST_USED])
    return [found[pk] for pk in dict.fromkeys(wanted) if pk in found]


def _with_article(request: HttpRequest, text: str, used: list[Article]) -> str:
    chosen = request.POST.get("use", "")
    article = next((each for each in used if str(each.pk) == chosen), None)
    return "\n\n".join(filter(None, [text.strip(), article.text if article else ""]))


def _reply(conversation: Conversation, request: HttpRequest, articles: list[uuid.UUID]) -> str:
    by = actor_of(request)
    message = services.reply(
        conversation,
        text=request.POST.get("text", ""),
        articles=articles,
        seen=request.POST.get("seen", ""),
        files=sent_along(request),
        by=by,
    )
    if message.approval_required:
        return _("Written. A colleague approves it, then it goes out.")
    if request.POST.get("then_close"):
        services.close(conversation, by=by)
        return _("On its way, and closed.")
    return _("On its way.")


def _template(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    chosen_in(conversation, request.POST, actor_of(request))
    return _("On its way.")


def _note(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    must_note(conversation, user_of(request))
    services.note(conversation, text=request.POST.get("text", ""), by=actor_of(request))
    return _("Kept, for colleagues only.")


def _close(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    must_answer(conversation, user_of(request))
    services.close(conversation, by=actor_of(request))
    return _("Closed.")


def _reopen(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    must_answer(conversation, user_of(request))
    services.reopen(conversation, by=actor_of(request))
    return _("Open again.")


def _needless(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    must_answer(conversation, user_of(request))
    services.decide_need(conversation, value=False, by=actor_of(request))
    return _("Noted: it needs no answer. It comes back when they write again.")


def _needed(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    must_answer(conversation, user_of(request))
    services.decide_need(conversation, value=True, by=actor_of(request))
    return _("Noted: it needs an answer.")


def _agree(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    takeovers.agree(conversation, by=actor_of(request))
    return _("Handed over")


def _keep(conversation: Conversation, request: HttpRequest, _used: list[uuid.UUID]) -> str:
    takeovers.refuse(conversation, by=actor_of(request))
    return _("You keep it")


Act = Callable[[Conversation, HttpRequest, list[uuid.UUID]], str]
ACTS: dict[str, Act] = {
    "reply": _reply,
    "template": _template,
    "note": _note,
    "close": _close,
    "reopen": _reopen,
    "needless": _needless,
    "needed": _needed,
    "agree": _agree,
    "keep": _keep,
}
