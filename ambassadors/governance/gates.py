"""What holds an answer back: asked by the inbox through `REPLY_GATES`."""

from __future__ import annotations

from ambassadors.governance.standing import climbs, standing
from conversations.inbox.models import Message


def ladder(message: Message) -> bool:
    """A new ambassador's answer waits for approval, where a company has set up a ladder."""
    employee = message.author_employee
    found = climbs(employee, message.conversation)
    if found is None or employee is None:
        return found is not None
    return not standing(employee, found).trusted
