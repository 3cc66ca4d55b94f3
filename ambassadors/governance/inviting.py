"""Asking the people of a named role into one conversation."""

from __future__ import annotations

import uuid

from ambassadors.governance.models import NamedRole
from ambassadors.live.models import EventKind
from ambassadors.live.services import News, publish
from conversations.inbox.models import Conversation, Participant, ParticipantRole
from crm.organisation.models import Employee


def ask_in(
    role: NamedRole, conversation: Conversation, *, but: Employee | None, subject: uuid.UUID
) -> None:
    """Lets the role's people see the conversation and tells their programs."""
    people = role.people.filter(left_at=None, user__is_active=True)
    users = [one.user_id for one in people if one != but and one.user_id is not None]
    Participant.objects.bulk_create(
        [
            Participant(conversation=conversation, user_id=user, role=ParticipantRole.APPROVING)
            for user in users
        ],
        ignore_conflicts=True,
    )
    publish(News(user, EventKind.APPROVAL_WANTED, conversation.pk, subject) for user in users)
