"""Gathers the models of the floor's rooms."""

from crm.access.models import IdempotencyKey, PersonalToken, RoleGrant
from crm.contacts.models import Consent, Contact, ContactMerge, ContactUnit, Identity
from crm.journal.models import Act, Pulse
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

__all__ = [
    "Act",
    "Calendar",
    "CalendarVersion",
    "CompanyVersion",
    "Consent",
    "Contact",
    "ContactMerge",
    "ContactUnit",
    "Department",
    "DepartmentVersion",
    "Employee",
    "EmployeeVersion",
    "IdempotencyKey",
    "Identity",
    "PersonalToken",
    "Pulse",
    "RoleGrant",
    "Unit",
    "UnitVersion",
    "User",
]
