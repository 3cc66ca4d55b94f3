"""Who belonged where on one day: the versions in force."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from conversations.channels.measures import ChannelRow
from crm.organisation.measures import EmployeeRow, UnitRow
from maturity.facts.clock import Clock
from maturity.facts.records import Records
from maturity.scoring.definition import Model, Profile

Version = TypeVar("Version", bound=Any)
MOST_REMEMBERED = 50


@dataclass(frozen=True)
class UnitAt:
    """A unit on the day D of an evaluation: W is [start, cut)."""

    unit: UUID
    key: str
    name: str
    clock: Clock
    profile: Profile
    headcount: int | None
    day: date
    start: datetime
    cut: datetime
    takes_part: bool

    def in_window(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.cut

    def days_before(self, days: int) -> datetime:
        return self.clock.midnight(self.day - timedelta(days=days))

    def answer_due(self, began: datetime, model: Model) -> datetime:
        if self.profile is Profile.B2C:
            return began + timedelta(hours=model.answer_hours)
        return self.clock.add_working_days(began, model.answer_working_days)


def newest(versions: Sequence[Version], cut: datetime) -> Version | None:
    """The version in force at `cut`; versions are ordered by time."""
    index = bisect_left(versions, cut, key=lambda version: version.at)
    return versions[index - 1] if index else None


def by_key(rows: Iterable[Version], key: str) -> dict[UUID, list[Version]]:
    grouped: dict[UUID, list[Version]] = defaultdict(list)
    for row in rows:
        grouped[getattr(row, key)].append(row)
    return dict(grouped)


def unit_at(versions: Sequence[UnitRow], day: date, model: Model) -> UnitAt:
    """The unit as it was at its own midnight; before its first version it takes no part."""
    begun = [row for row in versions if row.at < Clock(row.timezone).midnight(day)]
    row = begun[-1] if begun else versions[0]
    clock, profile = Clock(row.timezone), Profile(row.profile)
    return UnitAt(
        unit=row.unit,
        key=row.key or str(row.unit),
        name=row.name,
        clock=clock,
        profile=profile,
        headcount=row.headcount if begun else None,
        day=day,
        start=clock.midnight(day - timedelta(days=model.windows[profile])),
        cut=clock.midnight(day),
        takes_part=bool(begun),
    )


class People:
    """Employees and departments in force at one cut."""

    def __init__(
        self, employees: Iterable[EmployeeRow], units: Mapping[UUID, UUID], cut: datetime
    ) -> None:
        self.of = {row.employee: row for row in employees}
        self.unit_of_department = units
        self.staff = [row for row in self.of.values() if row.left_at is None or row.left_at >= cut]

    def department(self, employee: UUID) -> UUID | None:
        row = self.of.get(employee)
        return row.department if row else None

    def unit(self, employee: UUID | None) -> UUID | None:
        row = self.of.get(employee) if employee else None
        return self.unit_of_department.get(row.department) if row else None

    def is_ambassador(self, employee: UUID | None) -> bool:
        """Employed, and outside the social team."""
        row = self.of.get(employee) if employee else None
        return row is not None and not row.social_team

    def staff_of(self, unit: UUID) -> list[EmployeeRow]:
        return [row for row in self.staff if self.unit_of_department.get(row.department) == unit]


class Organisation:
    """The dated versions of everything, asked by cut."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.units = by_key(records.units, "unit")
        self.departments = by_key(records.departments, "department")
        self.employees = by_key(records.employees, "employee")
        self.internal_since = internal_contacts(records)
        self._people: dict[datetime, People] = {}

    def units_at(self, day: date, model: Model) -> list[UnitAt]:
        """Every unit known, in a stable order."""
        found = [unit_at(versions, day, model) for versions in self.units.values()]
        return sorted(found, key=lambda unit: unit.key)

    def people(self, cut: datetime) -> People:
        if cut not in self._people:
            rows = (newest(versions, cut) for versions in self.employees.values())
            homes = (newest(versions, cut) for versions in self.departments.values())
            units = {row.department: row.unit for row in homes if row}
            if len(self._people) > MOST_REMEMBERED:
                self._people.clear()
            self._people[cut] = People((row for row in rows if row), units, cut)
        return self._people[cut]

    def channels_at(self, units: Mapping[UUID, UnitAt]) -> dict[UUID, ChannelRow]:
        """Channel -> its version in force, each by the clock of the unit it names."""
        return {
            row.channel: row
            for row in self.records.channels
            if row.unit in units and row.at < units[row.unit].cut
        }

    def internal_contacts(self, cut: datetime) -> frozenset[UUID]:
        """Contacts of whom an address is the e-mail of an employee, past or present."""
        return frozenset(c for c, since in self.internal_since.items() if since < cut)

    def company_headcount(self, cut: datetime) -> int | None:
        """The one in force; the first there is before that, since a company may be undated."""
        companies = self.records.companies
        row = newest(companies, cut) or (companies[0] if companies else None)
        return row.headcount if row else None


def internal_contacts(records: Records) -> dict[UUID, datetime]:
    """Contact -> since when an employee has had one of its addresses."""
    mails: dict[str, datetime] = {}
    for row in records.employees:
        mails.setdefault(row.email.casefold(), row.at)
    found: dict[UUID, datetime] = {}
    for address in records.addresses:
        since = mails.get(address.handle.casefold())
        if since is not None:
            found[address.contact] = min(since, found.get(address.contact, since))
    return found
