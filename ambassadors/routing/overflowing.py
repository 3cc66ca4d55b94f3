"""Nobody is left to ask: the named role of the rule is told and may answer. Staff sees it as ever.

Once for each wait: the row comes first, so that a mail is rather lost than sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from ambassadors.governance.models import NamedRole
from ambassadors.live.models import EventKind
from ambassadors.live.services import News, publish
from ambassadors.routing import said
from ambassadors.routing.letters import overflow_letter
from ambassadors.routing.models import CaseState, RoutingCase
from ambassadors.routing.told import Overflow
from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.inbox.models import Conversation, Participant, ParticipantRole, Status
from conversations.inbox.services import locked
from crm.journal.services import record
from crm.organisation.models import User
from crm.organisation.people import in_language_of
from crm.values import AUTOMATION

MOST = 50


def hand_over_due(*, at: datetime) -> None:
    """The sweep: what overflowed and was told to nobody since this wait began."""
    told = Overflow.objects.filter(
        conversation=OuterRef("conversation"),
        waiting_since=OuterRef("conversation__waiting_since"),
    )
    waiting = RoutingCase.objects.filter(
        ~Exists(told),
        state=CaseState.OVERFLOWED,
        rule__overflow_role__isnull=False,
        conversation__live=True,
        conversation__status=Status.OPEN,
        conversation__assignee=None,
        conversation__waiting_since__isnull=False,
    )
    for case in waiting.select_related("rule__overflow_role", "conversation")[:MOST]:
        if case.rule is not None and case.rule.overflow_role is not None:
            _hand_over(case.conversation, case.rule.overflow_role, at=at)


def _hand_over(conversation: Conversation, role: NamedRole, *, at: datetime) -> None:
    with transaction.atomic():
        conversation = locked(conversation)
        if conversation.assignee_id is not None or conversation.waiting_since is None:
            return
        _row, is_new = Overflow.objects.get_or_create(
            conversation=conversation,
            waiting_since=conversation.waiting_since,
            defaults={"role": role, "occurred_at": at},
        )
        if not is_new:
            return
        people = _give_sight(conversation, role)
        _say(conversation, said.TO_ROLE % {"role": role})
        record("conversation_overflowed", conversation, by=AUTOMATION, at=at, role=role.pk)
    _tell(people, conversation, role)


def _give_sight(conversation: Conversation, role: NamedRole) -> Sequence[User]:
    """Whoever answers first has answered; who accepts it takes the others' right away."""
    members = role.people.filter(left_at=None, user__is_active=True)
    people = list(User.objects.filter(pk__in=members.values("user")).order_by("pk"))
    Participant.objects.bulk_create(
        (
            Participant(conversation=conversation, user=user, role=ParticipantRole.ANSWERING)
            for user in people
        ),
        ignore_conflicts=True,
    )
    publish(News(user.pk, EventKind.MESSAGE_RECEIVED, conversation.pk) for user in people)
    return people


def _say(conversation: Conversation, reason: str) -> None:
    case = RoutingCase.objects.select_for_update().get(pk=conversation.pk)
    case.reasons = said.added(case.reasons, reason)
    case.save(update_fields=["reasons"])


def _tell(people: Sequence[User], conversation: Conversation, role: NamedRole) -> None:
    for user in people:
        with in_language_of(user):
            letter = overflow_letter(user, conversation, role.name)
            send_notice(to=Party(user.email, user.name), subject=letter.subject, text=letter.text)
