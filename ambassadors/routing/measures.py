"""Every attempt to place a conversation with somebody."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from ambassadors.routing.models import Offer
from crm.journal.measures import first_recorded_since
from crm.values import Via


class AssignmentRow(NamedTuple):
    """own: the acceptance was the assignee's own act."""

    conversation: UUID
    at: datetime
    recorded_at: datetime
    employee: UUID
    accepted_at: datetime | None
    own: bool


def assignments() -> list[AssignmentRow]:
    rows = Offer.objects.annotate(own=Q(via=Via.OWN)).order_by("occurred_at", "pk")
    fields = ("conversation_id", "occurred_at", "recorded_at", "employee_id", "accepted_at", "own")
    return [AssignmentRow(*row) for row in rows.values_list(*fields)]


def touched(since: datetime) -> datetime | None:
    """The oldest moment that what was recorded from `since` on says something about."""
    return first_recorded_since(Offer, since)
