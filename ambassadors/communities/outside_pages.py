"""From a conversation to the inside and back, and ideas: pages for anybody who works here."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ambassadors.communities import insights, reading, round_trips
from ambassadors.communities.filters import STATES
from ambassadors.communities.models import Community, Insight, Post, RoundTrip, employed
from ambassadors.communities.pages import for_employees, page, paged, status_of, user_of, uuids
from conversations.inbox.models import Conversation, Direction, MessageKind
from conversations.inbox.rights import must_note
from conversations.inbox.services import may_answer
from crm.access.doors import actor_of
from crm.errors import Forbidden, RelaisError
from crm.organisation.models import Employee

MOST_PEOPLE = 500


def _conversation(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    """One that the person may write a note in; 404 for any other."""
    visible = Conversation.objects.visible_to(request.user)
    found = visible.select_related("channel", "assignee", "identity__contact").filter(pk=pk).first()
    if found is None:
        raise Http404
    try:
        must_note(found, user_of(request))
    except Forbidden as error:
        raise Http404 from error
    return found


@for_employees
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A question to the inside: written, looked at, posted."""
    conversation = _conversation(request, pk)
    communities = list(reading.communities(request.user).order_by("-joined", "name"))
    said = _question(request, conversation)
    chosen = next((one for one in communities if str(one.pk) == said["community"]), None)
    step, error = request.POST.get("step", ""), ""
    if step in {"preview", "post"}:
        error = _what_is_missing(said, chosen)
    if step == "post" and not error and chosen is not None:
        try:
            trip = _post(conversation, chosen, said, request)
        except RelaisError as refused:
            error = str(refused)
        else:
            messages.success(request, _("Asked: you are told by mail when a colleague answers."))
            return redirect("thread", trip.post_id)
    return page(
        request,
        "ask",
        status=400 if error else 200,
        conversation=conversation,
        communities=communities,
        chosen=chosen,
        said=said,
        error=error,
        previewing=step == "preview" and not error,
    )


def _question(request: HttpRequest, conversation: Conversation) -> dict[str, str]:
    if request.method == "POST":
        return {name: request.POST.get(name, "") for name in ("community", "title", "text")}
    return {
        "community": "",
        "title": round_trips.title_of(conversation),
        "text": round_trips.question_of(conversation),
    }


def _what_is_missing(said: dict[str, str], chosen: Community | None) -> str:
    if chosen is None:
        return _("Choose a community.")
    return "" if said["title"].strip() and said["text"].strip() else _("Give a title and a text.")


def _post(
    conversation: Conversation, chosen: Community, said: dict[str, str], request: HttpRequest
) -> RoundTrip:
    return round_trips.ask_inside(
        conversation,
        community=chosen,
        title=said["title"],
        text=said["text"],
        by=actor_of(request),
    )


@for_employees
def give_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The answer to the customer, begun with what a colleague said inside."""
    trip, conversation = _trip(request, pk)
    answers = list(round_trips.answers(trip))
    wanted = request.POST.get("answer") or request.GET.get("answer") or ""
    answer = next(
        (one for one in answers if str(one.pk) == wanted), answers[-1] if answers else None
    )
    text = request.POST.get("text", answer.text if answer else "")
    error, status = "", 200
    if request.method == "POST" and answer is not None:
        try:
            _return(trip, answer, text, request)
        except RelaisError as refused:
            error, status = str(refused), status_of(refused)
        else:
            messages.success(
                request, _("On its way to the customer, with the trace of who helped.")
            )
            return redirect("thread", trip.post_id)
    return page(
        request,
        "return",
        status=status,
        trip=trip,
        conversation=conversation,
        last=_last_word(conversation),
        answers=answers,
        answer=answer,
        text=text,
        error=error,
        written=answer and round_trips.written_since(answer, trip, by=actor_of(request)),
    )


def _trip(request: HttpRequest, pk: uuid.UUID) -> tuple[RoundTrip, Conversation]:
    visible = Conversation.objects.visible_to(request.user)
    trip = reading.trips().filter(pk=pk, conversation__in=visible).first()
    if trip is None or not may_answer(trip.conversation, user_of(request)):
        raise Http404
    if not Post.objects.visible_to(request.user).filter(pk=trip.post_id).exists():
        raise Http404
    return trip, trip.conversation


def _return(trip: RoundTrip, answer: Post, text: str, request: HttpRequest) -> None:
    if request.POST.get("step") == "credit":
        round_trips.credit(trip, answer_id=answer.pk, by=actor_of(request))
        return
    version = request.POST.get("expected_version", "")
    round_trips.return_answer(
        trip,
        answer_id=answer.pk,
        text=text,
        by=actor_of(request),
        expected_version=int(version) if version.isascii() and version.isdigit() else None,
    )


def _last_word(conversation: Conversation) -> str:
    said = conversation.messages.filter(direction=Direction.IN, kind=MessageKind.REPLY)
    last = said.order_by("-occurred_at", "-pk").first()
    return last.text[: round_trips.LONGEST_DRAFT] if last else ""


@for_employees
@require_safe
def ideas(request: HttpRequest) -> HttpResponse:
    """Ideas one wrote, owns, or whose conversation one may see."""
    found: QuerySet[Insight] = Insight.objects.visible_to(request.user)
    late = insights.in_state(found, "overdue").count()
    state = request.GET.get("state", "")
    if state in insights.STATES:
        found = insights.in_state(found, state)
    if request.GET.get("owned"):
        found = found.filter(owner__user=user_of(request))
    rows = found.select_related("author", "owner__department", "conversation")
    listed = paged(request, rows.order_by("-occurred_at", "-pk"))
    return page(
        request,
        "ideas",
        ideas=[_idea(request, idea) for idea in listed],
        listed=listed,
        states=STATES,
        state=state,
        owned=bool(request.GET.get("owned")),
        late=late,
        people=_people(),
    )


def _idea(request: HttpRequest, idea: Insight) -> dict[str, Any]:
    is_mine = idea.owner is not None and idea.owner.user_id == request.user.pk
    return {
        "idea": idea,
        "is_overdue": insights.is_overdue(idea),
        "may_give": idea.decided_at is None and insights.may_give(idea, actor_of(request)),
        "may_decide": is_mine and idea.decided_at is None,
        "may_tell": is_mine and idea.decided_at is not None and idea.told_at is None,
    }


def _people() -> list[Employee]:
    people = employed().filter(user__is_active=True).select_related("department")
    return list(people.order_by("sort_name", "pk")[:MOST_PEOPLE])


@for_employees
def new_idea(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = _conversation(request, pk)
    text, error = request.POST.get("text", ""), ""
    if request.method == "POST":
        try:
            owner = _chosen(request)
            insights.note_insight(conversation, text=text, owner=owner, by=actor_of(request))
        except RelaisError as refused:
            error = str(refused)
        else:
            messages.success(request, _("The idea is kept."))
            return redirect("ideas")
    return page(
        request,
        "new_idea",
        status=400 if error else 200,
        conversation=conversation,
        text=text,
        error=error,
        people=_people(),
    )


def _chosen(request: HttpRequest) -> Employee | None:
    return Employee.objects.filter(pk__in=uuids([request.POST.get("owner", "")])).first()


@for_employees
@require_POST
def act_on_idea(request: HttpRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    idea = Insight.objects.visible_to(request.user).filter(pk=pk).first()
    if idea is None or act not in {"give", "decide", "tell"}:
        raise Http404
    try:
        messages.success(request, _act(idea, act, request))
    except RelaisError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('ideas')}#i-{pk}")


def _act(idea: Insight, act: str, request: HttpRequest) -> str:
    by, form = actor_of(request), request.POST
    if act == "decide":
        insights.decide(idea, outcome=form.get("outcome", ""), why=form.get("why", ""), by=by)
        return _("Decided. Now tell who had the idea.")
    if act == "tell":
        insights.tell_author(idea, by=by)
        return _("Told by mail.")
    owner = _chosen(request)
    if owner is None:
        raise Forbidden(_("choose somebody"), code="nobody_chosen")
    insights.give(idea, owner=owner, by=by)
    return _("Given to %(name)s") % {"name": owner}


urlpatterns = [
    path("conversations/<uuid:pk>/ask/", ask, name="ask_inside"),
    path("conversations/<uuid:pk>/idea/", new_idea, name="new_idea"),
    path("round-trips/<uuid:pk>/return/", give_back, name="return_answer"),
    path("ideas/", ideas, name="ideas"),
    path("ideas/<uuid:pk>/<slug:act>/", act_on_idea, name="act_on_idea"),
]
