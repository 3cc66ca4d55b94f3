"""Publishing a policy, reading it, and being trained: verbs and what each person owes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance.eligibility import Version, coming, expires_at, in_force, signed
from ambassadors.governance.models import Acknowledgement, Course, Policy, Training
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.organisation.people import employee_of
from crm.values import Actor, Via

LONGEST_TEXT = 100_000
LONGEST_NOTICE = timedelta(days=366)


def publish(
    name: str,
    *,
    version: str,
    text: str,
    by: Actor,
    gates_offers: bool = True,
    in_force_on: date | None = None,
) -> Policy:
    """Puts a version in force, from now on or from the beginning of a later day.

    Until that day people read and sign it ahead, and the version before it holds. Raises Invalid,
    Conflict `version_known` when it was published, `another_is_coming` when one is announced.
    """
    name, version, text = name.strip(), version.strip(), text.strip()
    if not name or not version or not text:
        raise Invalid(_("a policy needs a name, a version and a text"), code="empty")
    if len(text) > LONGEST_TEXT:
        raise Invalid(_("the text is too long"), code="too_long")
    now = timezone.now()
    begins = _beginning(in_force_on, now)
    known = Conflict(_("this version was published already"), code="version_known")
    if Policy.objects.filter(name=name, version=version).exists():
        raise known
    if name in coming(at=now):
        raise Conflict(
            _("another version is announced: withdraw it first"), code="another_is_coming"
        )
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                name=name,
                version=version,
                text=text,
                gates_offers=gates_offers,
                via=by.via,
                occurred_at=begins,
            )
            said: dict[str, Any] = {"version": version, "gates": gates_offers}
            record("policy_published", policy, by=by, in_force_at=begins.isoformat(), **said)
    except IntegrityError as error:
        raise known from error
    return policy


def _beginning(day: date | None, now: datetime) -> datetime:
    if day is None or day == timezone.localdate(now):
        return now
    begins = timezone.make_aware(datetime.combine(day, time()))
    if begins < now:
        raise Invalid(_("the day lies in the past"), code="in_the_past")
    if begins - now > LONGEST_NOTICE:
        raise Invalid(_("a version is announced at most a year ahead"), code="too_far_ahead")
    return begins


def withdraw(policy: Policy, *, by: Actor) -> None:
    """Takes back a version that is announced, with what was signed of it: it never held.

    Raises Conflict `in_force` for one that holds, or did.
    """
    with transaction.atomic():
        row = Policy.objects.select_for_update().filter(pk=policy.pk).first()
        if row is None or row.occurred_at <= timezone.now():
            raise Conflict(_("this version is in force"), code="in_force")
        signs = Acknowledgement.objects.filter(policy_name=row.name, version=row.version)
        signed_by, _rows = signs.delete()
        record("policy_withdrawn", row, by=by, version=row.version, signed_by=signed_by)
        row.delete()


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

    Raises Forbidden for anybody but the person themself, Conflict for a version that is neither
    in force nor announced and for a session in which somebody else has acknowledged.
    """
    employee = _own_employee(by)
    now = timezone.now()
    found = in_force(at=now).get(policy.name)
    ahead = coming(at=now).get(policy.name)
    if policy.version not in {each.version for each in (found and found.current, ahead) if each}:
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
    """One version in force or announced, as a person has it before them."""

    policy: Policy
    is_read: bool
    in_force_at: datetime
    due_at: datetime
    suspends: bool

    @property
    def is_coming(self) -> bool:
        return self.in_force_at > timezone.now()

    @property
    def published_at(self) -> datetime:
        """When people could read it here first."""
        return min(self.policy.recorded_at, self.in_force_at)


def duties(employee: Employee, *, at: datetime) -> list[Duty]:
    """Every policy in force and every version announced, what is to be read first."""
    now, ahead = in_force(at=at), coming(at=at)
    read = signed([employee.pk], {**now, **ahead})
    texts = texts_of(now, at=at)
    found = []
    for name, each in sorted(now.items()):
        mine = read.get((employee.pk, name), set())
        found.append(
            Duty(
                policy=texts[name],
                is_read=each.current.version in mine,
                in_force_at=each.current.dated,
                due_at=each.due_at,
                suspends=each.current.gates_offers and each.asks(mine, at),
            )
        )
    announced = Policy.objects.filter(name__in=ahead, reviewed_at=None, occurred_at__gt=at)
    for policy in announced.order_by("name", "pk"):
        is_read = policy.version in read.get((employee.pk, policy.name), ())
        begins = policy.occurred_at
        found.append(Duty(policy, is_read, in_force_at=begins, due_at=begins, suspends=False))
    return sorted(found, key=lambda duty: duty.is_read)


def texts_of(names: Collection[str], *, at: datetime) -> dict[str, Policy]:
    """Policy -> the first row of its newest version, which holds the text."""
    rows = Policy.objects.filter(name__in=list(names), occurred_at__lte=at)
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
    """How many people of a department have read a version; coming: announced for that day."""

    policy: str
    version: str
    coming: datetime | None
    department: str
    read: int
    people: int


def board(departments: Sequence[tuple[uuid.UUID, str]], *, at: datetime) -> list[Board]:
    """By department, never by person. Four queries."""
    versions: list[tuple[Version, datetime | None]] = [
        *((each.current, None) for each in in_force(at=at).values()),
        *((each, each.dated) for each in coming(at=at).values()),
    ]
    people = Employee.objects.filter(
        department__in=[pk for pk, _name in departments], left_at=None, relevant=True
    ).values_list("pk", "department_id")
    homes = dict(people)
    read = signed(list(homes), {each.name for each, _begins in versions})
    found = []
    for each, begins in sorted(versions, key=lambda one: (one[0].name, one[0].dated)):
        for pk, department in departments:
            members = [person for person, home in homes.items() if home == pk]
            done = sum(each.version in read.get((p, each.name), ()) for p in members)
            if members:
                which = each.name, each.version, begins
                found.append(Board(*which, department, done, len(members)))
    return found
