"""What one person has before them: questions offered, questions carried, answers held."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ambassadors.communities.pages import for_employees, status_of, user_of
from ambassadors.desk.frame import me, page
from ambassadors.governance.eligibility import suspended
from ambassadors.governance.pages import Waiting, shown
from ambassadors.governance.policies import duties
from ambassadors.governance.reading import drafts_of, waiting_for
from ambassadors.governance.standing import ladder_of, standing
from ambassadors.routing import reasons, services
from ambassadors.routing.availability import absences_of, availability_of, capacity_of, end_of_day
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.why_me import Why, why_me
from conversations.inbox.models import (
    Conversation,
    ConversationQuerySet,
    Direction,
    Message,
    MessageKind,
    ParticipantRole,
    Status,
)
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.organisation.models import Employee, User
from crm.organisation.people import people_led_by
from crm.values import Actor

MOST_OFFERS, MOST_CARRIED = 20, 50
LONGEST_COMMENT = 500
_CARRIES = (ParticipantRole.ANSWERING, ParticipantRole.HELPING)
_ALIVE = (Status.OPEN, Status.WAITING, Status.SNOOZED)


@dataclass(frozen=True, slots=True)
class Offered:
    """question: what the person outside said last."""

    offer: Offer
    question: str
    why: Why


@dataclass(frozen=True, slots=True)
class Carried:
    """held: the person's own answer that waits in it, None where none does."""

    conversation: Conversation
    held: Waiting | None


def offers_of(user: User, *, at: datetime) -> QuerySet[Offer]:
    """Open ones that still stand, in conversations the person may see; the oldest first."""
    seen = Conversation.objects.visible_to(user).exclude(status=Status.SPAM)
    mine = Offer.objects.filter(employee__user=user, state=OfferState.OPEN, live=True)
    standing_ones = mine.filter(Q(expires_at=None) | Q(expires_at__gt=at))
    return standing_ones.filter(conversation__in=seen).order_by("occurred_at", "pk")


def carried_by(user: User) -> ConversationQuerySet:
    """What the person answers: theirs, and those they were asked into to help."""
    helps = Q(participants__user=user, participants__role__in=_CARRIES)
    mine = Conversation.objects.visible_to(user).filter(Q(assignee__user=user) | helps)
    return mine.filter(status__in=_ALIVE).distinct()


def advised_by(user: User) -> ConversationQuerySet:
    """Where their advice was asked."""
    advises = Q(participants__user=user, participants__role=ParticipantRole.ADVISING)
    return Conversation.objects.visible_to(user).filter(advises, status__in=_ALIVE).distinct()


@for_employees
@require_safe
def my_page(request: HttpRequest) -> HttpResponse:
    return _show(request)


def _show(request: HttpRequest, *, status: int = 200, **words: Any) -> HttpResponse:
    employee, user, now = me(request), user_of(request), timezone.now()
    return page(
        request,
        "my",
        status=status,
        me=employee,
        offers=_offered(user, employee, at=now),
        carried=_carried(user),
        advised=list(_in_words(advised_by(user))),
        decides=waiting_for(user).order_by()[:100].count(),
        capacity=capacity_of(employee, at=now),
        available=availability_of(employee),
        away=next(iter(absences_of(employee, at=now)), None),
        obstacle=suspended([employee.pk], at=now).get(employee.pk, ""),
        unread=[duty for duty in duties(employee, at=now) if not duty.is_read],
        reasons=reasons.choices(),
        now=now,
        leads=people_led_by(user).exists(),
        **trust_of(employee),
        **words,
    )


def trust_of(employee: Employee) -> dict[str, Any]:
    """The ladder that the person's answers go by, and where they stand on it."""
    ladder = ladder_of(employee.department.unit)
    return {"ladder": ladder, "trust": standing(employee, ladder) if ladder else None}


def _offered(user: User, employee: Employee, *, at: datetime) -> Sequence[Offered]:
    last = (
        Message.objects.filter(
            conversation=OuterRef("conversation"), direction=Direction.IN, kind=MessageKind.REPLY
        )
        .order_by("-occurred_at", "-pk")
        .values("text")[:1]
    )
    rows = offers_of(user, at=at).select_related("conversation__channel")
    available = availability_of(employee)
    return [
        Offered(offer, getattr(offer, "question", None) or "", why_me(offer, available))
        for offer in rows.annotate(question=Subquery(last))[:MOST_OFFERS]
    ]


def _carried(user: User) -> Sequence[Carried]:
    held = {each.message.conversation_id: each for each in shown(drafts_of(user))}
    rows = _in_words(carried_by(user))[:MOST_CARRIED]
    return [Carried(row, held.get(row.pk)) for row in rows]


def _in_words(rows: ConversationQuerySet) -> QuerySet[Conversation]:
    found = rows.select_related("channel", "identity__contact", "assignee")
    return found.order_by("waiting_since", "-last_message_at", "pk")


@for_employees
@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    """What the open page asks now and then: whether something new came since it was drawn."""
    user = user_of(request)
    offers = offers_of(user, at=timezone.now()).values_list("pk", flat=True)
    waits = carried_by(user).filter(status=Status.OPEN, waiting_since__isnull=False)
    return JsonResponse(
        {
            "offers": [str(pk) for pk in offers[:MOST_OFFERS]],
            "waiting": waits.count(),
            "approvals": waiting_for(user).order_by()[:100].count(),
        }
    )


@for_employees
@require_POST
def act_on_offer(request: HttpRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """Accepts, and leads to the conversation; or declines. A refusal keeps what was typed."""
    rows = Offer.objects.filter(employee__user=user_of(request))
    offer = rows.select_related("conversation", "employee").filter(pk=pk).first()
    if offer is None or act not in {"accept", "decline"}:
        raise Http404
    try:
        if act == "accept":
            services.accept(offer, by=actor_of(request))
            messages.success(request, _("It is yours. The customer waits for your answer."))
            return redirect("my_conversation", offer.conversation_id)
        _decline(request, offer, by=actor_of(request))
    except RelaisError as error:
        typed = {name: request.POST.get(name, "") for name in ("reason", "comment", "away")}
        status = status_of(error)
        return _show(request, status=status, trouble=str(error), refused=offer.pk, typed=typed)
    messages.success(request, _("Thank you: a colleague is asked now."))
    return redirect("my")


def _decline(request: HttpRequest, offer: Offer, *, by: Actor) -> None:
    services.decline(
        offer,
        reason=request.POST.get("reason", ""),
        comment=request.POST.get("comment", "").replace("\0", "")[:LONGEST_COMMENT],
        absent_until=end_of_day(request.POST.get("away", ""), offer.employee),
        by=by,
    )
