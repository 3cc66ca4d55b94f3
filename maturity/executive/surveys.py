"""Declared beside observed: where colleagues believe that the company stands. Never an input.

An answer knows its role and neither name nor time; results are shown when the survey is over, and
a role with fewer than five answers is shown together with the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.access.models import Role
from crm.access.services import Person, has_role, roles_of
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.values import Actor
from maturity.executive.discretion import LEAST
from maturity.executive.models import Declaration, Survey, Voter

DAYS = 14
ORDER = (Role.EXECUTIVE, Role.STAFF, Role.AMBASSADOR)
STAGES = (5, 4, 3, 2, 1)  # read from right to left, as the curve


@dataclass(frozen=True)
class Group:
    """Roles shown together, and how many of them declared each stage; None: they do not know."""

    roles: Sequence[Role]
    answers: int
    counts: Sequence[tuple[int | None, int]]

    @property
    def name(self) -> str:
        return ", ".join(str(role.label) for role in self.roles)

    @property
    def shares(self) -> Sequence[tuple[int | None, int, int]]:
        """Stage, count, percent of the group's answers."""
        return [(stage, n, round(100 * n / self.answers)) for stage, n in self.counts]


@dataclass(frozen=True)
class Declared:
    """What a survey that is over says. needed: answers missing before anything is shown."""

    closed_on: date
    answers: int
    groups: Sequence[Group]

    @property
    def needed(self) -> int:
        return max(0, LEAST - self.answers)


def role_of(person: Person) -> Role | None:
    """The role one answers in: the first of the three that one holds."""
    held = roles_of(person)
    return next((role for role in ORDER if role in held), None)


def running() -> Survey | None:
    return Survey.objects.filter(is_open=True, closes_on__gte=timezone.localdate()).first()


def open_survey(*, by: Actor) -> Survey:
    """For two weeks. Raises Conflict while one runs."""
    _only_executives(by)
    today = timezone.localdate()
    try:
        with transaction.atomic():
            Survey.objects.filter(is_open=True, closes_on__lt=today).update(is_open=False)
            made = Survey.objects.create(closes_on=today + timedelta(days=DAYS))
            record("maturity_survey_opened", made, by=by)
    except IntegrityError as error:
        raise Conflict(_("a survey runs already"), code="survey_runs") from error
    return made


def close_survey(survey: Survey, *, by: Actor) -> None:
    """Ends it today; its results are shown from now on."""
    _only_executives(by)
    with transaction.atomic():
        if Survey.objects.filter(pk=survey.pk, is_open=True).update(is_open=False):
            record("maturity_survey_closed", survey, by=by)


def declare(survey: Survey, stage: int | None, *, by: Actor) -> None:
    """Once a person. Raises Forbidden, Conflict for a second answer or one that comes too late."""
    role = role_of(by.user) if by.user else None
    if by.user is None or role is None:
        raise Forbidden(_("the survey asks executives, staff and ambassadors"))
    if stage is not None and stage not in STAGES:
        raise Invalid(_("there is no such stage"), code="unknown_stage")
    try:
        with transaction.atomic():
            still = Survey.objects.select_for_update().filter(pk=survey.pk, is_open=True)
            if not still.filter(closes_on__gte=timezone.localdate()).exists():
                raise Conflict(_("this survey is over"), code="survey_over")
            Voter.objects.create(survey=survey, user=by.user)
            Declaration.objects.create(survey=survey, role=role, stage=stage)
    except IntegrityError as error:
        raise Conflict(_("you have answered already"), code="answered") from error


def has_answered(survey: Survey, person: Person) -> bool:
    return bool(person.pk) and Voter.objects.filter(survey=survey, user=person.pk).exists()


def newest() -> tuple[Survey | None, Declared | None]:
    """The survey that runs, and what the last one that is over says."""
    today = timezone.localdate()
    rows = list(Survey.objects.order_by("-opened_at")[:2])
    runs = next((row for row in rows if row.is_open and row.closes_on >= today), None)
    over = next((row for row in rows if row is not runs), None)
    return runs, declared(over) if over else None


def declared(survey: Survey) -> Declared:
    answers = list(survey.declarations.values_list("role", "stage"))
    return Declared(survey.closes_on, len(answers), grouped(answers))


def grouped(answers: Sequence[tuple[str, int | None]]) -> list[Group]:
    """A role by itself from five answers on, the smaller ones together; where these are fewer than
    five, the smallest of the others joins them. Nothing below five in all."""
    by_role = {role: [s for r, s in answers if r == role] for role in ORDER}
    by_role = {role: of for role, of in by_role.items() if of}
    small = [role for role, of in by_role.items() if len(of) < LEAST]
    alone = sorted((role for role in by_role if role not in small), key=lambda r: len(by_role[r]))
    while small and alone and sum(len(by_role[role]) for role in small) < LEAST:
        small.append(alone.pop(0))
    parts = [[role] for role in ORDER if role in alone] + ([small] if small else [])
    groups = [group(part, [s for role in part for s in by_role[role]]) for part in parts]
    return [one for one in groups if one.answers >= LEAST]


def group(roles: Sequence[Role], stages: Sequence[int | None]) -> Group:
    counted = Counter(stages)
    shown: list[int | None] = [*STAGES, None]
    return Group(roles, len(stages), [(stage, counted[stage]) for stage in shown])


def may_open(person: Person) -> bool:
    return has_role(person, Role.EXECUTIVE)


def _only_executives(by: Actor) -> None:
    if by.user is None or not may_open(by.user):
        raise Forbidden(_("only executives ask"))
