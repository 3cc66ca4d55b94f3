"""Every attempt to place a conversation with somebody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from ambassadors.routing.models import Offer
from crm.journal.measures import Moments, Reach, among, reach, recorded_before, recorded_since
from crm.values import Via


class AssignmentRow(NamedTuple):
    """own: the acceptance was the assignee's own act."""

    conversation: UUID
    at: datetime
    recorded_at: datetime
    employee: UUID
    accepted_at: datetime | None
    own: bool


def assignments(conversations: Collection[UUID] | None = None) -> list[AssignmentRow]:
    rows = Offer.objects.annotate(own=Q(via=Via.OWN)).order_by("occurred_at", "pk")
    fields = ("conversation_id", "occurred_at", "recorded_at", "employee_id", "accepted_at", "own")
    found = among(rows.values_list(*fields), "conversation", conversations)
    return sorted((AssignmentRow(*row) for some in found for row in some), key=lambda row: row.at)


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    return [recorded_since(Offer, since)]


def reaches(*, known_at: datetime | None = None) -> list[Reach]:
    """How far back assignments go."""
    return [reach(recorded_before(Offer.objects.all(), known_at))]
