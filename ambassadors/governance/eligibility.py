"""Who may be asked to answer, and what stands in the way: a policy to read, a training to take.

Nothing is asked for until a company says so: a policy by `gates_offers`, a course by `required`.
"""

from __future__ import annotations

import calendar
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ambassadors.governance.models import Acknowledgement, Course, Policy, Training
from crm.values import Via

GRACE = timedelta(days=14)  # as the maturity model counts; a test holds the two together


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a policy as it is counted: dated by its first row."""

    name: str
    version: str
    dated: datetime
    gates_offers: bool


@dataclass(frozen=True, slots=True)
class InForce:
    current: Version
    former: Version | None

    @property
    def due_at(self) -> datetime:
        """By when it should be read."""
        return self.current.dated + GRACE

    def accepted(self, at: datetime) -> tuple[str, ...]:
        """The versions whose acknowledgement counts at `at`."""
        if self.former and at - self.current.dated < GRACE:
            return self.current.version, self.former.version
        return (self.current.version,)

    def asks(self, signed: Collection[str], at: datetime) -> bool:
        """Whether somebody who acknowledged these versions must read first.

        A first version is nobody's fault before its grace is over.
        """
        if self.former is None and at - self.current.dated < GRACE:
            return False
        return not set(signed) & set(self.accepted(at))


def suspended(people: Collection[uuid.UUID], *, at: datetime) -> dict[uuid.UUID, str]:
    """Of these employees, who may not be offered anything, and why: "policy" or "training".

    Two queries, four where something is asked for, however many people there are.
    """
    found = dict.fromkeys(_untrained(people, at=at), "training")
    return found | dict.fromkeys(_behind(people, at=at), "policy")


def in_force(*, at: datetime) -> dict[str, InForce]:
    """Policy -> its latest version dated by `at`, and the one before it."""
    versions: dict[str, dict[str, Version]] = defaultdict(dict)
    rows = Policy.objects.filter(occurred_at__lte=at).order_by("occurred_at", "pk")
    for name, version, dated, gates in rows.values_list(
        "name", "version", "occurred_at", "gates_offers"
    ):
        versions[name].setdefault(version, Version(name, version, dated, gates))
    found = {}
    for name, known in versions.items():
        dated_ones = list(known.values())
        found[name] = InForce(dated_ones[-1], dated_ones[-2] if len(dated_ones) > 1 else None)
    return found


def coming(*, at: datetime) -> dict[str, Version]:
    """Policy -> the version that is announced at `at`, dated by when it comes into force."""
    rows = Policy.objects.filter(occurred_at__gt=at, reviewed_at=None).order_by("-occurred_at")
    found = rows.values_list("name", "version", "occurred_at", "gates_offers")
    return {row[0]: Version(*row) for row in found}


def signed(
    people: Collection[uuid.UUID], names: Iterable[str]
) -> dict[tuple[uuid.UUID, str], set[str]]:
    """(employee, policy) -> versions acknowledged by own act."""
    rows = Acknowledgement.objects.filter(
        employee__in=people, policy_name__in=list(names), via=Via.OWN
    )
    found: dict[tuple[uuid.UUID, str], set[str]] = defaultdict(set)
    for employee, name, version in rows.values_list("employee_id", "policy_name", "version"):
        found[employee, name].add(version)
    return found


def _behind(people: Collection[uuid.UUID], *, at: datetime) -> set[uuid.UUID]:
    asked = {name: now for name, now in in_force(at=at).items() if now.current.gates_offers}
    if not asked:
        return set()
    read = signed(people, asked)
    return {
        person
        for person in people
        if any(now.asks(read.get((person, name), ()), at) for name, now in asked.items())
    }


def _untrained(people: Collection[uuid.UUID], *, at: datetime) -> set[uuid.UUID]:
    courses = list(Course.objects.filter(required=True))
    if not courses:
        return set()
    valid = valid_trainings(people, courses, at=at)
    names = {course.name for course in courses}
    return {person for person in people if names - valid.get(person, set())}


def valid_trainings(
    people: Collection[uuid.UUID], courses: Sequence[Course], *, at: datetime
) -> dict[uuid.UUID, set[str]]:
    """Employee -> the courses whose training holds at `at`."""
    months = {course.name: course.valid_months for course in courses}
    rows = Training.objects.filter(employee__in=people, course__in=months, occurred_at__lte=at)
    found: dict[uuid.UUID, set[str]] = defaultdict(set)
    for employee, course, taken in rows.values_list("employee_id", "course", "occurred_at"):
        end = expires_at(taken, months[course])
        if end is None or at < end:
            found[employee].add(course)
    return found


def expires_at(taken: datetime, months: int | None) -> datetime | None:
    """The same day number that many months later, or that month's last day; None for never."""
    if months is None:
        return None
    count = taken.year * 12 + taken.month - 1 + months
    year, month = divmod(count, 12)
    day = min(taken.day, calendar.monthrange(year, month + 1)[1])
    return taken.replace(year=year, month=month + 1, day=day)
