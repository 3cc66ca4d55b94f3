"""History lines of policies, courses, trainings, escalations, approvals and corrections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from ambassadors.governance.ladder import Step, StepKind, Vouch
from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    CorrectionKind,
    Course,
    Escalation,
    Policy,
    Training,
)
from conversations.inbox.models import Conversation, Message
from conversations.knowledge.records import MESSAGE
from crm.journal.lines import (
    LONGEST_ID,
    Choice,
    Count,
    Flag,
    Form,
    Instant,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Unfit,
    having,
    id_of,
    shown_instant,
)
from crm.journal.records import (
    OTHER_CONTENT,
    Outcome,
    Record,
    a_past_instant,
    an_id,
    clean_head,
    shown_fields,
)
from crm.organisation.models import Employee


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Flag):
    """Left out where it is not so."""

    def shown(self, row: Model, name: str) -> Json | None:
        return Flag.shown(self, row, name) or None  # no super() in a class with slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Reference):
    """A message, where it is one that has a line: what is held or was dropped has none."""

    def shown(self, row: Model, name: str) -> Json | None:
        pk = getattr(row, self.attribute(name))
        if pk is None or not MESSAGE.rows().filter(pk=pk).exists():
            return None
        return Reference.shown(self, row, name)


class PolicyRecord(Record[Policy]):
    """What is announced has no line yet: no line tells of what lies ahead."""

    def rows(self) -> QuerySet[Policy]:
        return super().rows().filter(occurred_at__lte=Now())


POLICY = PolicyRecord(
    "policy",
    Policy,
    name=Text(longest=200, blank=False),
    version=Text(longest=40, blank=False),
    text=Text(),
    reviewed_at=Instant(optional=True),
    gates_offers=Mark(optional=True),
)


class CourseRecord:
    """A course is known by its name; its id is the source's own, else the name."""

    type = "course"

    def __init__(self) -> None:
        self.form = Form(
            {
                "name": Text(longest=200, blank=False),
                "required": Mark(optional=True),
                "valid_months": Count(optional=True),
            }
        )

    def clean(self, raw: dict[str, Json], number: int, *, trusted: bool) -> Line:
        data = self.form.clean(raw)
        if data.get("valid_months", 1) not in range(1, LONGEST_TRAINING):
            raise Unfit(f"valid_months: must lie between 1 and {LONGEST_TRAINING - 1}")
        return Line(
            number=number,
            id=clean_head(raw, "id", an_id),
            at=clean_head(raw, "at", a_past_instant),
            own=False,
            data=data,
        )

    def take(self, lines: Sequence[Line]) -> Outcome:
        outcome = Outcome()
        there = {course.key or course.name: course for course in Course.objects.all()}
        names = {course.name for course in there.values()}
        for line in lines:
            row = Course(key=line.id, occurred_at=line.at, **line.data)
            known = there.get(line.id)
            if known is None and row.name not in names:
                row.save(force_insert=True)
                there[line.id] = row
                names.add(row.name)
                outcome.new += 1
            elif known is not None and _facts(known) == _facts(row):
                outcome.unchanged += 1
            else:
                outcome.rejected.append((line, OTHER_CONTENT))
        return outcome

    def lines(self) -> Iterator[dict[str, Json]]:
        for row in Course.objects.order_by("occurred_at", "name"):
            head = {"type": self.type, "id": row.key or row.name}
            yield head | {"at": shown_instant(row.occurred_at)} | shown_fields(self.form, row)


LONGEST_TRAINING = 1_000  # months


def _facts(course: Course) -> tuple[object, ...]:
    return course.occurred_at, course.name, course.required, course.valid_months


COURSE = CourseRecord()


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
        """A policy is named by the id of that version's first line, else by its name; one that
        is announced only has no line, and nor has what was signed of it."""
        ids: dict[tuple[str, str], str] = {}
        for policy in POLICY.rows():
            ids.setdefault((policy.name, policy.version), id_of(policy))
        names = {name for name, _version in ids}
        for line in super().lines():
            if line["policy"] not in names:
                continue
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
    message=Said(to=Message, optional=True),
    reply=Said(to=Message, optional=True),
    told_at=Instant(optional=True),
)


class StepRecord(Record[Step]):
    """Steps of answers that were sent; imported ones are told of to nobody."""

    def columns(self, line: Line, known: Known) -> dict[str, Any]:
        columns = super().columns(line, known)
        if columns.get("by_id") is None and columns["kind"] != StepKind.ASKED:
            raise Unfit("by: is missing")
        return columns | {"told_at": line.at}

    def rows(self) -> QuerySet[Step]:
        return super().rows().filter(message__in=MESSAGE.rows().order_by().values("pk"))


APPROVAL_STEP = StepRecord(
    "approval_step",
    Step,
    message=Reference(to=Message),
    kind=Choice(values=StepKind.values),
    by=Reference(to=Employee, optional=True),
    comment=Text(longest=2000, optional=True),
    text=Text(optional=True),
)

VOUCH = Record(
    "vouch",
    Vouch,
    employee=Reference(to=Employee),
    trusted=Flag(),
    by=Reference(to=Employee, optional=True),
    comment=Text(longest=500, optional=True),
)

CORRECTION = Record(
    "correction",
    Correction,
    message=Reference(to=Message),
    kind=Choice(values=CorrectionKind.values),
)
