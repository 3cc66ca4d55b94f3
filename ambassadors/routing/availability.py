"""When and for what a person may be asked; set by the person, read by routing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.routing.candidates import held_by, monday
from ambassadors.routing.models import Absence, Availability, Offer
from crm.errors import Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.values import Actor

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much a person carries now, and how much they said they would at most."""

    open_now: int
    most_open: int
    accepted_this_week: int
    most_weekly: int
    minutes_this_week: int
    minutes_weekly: int | None


def availability_of(employee: Employee) -> Availability:
    """What the person has set, or an unsaved row of the usual values."""
    found = Availability.objects.filter(employee=employee).first()
    return found or Availability(employee=employee)


def absences_of(employee: Employee, *, at: datetime) -> list[Absence]:
    """Running and coming ones; what is over stays in the records."""
    return list(Absence.objects.filter(employee=employee, ends_at__gt=at).order_by("starts_at"))


def capacity_of(employee: Employee, *, at: datetime) -> Capacity:
    available = availability_of(employee)
    week = monday(available.timezone, at=at)
    accepted = Offer.objects.filter(employee=employee, accepted_at__gte=week)
    taken = accepted.aggregate(number=Count("pk"), minutes=Sum("minutes", default=0))
    return Capacity(
        open_now=held_by([employee.pk]).get(employee.pk, 0),
        most_open=available.most_open,
        accepted_this_week=taken["number"],
        most_weekly=available.most_weekly,
        minutes_this_week=taken["minutes"],
        minutes_weekly=available.minutes_weekly,
    )


def set_availability(
    employee: Employee,
    *,
    by: Actor,
    changes: Mapping[str, Any],
    absences: Sequence[Span] | None = None,
) -> Availability:
    """changes: columns of `Availability`. absences: running and coming ones, None to leave them."""
    with transaction.atomic():
        Employee.objects.select_for_update().get(pk=employee.pk)  # two writers at once
        available = availability_of(employee)
        for name, value in changes.items():
            setattr(available, name, value)
        available.save()
        if absences is not None:
            _replace_absences(employee, absences)
        said = sorted(changes) + (["absences"] if absences is not None else [])
        record("availability_set", available, by=by, changed=said)
    return available


def end_of_day(text: str, employee: Employee) -> datetime | None:
    """The end of a day typed as 2026-08-31, by the person's own clock; None for nothing typed.

    Raises Invalid.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise Invalid(_("a date is expected"), code="invalid") from error
    return datetime.combine(day, time(), tzinfo=ZoneInfo(availability_of(employee).timezone))


def add_absence(employee: Employee, *, starts_at: datetime, ends_at: datetime, by: Actor) -> None:
    """Adds one, unless a known one covers it."""
    known = Absence.objects.filter(
        employee=employee, starts_at__lte=starts_at, ends_at__gte=ends_at
    )
    if known.exists():
        return
    absence = Absence.objects.create(employee=employee, starts_at=starts_at, ends_at=ends_at)
    record("absence_added", absence, by=by)


def _replace_absences(employee: Employee, spans: Sequence[Span]) -> None:
    known = {
        (each.starts_at, each.ends_at): each for each in absences_of(employee, at=timezone.now())
    }
    wanted = set(spans)
    Absence.objects.filter(pk__in=[known[span].pk for span in set(known) - wanted]).delete()
    Absence.objects.bulk_create(
        Absence(employee=employee, starts_at=start, ends_at=end)
        for start, end in sorted(wanted - set(known))
    )
