"""An idea born of a conversation: noted, given to an owner, decided, and its author told.

note ──> undecided ──the owner decides──> shipped or rejected ──tell_author──> told
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.communities.models import (
    Insight,
    InsightOutcome,
    TellingKind,
    employed,
)
from ambassadors.communities.services import author_of, clean
from ambassadors.communities.telling import tell
from conversations.inbox.models import Conversation
from conversations.inbox.rights import serves
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.values import Actor

DECIDED_WITHIN = timedelta(days=30)
LONGEST_TEXT = 4_000
LONGEST_WHY = 2_000


def note_insight(
    conversation: Conversation,
    *,
    text: str,
    by: Actor,
    owner: Employee | None = None,
    at: datetime | None = None,
) -> Insight:
    """The idea of who writes it. conversation: one they may see (the door asked)."""
    at = at or timezone.now()
    with transaction.atomic():
        insight = Insight.objects.create(
            conversation=conversation,
            author=author_of(by),
            text=clean(text, longest=LONGEST_TEXT),
            via=by.via,
            occurred_at=at,
        )
        record("insight_noted", insight, by=by, at=at, conversation=str(conversation.pk))
        if owner is not None:
            _give(insight, owner, by=by)
    return insight


def give(insight: Insight, *, owner: Employee, by: Actor) -> Insight:
    """Names who decides; for its author, its owner and the staff of the conversation's unit."""
    with transaction.atomic():
        insight = _locked(insight)
        if not may_give(insight, by):
            raise Forbidden(_("this idea is somebody else's"), code="not_yours")
        _undecided(insight)
        _give(insight, owner, by=by)
    return insight


def may_give(insight: Insight, by: Actor) -> bool:
    theirs = (insight.author.user_id, insight.owner.user_id if insight.owner else None)
    if by.user is None:
        return False
    return by.user.pk in theirs or serves(insight.conversation, by.user)


def _give(insight: Insight, owner: Employee, *, by: Actor) -> None:
    if not employed().filter(pk=owner.pk, user__is_active=True).exists():
        raise Invalid(_("this person can't decide here"), code="cannot_decide")
    insight.owner = owner
    insight.save(update_fields=["owner"])
    record("insight_given", insight, by=by, owner=str(owner.pk))
    if by.user is None or owner.user_id != by.user.pk:
        tell(owner, TellingKind.GIVEN, insight=insight)


def decide(
    insight: Insight, *, outcome: str, why: str, by: Actor, at: datetime | None = None
) -> Insight:
    """The owner decides, once, and says why."""
    at = at or timezone.now()
    if outcome not in InsightOutcome.values:
        raise Invalid(_("there is no such outcome"), code="unknown_outcome")
    why = clean(why, longest=LONGEST_WHY)
    with transaction.atomic():
        insight = _locked(insight)
        _must_own(insight, by)
        _undecided(insight)
        insight.outcome, insight.why, insight.decided_at = outcome, why, at
        insight.save(update_fields=["outcome", "why", "decided_at"])
        record("insight_decided", insight, by=by, at=at, outcome=outcome)
    return insight


def tell_author(insight: Insight, *, by: Actor, at: datetime | None = None) -> Insight:
    """The owner tells the author what became of the idea, by mail. Never before the decision."""
    at = at or timezone.now()
    with transaction.atomic():
        insight = _locked(insight)
        _must_own(insight, by)
        if insight.decided_at is None:
            raise Conflict(_("there is nothing to tell yet"), code="undecided")
        if insight.told_at is None:
            insight.told_at = at
            insight.save(update_fields=["told_at"])
            tell(insight.author, TellingKind.DECIDED, insight=insight)
            record("insight_told", insight, by=by, at=at)
    return insight


def _locked(insight: Insight) -> Insight:
    return Insight.objects.select_for_update().get(pk=insight.pk)


def _must_own(insight: Insight, by: Actor) -> None:
    owner = insight.owner
    if owner is None or by.user is None or owner.user_id != by.user.pk:
        raise Forbidden(_("its owner decides"), code="owner_only")


def _undecided(insight: Insight) -> None:
    if insight.decided_at is not None:
        raise Conflict(_("it is decided"), code="decided")


STATES = ("undecided", "overdue", "shipped", "rejected", "untold")


def in_state(insights: QuerySet[Insight], state: str) -> QuerySet[Insight]:
    """overdue: undecided for more than thirty days. untold: decided, and its author not told."""
    late = Q(decided_at=None, occurred_at__lt=timezone.now() - DECIDED_WITHIN)
    conditions = {
        "undecided": Q(decided_at=None),
        "overdue": late,
        "shipped": Q(outcome=InsightOutcome.SHIPPED),
        "rejected": Q(outcome=InsightOutcome.REJECTED),
        "untold": Q(decided_at__isnull=False, told_at=None),
    }
    return insights.filter(conditions[state])


def is_overdue(insight: Insight) -> bool:
    return insight.decided_at is None and timezone.now() - insight.occurred_at > DECIDED_WITHIN
