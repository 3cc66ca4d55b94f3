"""Gathers the models of the floor's rooms."""

from crm.access.models import IdempotencyKey, PersonalToken, RoleGrant
from crm.contacts.models import (
    Consent,
    Contact,
    ContactMerge,
    ContactUnit,
    Duplicate,
    Identity,
)
from crm.journal.models import Act, Pulse, Tombstone
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
from crm.privacy.models import ContactExport, Erasure

__all__ = [
    "Act",
    "Calendar",
    "CalendarVersion",
    "CompanyVersion",
    "Consent",
    "Contact",
    "ContactExport",
    "ContactMerge",
    "ContactUnit",
    "Department",
    "DepartmentVersion",
    "Duplicate",
    "Employee",
    "EmployeeVersion",
    "Erasure",
    "IdempotencyKey",
    "Identity",
    "PersonalToken",
    "Pulse",
    "RoleGrant",
    "Tombstone",
    "Unit",
    "UnitVersion",
    "User",
]
