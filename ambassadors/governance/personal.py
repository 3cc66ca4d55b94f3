"""Drafts that were changed or sent back on their way to a person."""

from __future__ import annotations

from ambassadors.governance.ladder import Step as ApprovalStep
from ambassadors.governance.ladder import Vouch
from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    Course,
    Escalation,
    EscalationRule,
    NamedRole,
    Policy,
    Training,
)
from conversations.inbox.personal import messages_of
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(
        model=ApprovalStep,
        of=lambda subject: ApprovalStep.objects.filter(
            message__in=messages_of(subject).values("pk")
        ),
        blank="comment text",
        written="comment text",
        free="key",
    ),
    Table(model=Vouch, written="comment", free="key"),
    Table(model=Policy, free="key name version text"),
    Table(model=Acknowledgement, free="key policy_name version session"),
    Table(model=Course, free="key name"),
    Table(model=Training, free="key course"),
    Table(model=NamedRole, free="name"),
    Table(model=EscalationRule, free="name keywords topics"),
    Table(model=Escalation, free="key rule role"),
    Table(model=Correction, free="key"),
]
