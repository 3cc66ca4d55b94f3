"""What this room keeps of people outside: nothing; it is about those who work here."""

from __future__ import annotations

from crm.journal.personal import Holdings, Table
from crm.organisation.models import (
    Calendar,
    CalendarVersion,
    CompanyVersion,
    Department,
    DepartmentVersion,
    Employee,
    EmployeeVersion,
    Unit,
    UnitVersion,
    User,
)

_HOURS = "name timezone monday tuesday wednesday thursday friday saturday sunday holidays"
HOLDINGS: Holdings = [
    Table(model=User, free="password email name"),
    Table(model=CompanyVersion, free="key name"),
    Table(model=Unit, free="key name timezone"),
    Table(model=UnitVersion, free="name timezone"),
    Table(model=Department, free="key name"),
    Table(model=DepartmentVersion, free="name"),
    Table(model=Employee, free="key name email sort_name"),
    Table(model=EmployeeVersion, free="name email"),
    Table(model=Calendar, free=f"key {_HOURS}"),
    Table(model=CalendarVersion, free=_HOURS),
]
