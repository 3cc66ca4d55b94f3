"""What may be asked of the maturity, and by whom: the same for the page and the API."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils import timezone

from crm.access.models import Role
from crm.access.services import Person, has_role
from crm.errors import Invalid
from maturity.appraisals.services import PastReading

PARAMETERS = ("as_of", "reading", "unit")


@dataclass(frozen=True)
class Asked:
    as_of: date
    reading: PastReading
    unit: str | None

    def query(self) -> dict[str, str]:
        """The parameters that ask for the same."""
        said = {"as_of": self.as_of.isoformat(), "reading": self.reading.value}
        return said | ({"unit": self.unit} if self.unit else {})


def reads_maturity(person: Person) -> bool:
    """Executives and staff; ambassadors have no business with the figures of others."""
    return has_role(person, Role.EXECUTIVE, Role.STAFF)


def ask(query: QueryDict, *, also: Collection[str] = ()) -> Asked:
    """Reads the parameters strictly: a misspelt one is refused, never passed over. also: names
    that the caller reads itself."""
    unknown = sorted(set(query) - set(PARAMETERS) - set(also))
    if unknown:
        raise Invalid(f"unknown parameter: {', '.join(unknown)}")
    return Asked(
        as_of=day_of(single(query, "as_of")),
        reading=reading_of(single(query, "reading")),
        unit=single(query, "unit"),
    )


def single(query: QueryDict, name: str) -> str | None:
    """A query parameter that may be given once, and not empty."""
    values = query.getlist(name)
    if len(values) > 1 or values == [""]:
        raise Invalid(f"{name} is given once, with a value")
    return values[0] if values else None


def day_of(text: str | None) -> date:
    return day_or_none(text or "", name="as_of") or timezone.localdate()


def day_or_none(text: str, *, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{name} is a date like 2026-10-05") from error


def reading_of(text: str | None) -> PastReading:
    try:
        return PastReading(text or PastReading.CORRECTED)
    except ValueError as error:
        raise Invalid("reading is known or corrected") from error
