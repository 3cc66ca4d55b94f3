"""Who accepted and never answers is warned, then gives the conversation back.

The row is the job: `Offer.answer_due_at`, set when somebody accepts, cleared by any answer. The
conversation's age stays what it was, and nobody is asked twice about the same wait.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from ambassadors.live.models import EventKind
from ambassadors.live.services import News, publish
from ambassadors.routing import said, telling
from ambassadors.routing.models import CaseState, Offer, OfferState, RoutingCase, Rule
from ambassadors.routing.told import NoticeKind
from conversations.inbox.models import (
    Conversation,
    Direction,
    Message,
    MessageKind,
    Participant,
    ParticipantRole,
    Status,
)
from conversations.inbox.services import locked, set_assignee
from crm.journal.services import record
from crm.values import AUTOMATION
from crm.wake import Task, wake

NOT_ANSWERED = "not_answered"  # the reason that a taken back offer carries
MOST = 200


def follow_up(*, at: datetime) -> int:
    """The sweep. Returns how many offers were looked at."""
    due = Offer.objects.filter(answer_due_at__lte=at).order_by("answer_due_at")
    ids = list(due.values_list("pk", flat=True)[:MOST])
    for offer_id in ids:
        _follow_up_one(offer_id, at=at)
    return len(ids)


def _follow_up_one(offer_id: uuid.UUID, *, at: datetime) -> None:
    with transaction.atomic():
        offer = Offer.objects.select_related("conversation", "employee__user").get(pk=offer_id)
        conversation = locked(offer.conversation)
        offer.refresh_from_db(fields=["state", "answer_due_at", "warned_at"])
        if offer.answer_due_at is None or offer.answer_due_at > at:
            return  # another worker was quicker
        if not _is_owed(offer, conversation):
            _set_due(offer, None)
        elif conversation.snoozed_until is not None:
            _set_due(offer, conversation.snoozed_until)
        elif offer.warned_at is None:
            _warn(offer, at=at)
        else:
            _take_back(offer, conversation, at=at)


def _set_due(offer: Offer, due: datetime | None) -> None:
    offer.answer_due_at = due
    offer.save(update_fields=["answer_due_at"])


def _is_owed(offer: Offer, conversation: Conversation) -> bool:
    """The person still has it, the customer still waits, and nobody answered since."""
    if offer.state != OfferState.ACCEPTED or conversation.assignee_id != offer.employee_id:
        return False
    if conversation.waiting_since is None or offer.accepted_at is None:
        return False
    if conversation.status not in {Status.OPEN, Status.SNOOZED}:
        return False
    answers = Message.objects.filter(
        conversation=conversation, direction=Direction.OUT, kind=MessageKind.REPLY
    )
    return not answers.filter(occurred_at__gte=offer.accepted_at).exists()


def _warn(offer: Offer, *, at: datetime) -> None:
    rule = _rule_of(offer)
    offer.warned_at = at
    offer.answer_due_at = at + timedelta(minutes=rule.grace_minutes if rule else 0)
    offer.save(update_fields=["warned_at", "answer_due_at"])
    record("answer_reminded", offer, by=AUTOMATION, at=at)
    telling.notify(offer, NoticeKind.WARNING)


def _rule_of(offer: Offer) -> Rule | None:
    return Rule.objects.filter(
        pk__in=RoutingCase.objects.filter(pk=offer.conversation_id).values("rule")
    ).first()


def _take_back(offer: Offer, conversation: Conversation, *, at: datetime) -> None:
    offer.state = OfferState.TAKEN_BACK
    offer.reason = NOT_ANSWERED
    offer.declined_at = offer.ended_at = at
    offer.answer_due_at = None
    offer.save()
    Participant.objects.filter(
        conversation=conversation, user=offer.employee.user, role=ParticipantRole.ANSWERING
    ).delete()
    set_assignee(conversation, None)
    _seek(conversation, said.TAKEN_BACK % {"name": offer.employee}, at=at)
    record("offer_taken_back", offer, by=AUTOMATION, at=at, conversation=str(conversation.pk))
    telling.notify(offer, NoticeKind.TAKEN_BACK)
    user_id = offer.employee.user_id
    if user_id is not None:
        publish([News(user_id, EventKind.OFFER_ENDED, conversation.pk, offer.pk)])
    wake(Task.ROUTE)


def _seek(conversation: Conversation, reason: str, *, at: datetime) -> None:
    case, _new = RoutingCase.objects.get_or_create(
        conversation=conversation, defaults={"state": CaseState.SEEKING}
    )
    case.state = CaseState.SEEKING
    case.due_at = at
    case.reasons = said.added(case.reasons, reason)
    case.save()


def start(offer_id: uuid.UUID) -> None:
    """From its acceptance on an answer is owed, where the rule says by when."""
    offers = Offer.objects.filter(pk=offer_id, accepted_at__isnull=False)
    rule = Rule.objects.filter(
        pk__in=RoutingCase.objects.filter(pk__in=offers.values("conversation")).values("rule")
    ).first()
    if rule is not None and rule.answer_minutes:
        owed = F("accepted_at") + timedelta(minutes=rule.answer_minutes)
        offers.update(answer_due_at=owed)


def end(conversation: Conversation) -> None:
    """Somebody answered, or it ended: nothing is owed any more."""
    owed = Q(conversation=conversation, answer_due_at__isnull=False)
    Offer.objects.filter(owed).update(answer_due_at=None)
