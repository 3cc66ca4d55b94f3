"""Verbs of the company: what somebody changes today stays readable as it was yesterday."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db import models, transaction
from django.utils import timezone

from crm.journal.services import record
from crm.organisation.models import (
    Calendar,
    CalendarFacts,
    CalendarVersion,
    Department,
    DepartmentVersion,
    Employee,
    EmployeeFacts,
    EmployeeVersion,
    Unit,
    UnitFacts,
    UnitVersion,
)
from crm.values import Actor

Thing = TypeVar("Thing", Unit, Department, Employee, Calendar)


def save_unit(unit: Unit, *, by: Actor, at: datetime | None = None) -> Unit:
    """Keeps `unit` with a version from `at` on; without a change, no version."""
    facts = _facts(unit, UnitFacts) | {"parent_id": unit.parent_id}
    return _save(unit, UnitVersion, facts, subject="unit", by=by, at=at)


def save_department(department: Department, *, by: Actor, at: datetime | None = None) -> Department:
    facts = {"name": department.name, "unit_id": department.unit_id}
    return _save(department, DepartmentVersion, facts, subject="department", by=by, at=at)


def save_employee(employee: Employee, *, by: Actor, at: datetime | None = None) -> Employee:
    facts = _facts(employee, EmployeeFacts)
    return _save(employee, EmployeeVersion, facts, subject="employee", by=by, at=at)


def save_calendar(calendar: Calendar, *, by: Actor, at: datetime | None = None) -> Calendar:
    facts = _facts(calendar, CalendarFacts)
    return _save(calendar, CalendarVersion, facts, subject="calendar", by=by, at=at)


def _facts(thing: models.Model, facts: type[models.Model]) -> dict[str, object]:
    return {
        field.attname: getattr(thing, field.attname)
        for field in facts._meta.get_fields()
        if isinstance(field, models.Field)
    }


def _save(
    thing: Thing,
    version: type[UnitVersion | DepartmentVersion | EmployeeVersion | CalendarVersion],
    facts: dict[str, object],
    *,
    subject: str,
    by: Actor,
    at: datetime | None,
) -> Thing:
    at = at or timezone.now()
    with transaction.atomic():
        is_new = thing._state.adding  # noqa: SLF001 - what Django's own save() looks at
        thing.save()
        versions = version.objects.filter(**{subject: thing})
        newest = versions.order_by("-occurred_at").values(*facts).first()
        if newest != facts:
            version.objects.create(**{subject: thing}, **facts, occurred_at=at)
        record(f"{subject}_{'added' if is_new else 'changed'}", thing, by=by, at=at)
    return thing
