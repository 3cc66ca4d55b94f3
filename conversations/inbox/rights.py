"""What a person may do in a conversation they can see. Doors ask here, then call one verb."""

from __future__ import annotations

from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation, ParticipantRole
from conversations.inbox.services import may_answer
from crm.access.services import staffed_units
from crm.errors import Forbidden
from crm.organisation.models import User

_INVITED = (ParticipantRole.ADVISING, ParticipantRole.APPROVING)


def serves(conversation: Conversation, user: User) -> bool:
    """Staff of the conversation's unit."""
    units = staffed_units(user)
    return units is None or conversation.unit_id in units


def must_serve(conversation: Conversation, user: User) -> None:
    if not serves(conversation, user):
        raise Forbidden(_("only the unit's staff may do this"), code="staff_only")


def must_answer(conversation: Conversation, user: User) -> None:
    """Who was only offered it, or asked for advice, may look but not act."""
    if not may_answer(conversation, user):
        raise Forbidden(_("accept the conversation first"), code="accept_first")


def may_invite(conversation: Conversation, user: User) -> bool:
    """Who serves it or has it; not who was asked in."""
    if serves(conversation, user):
        return True
    assignee = conversation.assignee
    if assignee is not None and assignee.user_id == user.pk:
        return True
    return conversation.participants.filter(user=user, role=ParticipantRole.ANSWERING).exists()


def must_invite(conversation: Conversation, user: User) -> None:
    if not may_invite(conversation, user):
        raise Forbidden(_("only who answers it may ask others in"), code="accept_first")


def must_note(conversation: Conversation, user: User) -> None:
    """Who answers, and who was asked in to advise or approve."""
    if conversation.participants.filter(user=user, role__in=_INVITED).exists():
        return
    must_answer(conversation, user)
