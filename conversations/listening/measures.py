"""Mentions, and who gave them an outcome when."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from conversations.listening.models import Mention, Triage
from crm.journal.measures import BY_ID, Moments, recorded_since
from crm.values import Via


class MentionRow(NamedTuple):
    mention: UUID
    at: datetime
    recorded_at: datetime
    source: UUID


class TriageRow(NamedTuple):
    order: str
    at: datetime
    recorded_at: datetime
    mention: UUID
    employee: UUID
    own: bool


def mentions() -> list[MentionRow]:
    rows = Mention.objects.order_by("occurred_at", "pk")
    fields = ("id", "occurred_at", "recorded_at", "source_id")
    return [MentionRow(*row) for row in rows.values_list(*fields)]


def triages() -> list[TriageRow]:
    rows = Triage.objects.annotate(order=BY_ID, own=Q(via=Via.OWN)).order_by("occurred_at", "order")
    fields = ("order", "occurred_at", "recorded_at", "mention_id", "by_id", "own")
    return [TriageRow(*row) for row in rows.values_list(*fields)]


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    return [recorded_since(one, since) for one in (Mention, Triage)]
