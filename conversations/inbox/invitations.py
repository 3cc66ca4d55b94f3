"""A colleague asked into one conversation, to advise or to answer; sees nothing else."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation, Participant, ParticipantRole
from conversations.inbox.services import locked
from crm.errors import Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.values import Actor

ROLES = (ParticipantRole.ADVISING, ParticipantRole.HELPING)
CHOICES = [(role.value, role.label) for role in ROLES]


def invited(conversation: Conversation) -> QuerySet[Participant]:
    """Those who were asked in by somebody, in the order in which they were."""
    rows = conversation.participants.filter(invited_at__isnull=False)
    return rows.select_related("user", "invited_by").order_by("invited_at", "pk")


def invite(conversation: Conversation, *, employee: Employee, role: str, by: Actor) -> Participant:
    """Asks a colleague in. Who was in already has the new role from now on.

    Raises Invalid for somebody who left or can't sign in, and for an unknown role.
    """
    if role not in ROLES:
        raise Invalid(_("an unknown role"), code="unknown_role")
    user = employee.user
    if user is None or not user.is_active or employee.left_at is not None:
        raise Invalid(_("this person can't sign in"), code="cannot_answer")
    with transaction.atomic():
        conversation = locked(conversation)
        mine = invited(conversation).filter(user=user)
        known = mine.filter(role=role).first()
        if known is not None:
            return known
        mine.delete()
        row, _made = Participant.objects.update_or_create(
            conversation=conversation,
            user=user,
            role=role,
            defaults={
                "invited_by": Employee.objects.filter(user=by.user).first(),
                "invited_at": timezone.now(),
                "told_at": None,
            },
        )
        record("colleague_invited", conversation, by=by, employee=str(employee.pk), role=role)
    return row


def uninvite(row: Participant, *, by: Actor) -> None:
    """From now on they see the conversation no more than they otherwise would."""
    with transaction.atomic():
        conversation = locked(row.conversation)
        record("invitation_ended", conversation, by=by, user=row.user_id, role=row.role)
        row.delete()
