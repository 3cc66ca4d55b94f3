"""History lines of assignments: offers that were made, and what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.db import connection

from ambassadors.routing.models import Offer, OfferOrigin, OfferState
from conversations.inbox.models import Conversation
from crm.journal.lines import Choice, Instant, Known, Line, Reference, Text
from crm.journal.records import Record
from crm.organisation.models import Employee

# The last one who accepted, and has not given it back, has the conversation.
ASSIGN = """
UPDATE conversations_conversation c SET
    assignee_id = (
        SELECT o.employee_id FROM ambassadors_offer o
        WHERE o.conversation_id = c.id AND o.state = 'accepted'
        ORDER BY o.accepted_at DESC, coalesce(o.key, o.id::text) COLLATE "C" DESC LIMIT 1
    ),
    updated_at = greatest(c.updated_at, (
        SELECT max(greatest(o.occurred_at, o.accepted_at, o.declined_at))
        FROM ambassadors_offer o WHERE o.conversation_id = c.id
    ))
WHERE c.id = ANY(%(ids)s) AND NOT c.live
"""


class AssignmentRecord(Record[Offer]):
    """An imported offer is never open: nobody is to be asked again for what is long past."""

    def columns(self, line: Line, known: Known) -> dict[str, Any]:
        columns = super().columns(line, known)
        accepted, declined = columns.get("accepted_at"), columns.get("declined_at")
        state = OfferState.EXPIRED
        if accepted and not (declined and declined > accepted):
            state = OfferState.ACCEPTED
        elif declined:
            state = OfferState.DECLINED
        ended = {"ended_at": accepted or declined or line.at, "live": False}
        return columns | {"state": state} | ended

    def settle(self, fresh: list[tuple[Line, Offer]], known: Known) -> None:
        assign({row.conversation_id for _, row in fresh})


def assign(conversations: Collection[uuid.UUID]) -> None:
    """Sets the assignee that follows from the imported offers of these conversations."""
    if conversations:
        with connection.cursor() as cursor:
            cursor.execute(ASSIGN, {"ids": list(conversations)})


ASSIGNMENT = AssignmentRecord(
    "assignment",
    Offer,
    conversation=Reference(to=Conversation),
    employee=Reference(to=Employee),
    by=Choice(values=OfferOrigin.values),
    accepted_at=Instant(optional=True),
    declined_at=Instant(optional=True),
    reason=Text(longest=200, optional=True),
)
