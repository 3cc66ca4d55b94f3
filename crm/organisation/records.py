"""History lines of the company, its units, departments and employees."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from crm.journal.lines import (
    Choice,
    Count,
    Field,
    Flag,
    Form,
    Instant,
    Json,
    Line,
    Reference,
    Text,
    Unfit,
    shown_instant,
)
from crm.journal.records import (
    OTHER_CONTENT,
    Outcome,
    Versioned,
    a_past_instant,
    an_id,
    clean_head,
    shown_fields,
)
from crm.organisation.calendars import check_holidays, check_periods
from crm.organisation.models import (
    Calendar,
    CalendarVersion,
    CompanyVersion,
    Department,
    DepartmentVersion,
    Employee,
    EmployeeVersion,
    Profile,
    Unit,
    UnitVersion,
)
from crm.values import sort_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone(Field):
    def clean(self, value: Json) -> Json:
        if not isinstance(value, str) or value not in zoneinfo.available_timezones():
            raise Unfit("is no time zone of the IANA database")
        return value


class CompanyRecord:
    """The one company: every line, whatever its id, is a version of it.

    A line without `at` is dated by the earliest record of its file, which the import fills in.
    """

    type = "company"

    def __init__(self) -> None:
        self.form = Form(
            {"name": Text(longest=200, blank=False), "headcount": Count(optional=True)}
        )

    def clean(self, raw: dict[str, Json], number: int, *, trusted: bool) -> Line:
        return Line(
            number=number,
            id="" if raw.get("id") is None else clean_head(raw, "id", an_id),
            at=UNDATED if raw.get("at") is None else clean_head(raw, "at", a_past_instant),
            own=False,
            data=self.form.clean(raw),
        )

    def take(self, lines: Sequence[Line]) -> Outcome:
        outcome = Outcome()
        there = {row.occurred_at: row for row in CompanyVersion.objects.all()}
        for line in lines:
            row = CompanyVersion(key=line.id, occurred_at=line.at, **line.data)
            known = there.get(line.at)
            if known is None:
                row.save(force_insert=True)
                there[line.at] = row
                outcome.new += 1
            elif (known.name, known.headcount) == (row.name, row.headcount):
                outcome.unchanged += 1
            else:
                outcome.rejected.append((line, OTHER_CONTENT))
        return outcome

    def lines(self) -> Iterator[dict[str, Json]]:
        for row in CompanyVersion.objects.order_by("occurred_at"):
            head = {"type": self.type} | ({"id": row.key} if row.key else {})
            yield head | {"at": shown_instant(row.occurred_at)} | shown_fields(self.form, row)


UNDATED = datetime.fromisoformat("1900-01-01T00:00:00+00:00")


class EmployeeRecord(Versioned[Employee]):
    def thing_of(self, line: Line, facts: dict[str, Json]) -> Employee:
        return self.model(key=line.id, sort_name=sort_key(facts["name"]), **facts)

    def projected(self, things: list[Employee], columns: list[str]) -> list[str]:
        for employee in things:
            employee.sort_name = sort_key(employee.name)
        return [*columns, "sort_name"]


class CalendarRecord(Versioned[Calendar]):
    """A day that is left out is closed."""

    def clean(self, raw: dict[str, Json], number: int, *, trusted: bool) -> Line:
        line = super().clean(dict.fromkeys(WEEK, "") | raw, number, trusted=trusted)
        _open_some_day(line.data)
        return line


COMPANY = CompanyRecord()

UNIT = Versioned(
    "unit",
    Unit,
    version=UnitVersion,
    thing="unit",
    name=Text(longest=200, blank=False),
    profile=Choice(values=Profile.values),
    timezone=Zone(),
    parent=Reference(to=Unit, optional=True),
    headcount=Count(optional=True),
)

DEPARTMENT = Versioned(
    "department",
    Department,
    version=DepartmentVersion,
    thing="department",
    name=Text(longest=200, blank=False),
    unit=Reference(to=Unit),
)

EMPLOYEE = EmployeeRecord(
    "employee",
    Employee,
    version=EmployeeVersion,
    thing="employee",
    name=Text(longest=200),
    email=Text(longest=254),
    department=Reference(to=Department),
    social_team=Flag(),
    relevant=Flag(),
    left_at=Instant(optional=True, past=False),
    lead=Reference(to=Employee, optional=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Text):
    """A text that a form of ours would take too."""

    judge: Callable[[str], object]

    def clean(self, value: Json) -> Json:
        said = Text.clean(self, value)  # no super() in a class with slots
        try:
            self.judge(str(said))
        except ValidationError as error:
            raise Unfit(" ".join(error.messages)) from None
        return said


def _open_some_day(data: dict[str, Json]) -> None:
    if not any(data.get(day) for day in WEEK):
        raise Unfit("at least one day needs a period")


WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDAR = CalendarRecord(
    "calendar",
    Calendar,
    version=CalendarVersion,
    thing="calendar",
    name=Text(longest=200, blank=False),
    timezone=Zone(),
    **{day: Written(longest=100, judge=check_periods) for day in WEEK},
    holidays=Written(longest=20_000, judge=check_holidays, optional=True),
)
