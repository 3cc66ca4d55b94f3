"""The steps of a case: one offer after another, until somebody has it or staff does.

The conversation's age is its own: a refusal or an expired offer never resets it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ambassadors.routing import candidates, language, scoring
from ambassadors.routing.models import (
    CaseState,
    Offer,
    OfferOrigin,
    OfferState,
    RoutingCase,
    Rule,
    Topic,
)
from ambassadors.routing.services import announce_offer, end_offer, user_of, withdraw_open
from conversations.inbox.models import (
    Conversation,
    Direction,
    Message,
    Participant,
    ParticipantRole,
    Status,
)
from conversations.inbox.services import locked
from crm.journal.services import record
from crm.values import AUTOMATION


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
            withdraw_open(conversation, at=at)
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
    end_offer(offer, OfferState.EXPIRED, at=at)
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
        conversation=conversation, user=user_of(offer.employee), role=ParticipantRole.OFFERED
    )
    case.state = CaseState.OFFERED
    case.due_at = offer.expires_at
    case.reasons = [*case.reasons, f"{rule}: offered to {offer.employee}"][-20:]
    case.save()
    record("offer_made", offer, by=AUTOMATION, at=at, conversation=str(conversation.pk))
    announce_offer(offer)


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
