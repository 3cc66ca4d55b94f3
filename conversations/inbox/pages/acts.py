"""What staff does on the thread's page. Each act checks who asks and calls one verb."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from conversations.channels.wire.contract import File
from conversations.inbox import (
    delivery,
    enclosing,
    invitations,
    services,
    takeovers,
    templating,
)
from conversations.inbox.models import Conversation, Delivery
from conversations.inbox.pages import thread
from conversations.inbox.pages.listing import neighbours
from conversations.inbox.rights import must_answer, must_invite, must_note
from crm.access.doors import actor_of
from crm.contacts.services import block
from crm.errors import Conflict, Forbidden, Invalid, RelaisError
from crm.organisation.models import Employee, User
from crm.values import Actor

Act = Callable[..., str]  # of (conversation, form, by); a reply also of its files
_STATUSES: dict[type[RelaisError], int] = {Conflict: 409, Forbidden: 403, Invalid: 400}


def _reply(
    conversation: Conversation, form: QueryDict, by: Actor, files: Sequence[File] = ()
) -> str:
    services.reply(
        conversation,
        text=form.get("text", ""),
        by=by,
        files=files,
        articles=_uuids(form.getlist("articles")),
        seen=form.get("seen", ""),
    )
    return _("Answer on its way")


def chosen_in(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    name, _sep, language = form.get("template", "").rpartition("/")
    values = {
        key.removeprefix("blank-"): form.get(key, "") for key in form if key.startswith("blank-")
    }
    words = templating.filled(conversation, name=name, language=language, values=values)
    services.reply(conversation, text=words.text, template=words.kept, by=by)
    return _("Answer on its way")


def _note(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.note(conversation, text=form.get("text", ""), by=by)
    return _("Note kept")


def _close(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.close(conversation, by=by)
    return _("Closed")


def _reopen(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.reopen(conversation, by=by)
    return _("Open again")


def _snooze(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.snooze(conversation, until=_until(form.get("until", "")), by=by)
    return _("Snoozed")


def _spam(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.mark_spam(conversation, by=by)
    return _("Marked as spam")


def _need(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.decide_need(conversation, value=form.get("value") == "yes", by=by)
    return _("Decision kept")


def _prioritise(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    services.prioritise(conversation, priority=form.get("priority", ""), by=by)
    return _("Priority set")


def _block(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    if conversation.identity is None:
        raise Conflict(_("there is nobody to block"), code="nobody")
    blocked = form.get("blocked") == "yes"
    block(conversation.identity.contact, blocked=blocked, by=by)
    return _("Blocked: what they write goes to spam") if blocked else _("No longer blocked")


def _invite(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    [employee] = Employee.objects.filter(pk__in=_uuids([form.get("employee", "")])) or [None]
    if employee is None:
        raise Invalid(_("choose a colleague"), code="unknown_employee")
    invitations.invite(conversation, employee=employee, role=form.get("role", ""), by=by)
    return _("%(name)s is asked in") % {"name": employee}


def _uninvite(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    number = form.get("participant", "")
    known = invitations.invited(conversation)
    is_number = number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER
    row = known.filter(pk=int(number)).first() if is_number else None
    if row is None:
        raise Conflict(_("this invitation has ended already"), code="not_invited")
    invitations.uninvite(row, by=by)
    return _("The invitation has ended")


def _ask_takeover(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    takeovers.ask(conversation, by=by)
    return _("The owner is asked")


def _agree(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    takeovers.agree(conversation, by=by)
    return _("Handed over")


def _refuse(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    takeovers.refuse(conversation, by=by)
    return _("You keep it")


def _force(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    takeovers.force(conversation, by=by)
    return _("It is yours now")


def _retry(conversation: Conversation, form: QueryDict, by: Actor) -> str:
    messages_asked = _uuids([form.get("message", "")])
    found = Delivery.objects.filter(
        conversation=conversation, pk__in=messages_asked
    ).select_related("message")
    if not found:
        raise Conflict(_("there is no such message"), code="not_failed")
    delivery.retry(found[0], by=by)
    return _("Sent again")


ACTS: dict[str, Act] = {
    "reply": _reply,
    "template": chosen_in,
    "note": _note,
    "close": _close,
    "reopen": _reopen,
    "snooze": _snooze,
    "spam": _spam,
    "need": _need,
    "prioritise": _prioritise,
    "block": _block,
    "invite": _invite,
    "uninvite": _uninvite,
    "ask-takeover": _ask_takeover,
    "agree-takeover": _agree,
    "refuse-takeover": _refuse,
    "force-takeover": _force,
    "retry": _retry,
}
_LEADS_ON = {"close", "snooze", "spam"}  # done with it: the next one is shown
_WRITES = {"reply", "note"}
LONGEST_NUMBER = 19  # digits of a bigint


def act(request: HttpRequest, conversation_id: uuid.UUID, name: str) -> HttpResponseBase:
    """Does `name`, then shows the conversation, or the next one when this one is done with."""
    conversation = thread.visible(request, conversation_id)
    if name not in ACTS:
        raise Http404
    _may_do(request, conversation, name)
    asked = thread.asked_of(request)
    following = neighbours(conversation, asked, request.user)[1] if name in _LEADS_ON else None
    try:
        along = {"files": sent_along(request)} if name == "reply" else {}
        said = ACTS[name](conversation, request.POST, actor_of(request), **along)
    except RelaisError as error:
        return _refused(request, conversation, name, error)
    if _wants_json(request):
        return JsonResponse({"said": said})
    messages.success(request, f"{said}: {conversation}" if name in _LEADS_ON else said)
    if name in _LEADS_ON and following is None:
        return redirect(f"{reverse(LIST)}?{asked.address()}")
    return redirect(_address(following or conversation.pk, asked.address()))


def sent_along(request: HttpRequest) -> list[File]:
    """The files of a form's field `files`. Raises Invalid for one that is too large to be read."""
    given = request.FILES.getlist("files")
    return enclosing.read(
        (each.name or "", each.content_type or "", each.size or 0, each) for each in given
    )


LIST = "admin:conversations_conversation_changelist"


def _may_do(request: HttpRequest, conversation: Conversation, name: str) -> None:
    """An approver or adviser reads and notes; only who may answer also acts."""
    if not isinstance(request.user, User):
        raise Http404
    must = {"note": must_note, "invite": must_invite, "uninvite": must_invite}
    try:
        must.get(name, must_answer)(conversation, request.user)
    except Forbidden as error:
        raise Http404 from error


def _address(conversation_id: uuid.UUID, list_address: str) -> str:
    path = reverse("admin:conversations_conversation_change", args=[conversation_id])
    query = QueryDict(mutable=True)
    query["from"] = list_address
    return f"{path}?{query.urlencode()}"


def _refused(
    request: HttpRequest, conversation: Conversation, name: str, error: RelaisError
) -> HttpResponseBase:
    """Says why; what was being written stays in the composer."""
    status = next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 400)
    if _wants_json(request):
        return JsonResponse({"code": error.code, "said": str(error)}, status=status)
    if name in _WRITES:
        draft = request.POST.get("text", "")[: services.LONGEST_TEXT]
        fresh = thread.visible(request, conversation.pk)
        return thread.page(request, fresh, draft=draft, trouble=str(error), status=status)
    messages.error(request, str(error))
    return redirect(_address(conversation.pk, thread.asked_of(request).address()))


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _uuids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts[:50]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def _until(text: str) -> datetime:
    """With its zone as the page's script writes it, else in the installation's zone."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise Invalid(_("that is no date"), code="not_a_date")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
