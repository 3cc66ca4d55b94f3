"""Sensitive matters: rules are held against what comes in, and a named role has the say.

The gate of answers scans again, so that no answer slips through between a message and its scan.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance.inviting import ask_in
from ambassadors.governance.models import Escalation, EscalationRule
from conversations.inbox.models import (
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    Participant,
    ParticipantRole,
)
from conversations.inbox.services import locked
from crm.errors import Conflict, Forbidden
from crm.journal.services import record
from crm.organisation.models import Employee, User
from crm.values import AUTOMATION, Actor, Via, whole_words
from crm.wake import Task, wake

LOOKED_BACK = timedelta(days=1)  # by the sweep and the gate
MOST_MESSAGES = 500


def scan(conversations: Collection[uuid.UUID]) -> None:
    """Holds the rules against the newest messages of these conversations; again adds nothing."""
    rules = list(
        EscalationRule.objects.filter(active=True)
        .select_related("role")
        .prefetch_related("channels")
    )
    if not rules:
        return
    for message in _recent(conversations):
        for rule in rules:
            if _hits(rule, message):
                _raise(rule, message)


def scan_recent() -> None:
    """The sweep: what no announcement reached in the last day."""
    if EscalationRule.objects.filter(active=True).exists():
        since = timezone.now() - LOOKED_BACK
        fresh = Conversation.objects.filter(live=True, last_message_at__gte=since)
        scan(list(fresh.order_by("-last_message_at").values_list("pk", flat=True)[:MOST_MESSAGES]))


def _recent(conversations: Collection[uuid.UUID]) -> Sequence[Message]:
    """What came from outside by a live door."""
    rows = Message.objects.filter(
        conversation__in=conversations, direction=Direction.IN, envelope__isnull=False
    )
    related = rows.select_related("conversation__channel")
    return list(related.order_by("-occurred_at")[:MOST_MESSAGES])


def _hits(rule: EscalationRule, message: Message) -> bool:
    conversation = message.conversation
    channels = {channel.pk for channel in rule.channels.all()}
    if message.occurred_at < rule.since or rule.unit_id not in (None, conversation.unit_id):
        return False
    if conversation.is_drill:
        return _is_drilled(rule, message)
    if channels and message.channel_id not in channels:
        return False
    if not rule.keywords and not rule.topics:
        return bool(channels or rule.unit_id)
    topics = set(rule.topics) & set(conversation.topics)
    return bool(topics) or has_word(rule.keywords, f"{message.subject} {message.text}")


def _is_drilled(rule: EscalationRule, message: Message) -> bool:
    """A drill names its rule; on its own channel, and before topics are found, words must do."""
    named = message.conversation.thread.startswith(f"{rule.pk}.")
    return named and (not rule.keywords or has_word(rule.keywords, message.text))


def has_word(keywords: Sequence[str], text: str) -> bool:
    """Whether one of them stands in the text as words, accents and case aside."""
    words = whole_words(text)
    return any(whole_words(keyword) in words for keyword in keywords if keyword.strip())


def _raise(rule: EscalationRule, message: Message) -> None:
    """Once a rule and message; while the same rule is open in the conversation, no second time."""
    with transaction.atomic():
        conversation = locked(message.conversation)
        same = Escalation.objects.filter(conversation=conversation, source=rule)
        if same.filter(message=message).exists() or same.filter(approved_at=None).exists():
            return
        if same.filter(occurred_at__gte=message.occurred_at).exists():
            return  # a later word was judged already
        escalation = Escalation.objects.create(
            conversation=conversation,
            rule=rule.name,
            role=rule.role.name,
            source=rule,
            message=message,
            drill=message.conversation.is_drill,
            occurred_at=message.occurred_at,
        )
        record(
            "conversation_escalated", escalation, by=AUTOMATION, conversation=str(conversation.pk)
        )
        ask_in(rule.role, conversation, but=None, subject=escalation.pk)
        wake(Task.TELL_APPROVALS)


def open_in(conversation: Conversation) -> list[Escalation]:
    """Live ones that hold answers back."""
    rows = Escalation.objects.filter(
        conversation=conversation, source__isnull=False, approved_at=None
    )
    return list(rows.select_related("source__role").order_by("occurred_at", "pk"))


def roles_asked(conversations: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Conversation -> the named roles that have still to agree, "" for none; one query."""
    rows = Escalation.objects.filter(
        conversation__in=conversations, source__isnull=False, approved_at=None
    )
    found: dict[uuid.UUID, list[str]] = {pk: [] for pk in conversations}
    for pk, role in rows.order_by("occurred_at", "pk").values_list("conversation_id", "role"):
        if role not in found[pk]:
            found[pk].append(role)
    return {pk: ", ".join(roles) for pk, roles in found.items()}


def is_asked(escalations: Sequence[Escalation], user: User) -> bool:
    """Whether one of them is for a role of this person's."""
    return any(True for _one in _of(escalations, user))


def _of(escalations: Sequence[Escalation], user: User) -> Iterator[Escalation]:
    for each in escalations:
        if each.source and each.source.role.people.filter(user=user, left_at=None).exists():
            yield each


def take(escalation: Escalation, *, by: Actor) -> Escalation:
    """Somebody of the role has it before them. Taking it again changes nothing."""
    with transaction.atomic():
        escalation, _approver = _mine(escalation, by)
        if escalation.reached_at is None:
            _reach(escalation, by=by, at=timezone.now())
    return escalation


def let_go(escalation: Escalation, *, by: Actor) -> Escalation:
    """The role has no objection, and answers may go out; the one who says so answers nothing
    without a colleague's approval. Conflict `decided` when it was approved already."""
    now = timezone.now()
    with transaction.atomic():
        escalation, approver = _mine(escalation, by)
        if escalation.approved_at is not None:
            raise Conflict(_("this was decided already"), code="decided")
        _approve(escalation, approver, reply=None, by=by, at=now)
        held = Delivery.objects.filter(
            conversation=escalation.conversation_id, state=DeliveryState.HELD
        )
        if not held.exists() and not open_in(escalation.conversation):
            Participant.objects.filter(
                conversation=escalation.conversation_id, role=ParticipantRole.APPROVING
            ).delete()
    return escalation


def approve_by(
    approver: Employee, conversation: Conversation, *, reply: Message, by: Actor, at: datetime
) -> bool:
    """Within the approval of an answer: the roles of the approver say yes to it.

    Returns whether another role has still to.
    """
    found = open_in(conversation)
    theirs = list(_of(found, approver.user)) if approver.user else []
    for escalation in theirs:
        _approve(escalation, approver, reply=reply, by=by, at=at)
    return len(theirs) < len(found)


def _approve(
    escalation: Escalation, approver: Employee, *, reply: Message | None, by: Actor, at: datetime
) -> None:
    if escalation.reached_at is None:
        _reach(escalation, by=by, at=at)
    escalation.approved_by, escalation.approved_at, escalation.reply = approver, at, reply
    escalation.save(update_fields=["approved_by", "approved_at", "reply"])
    record("escalation_approved", escalation, by=by, at=at)


def _reach(escalation: Escalation, *, by: Actor, at: datetime) -> None:
    escalation.reached_at = at
    escalation.save(update_fields=["reached_at"])
    record("escalation_reached", escalation, by=by, at=at)


def _mine(escalation: Escalation, by: Actor) -> tuple[Escalation, Employee]:
    """Locked; an own act of somebody of the role."""
    conversation = locked(escalation.conversation)
    fresh = Escalation.objects.select_related("source__role").get(pk=escalation.pk)
    fresh.conversation = conversation
    if by.via != Via.OWN or by.user is None:
        raise Forbidden(_("only a person decides this, as themself"), code="own_act_only")
    employee = Employee.objects.filter(user=by.user).first()
    if employee is None or not is_asked([fresh], by.user):
        raise Forbidden(_("this is for the people of the named role"), code="role_only")
    return fresh, employee
