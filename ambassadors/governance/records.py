"""History lines of policies, acknowledgements, trainings, escalations and corrections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    CorrectionKind,
    Escalation,
    Policy,
    Training,
)
from conversations.inbox.models import Conversation, Message
from crm.journal.lines import (
    LONGEST_ID,
    Choice,
    Flag,
    Instant,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Unfit,
    having,
    id_of,
)
from crm.journal.records import Record
from crm.organisation.models import Employee

POLICY = Record(
    "policy",
    Policy,
    name=Text(longest=200, blank=False),
    version=Text(longest=40, blank=False),
    text=Text(),
    reviewed_at=Instant(optional=True),
)


class Policies(Known):
    """Besides: policies by the id of one version, by name, and by name and version."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.versions: dict[tuple[str, str], Policy] = {}

    def load_policies(self, ids: set[str]) -> None:
        named = Policy.objects.filter(having(list(ids)))
        self.names = {id_of(policy): policy.name for policy in named}
        names = (ids - self.names.keys()) | set(self.names.values())
        for policy in Policy.objects.filter(name__in=names).order_by("occurred_at", "key"):
            self.versions.setdefault((policy.name, policy.version), policy)
            self.names.setdefault(policy.name, policy.name)


class AcknowledgementRecord(Record[Acknowledgement]):
    """`policy` is the id of a version or the policy's name; `version` says which one."""

    def known(self, lines: Sequence[Line]) -> Known:
        known = self.loaded(Policies(), lines)
        known.load_policies({line.data["policy"] for line in lines})
        return known

    def columns(self, line: Line, known: Any) -> dict[str, Any]:
        columns = super().columns(line, known)
        name = known.names.get(line.data["policy"])
        if name is None:
            raise Unfit(f"unknown policy: {line.data['policy']}")
        policy = known.versions.get((name, columns["version"]))
        return columns | {"policy_name": name, "policy": policy}

    def is_same(self, there: Acknowledgement, row: Acknowledgement) -> bool:
        names = ("occurred_at", "policy_name", "version", "employee_id", "session")
        return all(getattr(there, name) == getattr(row, name) for name in names)

    def lines(self) -> Iterator[dict[str, Json]]:
        """A policy is named by the id of that version's first line, else by its name."""
        ids: dict[tuple[str, str], str] = {}
        for policy in POLICY.rows():
            ids.setdefault((policy.name, policy.version), id_of(policy))
        for line in super().lines():
            yield line | {"policy": ids.get((line["policy"], line["version"]), line["policy"])}


ACKNOWLEDGEMENT = AcknowledgementRecord(
    "acknowledgement",
    Acknowledgement,
    policy=Text(longest=LONGEST_ID, blank=False, column_name="policy_name"),
    version=Text(longest=40, blank=False),
    employee=Reference(to=Employee),
    session=Text(longest=200),
)

TRAINING = Record(
    "training",
    Training,
    employee=Reference(to=Employee),
    course=Text(longest=200),
)

ESCALATION = Record(
    "escalation",
    Escalation,
    conversation=Reference(to=Conversation),
    rule=Text(longest=200),
    role=Text(longest=200),
    reached_at=Instant(optional=True),
    approved_by=Reference(to=Employee, optional=True),
    approved_at=Instant(optional=True),
    drill=Flag(),
)

CORRECTION = Record(
    "correction",
    Correction,
    message=Reference(to=Message),
    kind=Choice(values=CorrectionKind.values),
)
