"""Publishing a policy, reading it, and being trained: verbs and what each person owes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance.eligibility import expires_at, in_force, signed
from ambassadors.governance.models import Acknowledgement, Course, Policy, Training
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.organisation.people import employee_of
from crm.values import Actor, Via

LONGEST_TEXT = 100_000


def publish(name: str, *, version: str, text: str, by: Actor, gates_offers: bool = True) -> Policy:
    """Puts a version in force from now on. Conflict `version_known` when it was published."""
    name, version, text = name.strip(), version.strip(), text.strip()
    if not name or not version or not text:
        raise Invalid(_("a policy needs a name, a version and a text"), code="empty")
    if len(text) > LONGEST_TEXT:
        raise Invalid(_("the text is too long"), code="too_long")
    known = Conflict(_("this version was published already"), code="version_known")
    if Policy.objects.filter(name=name, version=version).exists():
        raise known
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                name=name,
                version=version,
                text=text,
                gates_offers=gates_offers,
                via=by.via,
                occurred_at=timezone.now(),
            )
            record("policy_published", policy, by=by, version=version, gates=gates_offers)
    except IntegrityError as error:
        raise known from error
    return policy


def review(policy: Policy, *, by: Actor) -> Policy:
    """Says that the version in force is still right: a row of its own, the text again."""
    now = timezone.now()
    found = in_force(at=now).get(policy.name)
    if found is None or found.current.version != policy.version:
        raise Conflict(_("another version is in force"), code="not_in_force")
    with transaction.atomic():
        reviewed = Policy.objects.create(
            name=policy.name,
            version=policy.version,
            text=policy.text,
            gates_offers=policy.gates_offers,
            reviewed_at=now,
            via=by.via,
            occurred_at=now,
        )
        record("policy_reviewed", reviewed, by=by, version=policy.version)
    return reviewed


def acknowledge(policy: Policy, *, by: Actor) -> Acknowledgement:
    """The person says, in their own session, that they read it. Saying it again adds nothing.

    Raises Forbidden for anybody but the person themself, Conflict for a version that is not in
    force and for a session in which somebody else has acknowledged.
    """
    employee = _own_employee(by)
    now = timezone.now()
    found = in_force(at=now).get(policy.name)
    if found is None or found.current.version != policy.version:
        raise Conflict(_("another version is in force"), code="not_in_force")
    with transaction.atomic():
        Employee.objects.select_for_update().get(pk=employee.pk)
        mine = Acknowledgement.objects.filter(
            employee=employee, policy_name=policy.name, version=policy.version, via=Via.OWN
        ).first()
        if mine is not None:
            return mine
        others = Acknowledgement.objects.filter(session=by.session, via=Via.OWN)
        if others.exclude(employee=employee).exists():
            raise Conflict(
                _("somebody else has acknowledged in this session: sign in anew"),
                code="session_of_another",
            )
        mine = Acknowledgement.objects.create(
            policy_name=policy.name,
            version=policy.version,
            policy=policy,
            employee=employee,
            session=by.session,
            via=by.via,
            occurred_at=now,
        )
        record("policy_acknowledged", policy, by=by, at=now, version=policy.version)
    return mine


def _own_employee(by: Actor) -> Employee:
    if by.via != Via.OWN or by.user is None or not by.session:
        raise Forbidden(_("only the person themself may do this"), code="own_act_only")
    return employee_of(by.user)


def train(employee: Employee, *, course: Course, taken_at: datetime, by: Actor) -> Training:
    """Records that somebody else was trained. Raises Forbidden for oneself."""
    if by.user is not None and employee.user_id == by.user.pk:
        raise Forbidden(_("a training is recorded by somebody else"), code="own_training")
    if taken_at > timezone.now():
        raise Invalid(_("the time lies in the future"), code="in_the_future")
    with transaction.atomic():
        training = Training.objects.create(
            employee=employee, course=course.name, occurred_at=taken_at, via=by.via
        )
        record("training_recorded", training, by=by, employee=str(employee.pk))
    return training


@dataclass(frozen=True, slots=True)
class Duty:
    """One policy in force as a person has it before them."""

    policy: Policy
    is_read: bool
    due_at: datetime
    suspends: bool


def duties(employee: Employee, *, at: datetime) -> list[Duty]:
    """Every policy in force, what is to be read first."""
    now = in_force(at=at)
    read = signed([employee.pk], now)
    texts = texts_of(now)
    found = []
    for name, each in sorted(now.items()):
        mine = read.get((employee.pk, name), set())
        found.append(
            Duty(
                policy=texts[name],
                is_read=each.current.version in mine,
                due_at=each.due_at,
                suspends=each.current.gates_offers and each.asks(mine, at),
            )
        )
    return sorted(found, key=lambda duty: duty.is_read)


def texts_of(names: Collection[str]) -> dict[str, Policy]:
    """Policy -> the first row of its newest version, which holds the text."""
    rows = Policy.objects.filter(name__in=list(names), occurred_at__lte=timezone.now())
    first: dict[tuple[str, str], Policy] = {}
    newest: dict[str, Policy] = {}
    for row in rows.order_by("occurred_at", "pk"):
        if (row.name, row.version) not in first:
            first[row.name, row.version] = newest[row.name] = row
    return newest


@dataclass(frozen=True, slots=True)
class Taken:
    """A training of a person; expires_at is None for one that holds for ever."""

    course: str
    taken_at: datetime
    expires_at: datetime | None


def trainings_of(employee: Employee) -> list[Taken]:
    months = dict(Course.objects.values_list("name", "valid_months"))
    rows = Training.objects.filter(employee=employee).order_by("-occurred_at")
    return [
        Taken(course, at, expires_at(at, months.get(course)))
        for course, at in rows.values_list("course", "occurred_at")
    ]


@dataclass(frozen=True, slots=True)
class Board:
    """How many people of a department have read a policy's version in force."""

    policy: str
    version: str
    department: str
    read: int
    people: int


def board(departments: Sequence[tuple[uuid.UUID, str]], *, at: datetime) -> list[Board]:
    """By department, never by person. Three queries."""
    now = in_force(at=at)
    people = Employee.objects.filter(
        department__in=[pk for pk, _name in departments], left_at=None, relevant=True
    ).values_list("pk", "department_id")
    homes = dict(people)
    read = signed(list(homes), now)
    found = []
    for name, each in sorted(now.items()):
        for pk, department in departments:
            members = [person for person, home in homes.items() if home == pk]
            done = sum(each.current.version in read.get((p, name), ()) for p in members)
            if members:
                found.append(Board(name, each.current.version, department, done, len(members)))
    return found
