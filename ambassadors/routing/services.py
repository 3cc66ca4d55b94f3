"""Placing conversations: offers one after another, accepted or declined, else left to staff.

The conversation's age is its own: a refusal or an expired offer never resets it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.routing import candidates, language, scoring
from ambassadors.routing.models import (
    CaseState,
    DeclineReason,
    Offer,
    OfferOrigin,
    OfferState,
    RoutingCase,
    Rule,
    Topic,
)
from conversations.inbox.models import (
    Conversation,
    Direction,
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


def adopt(*, most: int = 500) -> int:
    """Opens a case for live open conversations that nobody has and no case knows. How many."""
    fresh = list(
        Conversation.objects.filter(
            live=True, status=Status.OPEN, assignee=None, waiting_since__isnull=False
        )
        .exclude(pk__in=RoutingCase.objects.values("conversation_id"))
        .order_by("waiting_since")
        .values_list("pk", flat=True)[:most]
    )
    now = timezone.now()
    anyone = Rule.objects.filter(active=True).exists()
    state = CaseState.SEEKING if anyone else CaseState.OVERFLOWED
    RoutingCase.objects.bulk_create(
        [
            RoutingCase(
                conversation_id=pk,
                state=state,
                due_at=now if anyone else None,
                reasons=[] if anyone else ["no active rule: left to staff"],
            )
            for pk in fresh
        ],
        ignore_conflicts=True,
    )
    return len(fresh)


def step(case: RoutingCase, *, at: datetime) -> None:
    """One step of one case: end an expired offer, make the next one, or leave it to staff."""
    with transaction.atomic():
        current = RoutingCase.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            pk=case.pk, due_at__lte=at
        )
        held = current.select_related("conversation__channel", "rule").first()
        if held is None:
            return  # another worker has it, or it is done
        conversation = locked(held.conversation)
        if conversation.status != Status.OPEN or conversation.assignee_id is not None:
            _withdraw_open(conversation, at=at)
            _settle(held, CaseState.PLACED if conversation.assignee_id else CaseState.OVERFLOWED)
            return
        if _standing_offer(conversation, at=at) is None:
            _offer_next(held, conversation, at=at)


def _standing_offer(conversation: Conversation, *, at: datetime) -> Offer | None:
    offer = Offer.objects.filter(
        conversation=conversation, state=OfferState.OPEN, live=True
    ).first()
    if offer is None or offer.expires_at is None or offer.expires_at > at:
        return offer
    _end(offer, OfferState.EXPIRED, at=at)
    record("offer_expired", offer, by=AUTOMATION, at=at)
    return None


def _offer_next(case: RoutingCase, conversation: Conversation, *, at: datetime) -> None:
    need = _need(conversation)
    rule = case.rule or _first_rule(conversation, need)
    if rule is None:
        _overflow(case, "no rule fits")
        return
    case.rule = rule
    since = conversation.waiting_since or conversation.occurred_at
    asked = Offer.objects.filter(
        conversation=conversation, occurred_at__gte=since, live=True, by=OfferOrigin.RULE
    ).count()
    people = candidates.candidates(conversation, rule, asked_since=since, at=at)
    ranking = scoring.rank(people, need, at=at)
    if asked >= rule.most_offers or not ranking.eligible:
        _overflow(case, _why_nobody(ranking, asked=asked, rule=rule))
        return
    _make_offer(case, conversation, ranking.eligible[0], rule, at=at)


def _why_nobody(ranking: scoring.Ranking, *, asked: int, rule: Rule) -> str:
    if asked >= rule.most_offers:
        return f"{rule}: {asked} people were asked"
    words = sorted(ranking.refused.values())
    counted = ", ".join(f"{word} {words.count(word)}" for word in sorted(set(words)))
    return f"{rule}: nobody left to ask ({counted or 'nobody addressed'})"


def _make_offer(
    case: RoutingCase,
    conversation: Conversation,
    best: scoring.Scored,
    rule: Rule,
    *,
    at: datetime,
) -> None:
    offer = Offer.objects.create(
        conversation=conversation,
        employee_id=best.employee_id,
        by=OfferOrigin.RULE,
        score=best.score,
        parts=best.parts,
        load=best.load,
        expires_at=at + timedelta(minutes=rule.offer_minutes),
        occurred_at=at,
    )
    Participant.objects.get_or_create(
        conversation=conversation, user=_user_of(offer.employee), role=ParticipantRole.OFFERED
    )
    case.state = CaseState.OFFERED
    case.due_at = offer.expires_at
    case.reasons = [*case.reasons, f"{rule}: offered to {offer.employee}"][-20:]
    case.save()
    record("offer_made", offer, by=AUTOMATION, at=at, conversation=str(conversation.pk))
    wake(Task.TELL_OFFER, offer.pk)


def _overflow(case: RoutingCase, reason: str) -> None:
    case.state = CaseState.OVERFLOWED
    case.due_at = None
    case.reasons = [*case.reasons, reason[:300]][-20:]
    case.save()


def _settle(case: RoutingCase, state: CaseState) -> None:
    case.state = state
    case.due_at = None
    case.save(update_fields=["state", "due_at"])


def _need(conversation: Conversation) -> scoring.Need:
    """Language and topics of the conversation, found once from its first words and kept."""
    if not conversation.language or not conversation.topics:
        first = (
            Message.objects.filter(conversation=conversation, direction=Direction.IN)
            .order_by("occurred_at", "pk")
            .first()
        )
        text = f"{conversation.subject}\n{first.text if first else ''}"
        conversation.language = conversation.language or language.detect(text)
        conversation.topics = conversation.topics or Topic.objects.in_text(text)
        conversation.save(update_fields=["language", "topics"])
    return scoring.Need(
        topics=frozenset(conversation.topics),
        language=conversation.language,
        seed=str(conversation.pk),
    )


def _first_rule(conversation: Conversation, need: scoring.Need) -> Rule | None:
    rules = Rule.objects.filter(active=True).prefetch_related("channels")
    return next((rule for rule in rules if _applies(rule, conversation, need)), None)


def _applies(rule: Rule, conversation: Conversation, need: scoring.Need) -> bool:
    channels = {channel.pk for channel in rule.channels.all()}
    return (
        (rule.unit_id is None or rule.unit_id == conversation.unit_id)
        and (not channels or conversation.channel_id in channels)
        and (not rule.languages or need.language in rule.languages)
        and (not rule.topics or bool(need.topics & set(rule.topics)))
    )


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
        record("offer_accepted", offer, by=by, at=at, conversation=str(conversation.pk))
    offer.refresh_from_db()
    return offer


def decline(
    offer: Offer, *, reason: str, by: Actor, comment: str = "", at: datetime | None = None
) -> Offer:
    """The next person is asked at once. Raises Invalid for an unknown reason."""
    at = at or timezone.now()
    if reason not in DeclineReason.values:
        raise Invalid(_("an unknown reason"), code="unknown_reason")
    _own(offer, by)
    with transaction.atomic():
        conversation = locked(offer.conversation)
        offer.refresh_from_db()
        if offer.state != OfferState.OPEN:
            raise Conflict(_("this offer is gone"), code="offer_gone")
        offer.reason, offer.comment, offer.declined_at, offer.via = reason, comment, at, by.via
        _end(offer, OfferState.DECLINED, at=at)
        record("offer_declined", offer, by=by, at=at, reason=reason)
        RoutingCase.objects.filter(conversation=conversation).update(
            state=CaseState.SEEKING, due_at=at
        )
        if conversation.assignee_id == offer.employee_id:  # a manual assignment, not accepted
            set_assignee(conversation, None)
        wake(Task.ROUTE)
    return offer


def assign(
    conversation: Conversation, *, employee: Employee, by: Actor, at: datetime | None = None
) -> Offer:
    """Gives the conversation to somebody by hand. Taking it oneself is accepting it at once.

    Raises Invalid for somebody who left or has no sign-in.
    """
    at = at or timezone.now()
    if employee.user_id is None or employee.left_at is not None:
        raise Invalid(_("this person can't sign in"), code="cannot_answer")
    own = by.user is not None and employee.user_id == by.user.pk and by.via == Via.OWN
    with transaction.atomic():
        conversation = locked(conversation)
        _withdraw_open(conversation, at=at)
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
            wake(Task.TELL_OFFER, offer.pk)
    return offer


def answered(conversation: Conversation, message: Message, *, at: datetime) -> None:
    """After a reply: an offer to somebody else is withdrawn, nobody is asked in vain."""
    with transaction.atomic():
        conversation = locked(conversation)
        open_offers = Offer.objects.filter(
            conversation=conversation, state=OfferState.OPEN, live=True
        ).exclude(employee=message.author_employee)
        for offer in open_offers:
            if conversation.assignee_id != offer.employee_id:
                _end(offer, OfferState.WITHDRAWN, at=at)
        RoutingCase.objects.filter(conversation=conversation).update(
            state=CaseState.PLACED, due_at=None
        )


def withdraw(conversation: Conversation, *, at: datetime) -> None:
    """After the end of a conversation."""
    with transaction.atomic():
        _withdraw_open(locked(conversation), at=at)
        RoutingCase.objects.filter(conversation=conversation).update(due_at=None)


def seek_again(conversations: Sequence[uuid.UUID], *, at: datetime) -> None:
    """Messages came into conversations that staff or nobody had: look for somebody once more."""
    RoutingCase.objects.filter(
        conversation__in=conversations,
        conversation__status=Status.OPEN,
        conversation__assignee=None,
        state=CaseState.PLACED,
    ).update(state=CaseState.SEEKING, due_at=at)


def _own(offer: Offer, by: Actor) -> None:
    if by.user is None or offer.employee.user_id != by.user.pk:
        raise Forbidden(_("this offer is somebody else's"), code="not_yours")


def _user_of(employee: Employee) -> User:
    if employee.user is None:
        raise Invalid(_("this person can't sign in"), code="cannot_answer")
    return employee.user


def _place(conversation: Conversation, employee: Employee) -> None:
    """Assigns, and gives the right to answer; those who were only asked lose theirs to look."""
    Participant.objects.filter(
        conversation=conversation, role__in=[ParticipantRole.OFFERED, ParticipantRole.ANSWERING]
    ).delete()
    Participant.objects.create(
        conversation=conversation, user=_user_of(employee), role=ParticipantRole.ANSWERING
    )
    set_assignee(conversation, employee)
    RoutingCase.objects.filter(conversation=conversation).update(
        state=CaseState.PLACED, due_at=None
    )


def _withdraw_open(conversation: Conversation, *, at: datetime) -> None:
    for offer in Offer.objects.filter(conversation=conversation, state=OfferState.OPEN, live=True):
        _end(offer, OfferState.WITHDRAWN, at=at)


def _end(offer: Offer, state: OfferState, *, at: datetime) -> None:
    offer.state = state
    offer.ended_at = at
    offer.save()
    Participant.objects.filter(
        conversation_id=offer.conversation_id,
        user=offer.employee.user,
        role=ParticipantRole.OFFERED,
    ).delete()
