"""Policies and who acknowledged them, trainings, escalations, corrections."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    Escalation,
    Policy,
    Training,
)
from crm.journal.measures import BY_ID, Moments, recorded_since
from crm.values import Via


class PolicyRow(NamedTuple):
    at: datetime
    recorded_at: datetime
    name: str
    version: str
    reviewed_at: datetime | None


class AcknowledgementRow(NamedTuple):
    order: str
    at: datetime
    recorded_at: datetime
    policy: str
    version: str
    employee: UUID
    session: str
    own: bool


class TrainingRow(NamedTuple):
    at: datetime
    recorded_at: datetime
    employee: UUID


class EscalationRow(NamedTuple):
    id: UUID
    at: datetime
    recorded_at: datetime
    conversation: UUID
    reached_at: datetime | None
    approved_by: UUID | None
    approved_at: datetime | None


class CorrectionRow(NamedTuple):
    at: datetime
    recorded_at: datetime
    message: UUID


def policies() -> list[PolicyRow]:
    rows = Policy.objects.annotate(order=BY_ID).order_by("occurred_at", "order")
    fields = ("occurred_at", "recorded_at", "name", "version", "reviewed_at")
    return [PolicyRow(*row) for row in rows.values_list(*fields)]


def acknowledgements() -> list[AcknowledgementRow]:
    rows = Acknowledgement.objects.annotate(order=BY_ID, own=Q(via=Via.OWN))
    fields = ("order", "occurred_at", "recorded_at", "policy_name", "version")
    who = ("employee_id", "session", "own")
    found = rows.order_by("occurred_at", "order").values_list(*fields, *who)
    return [AcknowledgementRow(*row) for row in found]


def trainings() -> list[TrainingRow]:
    rows = Training.objects.order_by("occurred_at", "pk")
    return [TrainingRow(*r) for r in rows.values_list("occurred_at", "recorded_at", "employee_id")]


def escalations() -> list[EscalationRow]:
    rows = Escalation.objects.order_by("occurred_at", "pk")
    fields = ("id", "occurred_at", "recorded_at", "conversation_id")
    course = ("reached_at", "approved_by_id", "approved_at")
    return [EscalationRow(*row) for row in rows.values_list(*fields, *course)]


def corrections() -> list[CorrectionRow]:
    rows = Correction.objects.order_by("occurred_at", "pk")
    return [CorrectionRow(*r) for r in rows.values_list("occurred_at", "recorded_at", "message_id")]


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    kinds = (Policy, Acknowledgement, Training, Escalation, Correction)
    return [recorded_since(one, since) for one in kinds]
