"""What holds an answer back: asked by the inbox through `REPLY_GATES`."""

from __future__ import annotations

from django.db.models import Q

from ambassadors.governance import escalations
from ambassadors.governance.models import Escalation
from ambassadors.governance.standing import climbs, standing
from conversations.inbox.models import Message


def ladder(message: Message) -> bool:
    """A new ambassador's answer waits for approval, where a company has set up a ladder."""
    employee = message.author_employee
    found = climbs(employee, message.conversation)
    if found is None or employee is None:
        return found is not None
    return not standing(employee, found).trusted


def escalation(message: Message) -> bool:
    """An escalated conversation's answers wait for the named role, whoever writes them.

    Who let go of it without an answer does not write the answer alone.
    """
    escalations.scan([message.conversation_id])
    theirs = Escalation.objects.filter(conversation=message.conversation_id, source__isnull=False)
    own_word = Q(approved_by=message.author_employee, reply=None)
    return theirs.filter(Q(approved_at=None) | own_word).exists()
