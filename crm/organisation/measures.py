"""What the company was made of, and since when: every dated version, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import DateTimeField, F, Value

from crm.journal.measures import Moments, recorded_since
from crm.organisation.models import (
    CompanyVersion,
    DepartmentVersion,
    EmployeeVersion,
    UnitVersion,
)

EVER = datetime(1, 1, 1, tzinfo=UTC)


class CompanyRow(NamedTuple):
    at: datetime
    recorded_at: datetime
    name: str
    headcount: int | None


class UnitRow(NamedTuple):
    """key: the id that exports and the API show, when it is not ours."""

    unit: UUID
    key: str | None
    at: datetime
    recorded_at: datetime
    name: str
    profile: str
    timezone: str
    headcount: int | None


class DepartmentRow(NamedTuple):
    department: UUID
    at: datetime
    recorded_at: datetime
    unit: UUID


class EmployeeRow(NamedTuple):
    employee: UUID
    at: datetime
    recorded_at: datetime
    email: str
    department: UUID
    social_team: bool
    relevant: bool
    left_at: datetime | None


def companies() -> list[CompanyRow]:
    rows = CompanyVersion.objects.order_by("occurred_at", "pk")
    fields = ("occurred_at", "recorded_at", "name", "headcount")
    return [CompanyRow(*row) for row in rows.values_list(*fields)]


def units() -> list[UnitRow]:
    rows = UnitVersion.objects.order_by("occurred_at", "pk").annotate(key=F("unit__key"))
    fields = ("unit_id", "key", "occurred_at", "recorded_at")
    facts = ("name", "profile", "timezone", "headcount")
    return [UnitRow(*row) for row in rows.values_list(*fields, *facts)]


def departments() -> list[DepartmentRow]:
    rows = DepartmentVersion.objects.order_by("occurred_at", "pk")
    fields = ("department_id", "occurred_at", "recorded_at", "unit_id")
    return [DepartmentRow(*row) for row in rows.values_list(*fields)]


def employees() -> list[EmployeeRow]:
    rows = EmployeeVersion.objects.order_by("occurred_at", "pk")
    fields = ("employee_id", "occurred_at", "recorded_at", "email")
    facts = ("department_id", "social_team", "relevant", "left_at")
    return [EmployeeRow(*row) for row in rows.values_list(*fields, *facts)]


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about.

    A company and a unit are shown before their first version: that is every moment.
    """
    ever = Value(EVER, output_field=DateTimeField())
    return [
        *(recorded_since(one, since, at=ever) for one in (CompanyVersion, UnitVersion)),
        *(recorded_since(one, since) for one in (DepartmentVersion, EmployeeVersion)),
    ]
