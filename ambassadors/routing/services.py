"""Placing conversations: an offer is accepted, declined or made by hand.

The conversation's age is its own: a refusal or an expired offer never resets it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.live.models import EventKind
from ambassadors.live.services import News, publish
from ambassadors.routing import following_up, reasons
from ambassadors.routing.availability import add_absence
from ambassadors.routing.models import (
    CaseState,
    Offer,
    OfferOrigin,
    OfferState,
    RoutingCase,
)
from conversations.inbox import takeovers
from conversations.inbox.models import (
    Conversation,
    Message,
    Participant,
    ParticipantRole,
    Status,
)
from conversations.inbox.services import locked, set_assignee
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee, User
from crm.values import AUTOMATION, Actor, Via
from crm.wake import Task, wake


def accept(offer: Offer, *, by: Actor, at: datetime | None = None) -> Offer:
    """The person takes the conversation. One wins: Conflict `offer_gone` for everybody else."""
    at = at or timezone.now()
    _own(offer, by)
    with transaction.atomic():
        conversation = locked(offer.conversation)
        taken = (
            Offer.objects.filter(pk=offer.pk, state=OfferState.OPEN)
            .exclude(expires_at__lte=at)
            .update(state=OfferState.ACCEPTED, accepted_at=at, ended_at=at, via=by.via)
        )
        if not taken or conversation.status == Status.SPAM:
            raise Conflict(_("this offer is gone"), code="offer_gone")
        _place(conversation, offer.employee)
        following_up.start(offer.pk)
        record("offer_accepted", offer, by=by, at=at, conversation=str(conversation.pk))
    offer.refresh_from_db()
    return offer


def decline(
    offer: Offer,
    *,
    reason: str,
    by: Actor,
    comment: str = "",
    absent_until: datetime | None = None,
    at: datetime | None = None,
) -> Offer:
    """The next person is asked at once. absent_until: also notes an absence from now on.

    Raises Invalid for an unknown reason, for an absence that it does not propose or that is over.
    """
    at = at or timezone.now()
    _check_reason(reason, absent_until, at=at)
    _own(offer, by)
    with transaction.atomic():
        conversation = locked(offer.conversation)
        offer.refresh_from_db()
        if offer.state != OfferState.OPEN:
            raise Conflict(_("this offer is gone"), code="offer_gone")
        offer.reason, offer.comment, offer.declined_at, offer.via = reason, comment, at, by.via
        end_offer(offer, OfferState.DECLINED, at=at)
        record("offer_declined", offer, by=by, at=at, reason=reason)
        if absent_until is not None:
            add_absence(offer.employee, starts_at=at, ends_at=absent_until, by=by)
        RoutingCase.objects.filter(conversation=conversation).update(
            state=CaseState.SEEKING, due_at=at
        )
        if conversation.assignee_id == offer.employee_id:  # a manual assignment, not accepted
            set_assignee(conversation, None)
        wake(Task.ROUTE)
    return offer


def _check_reason(reason: str, absent_until: datetime | None, *, at: datetime) -> None:
    chosen = next((each for each in reasons.choices() if each.code == reason), None)
    if chosen is None:
        raise Invalid(_("an unknown reason"), code="unknown_reason")
    if absent_until is None:
        return
    if not chosen.proposes_absence:
        raise Invalid(_("this reason says nothing of an absence"), code="no_absence")
    if absent_until <= at:
        raise Invalid(_("the time lies in the past"), code="in_the_past")


def assign(
    conversation: Conversation, *, employee: Employee, by: Actor, at: datetime | None = None
) -> Offer:
    """Gives the conversation to somebody by hand. Taking it oneself is accepting it at once.

    Raises Invalid for somebody who left or has no sign-in. Doors call `give`, which asks whoever
    has it first.
    """
    at = at or timezone.now()
    if employee.user_id is None or employee.left_at is not None:
        raise Invalid(_("this person can't sign in"), code="cannot_answer")
    own = by.user is not None and employee.user_id == by.user.pk and by.via == Via.OWN
    with transaction.atomic():
        conversation = locked(conversation)
        withdraw_open(conversation, at=at)
        offer = Offer.objects.create(
            conversation=conversation,
            employee=employee,
            by=OfferOrigin.MANUAL,
            state=OfferState.ACCEPTED if own else OfferState.OPEN,
            accepted_at=at if own else None,
            ended_at=at if own else None,
            via=by.via,
            occurred_at=at,
        )
        _place(conversation, employee)
        record("conversation_assigned", conversation, by=by, at=at, employee=str(employee.pk))
        if not own:
            announce_offer(offer)
    return offer


class How(StrEnum):
    """What to do about the colleague who has a conversation that is given to somebody else."""

    ASK = "ask"
    GIVE = "give"


def give(
    conversation: Conversation, *, employee: Employee, by: Actor, how: How | None = None
) -> bool:
    """Assigns, but not over the head of a colleague who has accepted it: they are asked to hand it
    over, or it is taken from them, which they are told and the journal keeps.

    Returns whether it was given; False: its owner is asked. Raises Conflict `owned` without `how`.
    """
    with transaction.atomic():
        conversation = locked(conversation)
        if _is_free(conversation, employee, by):
            assign(conversation, employee=employee, by=by)
        elif how == How.ASK:
            takeovers.ask(conversation, by=by, taker=employee)
            return False
        elif how == How.GIVE:
            takeovers.force(conversation, by=by, taker=employee)
            assign(locked(conversation), employee=employee, by=by)
        else:
            raise Conflict(
                _("%(name)s has this conversation: ask them to hand it over")
                % {"name": conversation.assignee},
                code="owned",
            )
    return True


def _is_free(conversation: Conversation, employee: Employee, by: Actor) -> bool:
    """Nobody has accepted it but who gives it away or gets it; an open offer is no yes."""
    owner = conversation.assignee
    if owner is None or owner == employee or (by.user and owner.user_id == by.user.pk):
        return True
    asked = Offer.objects.filter(
        conversation=conversation, employee=owner, state=OfferState.OPEN, live=True
    )
    return owner.left_at is not None or asked.exists()


def handed_over(conversation: Conversation, *, taker: uuid.UUID | None) -> None:
    """After a takeover. taker: who got it without asking for it themself. Again changes nothing."""
    employee = Employee.objects.filter(pk=taker).first() if taker else None
    if employee is None or conversation.assignee_id != employee.pk:
        withdraw(conversation, at=timezone.now())
        return
    asked = Offer.objects.filter(conversation=conversation, employee=employee, live=True)
    if not asked.filter(state__in=[OfferState.OPEN, OfferState.ACCEPTED]).exists():
        assign(conversation, employee=employee, by=AUTOMATION)


def announce_offer(offer: Offer) -> None:
    """Within the transaction that made it: a mail, the person's streams and endpoints."""
    wake(Task.TELL_OFFERS, offer.pk)
    _publish(offer, EventKind.OFFER_MADE)


def _publish(offer: Offer, kind: EventKind) -> None:
    user_id = offer.employee.user_id
    if user_id is not None:
        publish([News(user_id, kind, offer.conversation_id, offer.pk)])


def answered(conversation: Conversation, message: Message, *, at: datetime) -> None:
    """After a reply: an offer to somebody else is withdrawn, nobody is asked in vain."""
    with transaction.atomic():
        conversation = locked(conversation)
        open_offers = Offer.objects.filter(
            conversation=conversation, state=OfferState.OPEN, live=True
        ).exclude(employee=message.author_employee)
        for offer in open_offers:
            if conversation.assignee_id != offer.employee_id:
                end_offer(offer, OfferState.WITHDRAWN, at=at)
        following_up.end(conversation)
        RoutingCase.objects.filter(conversation=conversation).update(
            state=CaseState.PLACED, due_at=None
        )


def withdraw(conversation: Conversation, *, at: datetime) -> None:
    """After the end of a conversation."""
    with transaction.atomic():
        withdraw_open(locked(conversation), at=at)
        following_up.end(conversation)
        RoutingCase.objects.filter(conversation=conversation).update(due_at=None)


def seek_again(conversations: Sequence[uuid.UUID], *, at: datetime) -> None:
    """Messages came into conversations that staff or nobody had, or that had ended before anybody
    took them: look for somebody once more. What was left to staff stays with it."""
    stopped = Q(state__in=[CaseState.SEEKING, CaseState.OFFERED], due_at=None)
    RoutingCase.objects.filter(
        stopped | Q(state=CaseState.PLACED),
        conversation__in=conversations,
        conversation__status=Status.OPEN,
        conversation__assignee=None,
    ).update(state=CaseState.SEEKING, due_at=at)


def _own(offer: Offer, by: Actor) -> None:
    if by.user is None or offer.employee.user_id != by.user.pk:
        raise Forbidden(_("this offer is somebody else's"), code="not_yours")


def user_of(employee: Employee) -> User:
    if employee.user is None:
        raise Invalid(_("this person can't sign in"), code="cannot_answer")
    return employee.user


def _place(conversation: Conversation, employee: Employee) -> None:
    """Assigns, and gives the right to answer; those who were only asked lose theirs to look."""
    Participant.objects.filter(
        conversation=conversation, role__in=[ParticipantRole.OFFERED, ParticipantRole.ANSWERING]
    ).delete()
    Participant.objects.create(
        conversation=conversation, user=user_of(employee), role=ParticipantRole.ANSWERING
    )
    set_assignee(conversation, employee)
    RoutingCase.objects.filter(conversation=conversation).update(
        state=CaseState.PLACED, due_at=None
    )


def withdraw_open(conversation: Conversation, *, at: datetime) -> None:
    for offer in Offer.objects.filter(conversation=conversation, state=OfferState.OPEN, live=True):
        end_offer(offer, OfferState.WITHDRAWN, at=at)


def end_offer(offer: Offer, state: OfferState, *, at: datetime) -> None:
    offer.state = state
    offer.ended_at = at
    offer.save()
    Participant.objects.filter(
        conversation_id=offer.conversation_id,
        user=offer.employee.user,
        role=ParticipantRole.OFFERED,
    ).delete()
    if state in {OfferState.WITHDRAWN, OfferState.EXPIRED}:  # not the person's own act
        _publish(offer, EventKind.OFFER_ENDED)
