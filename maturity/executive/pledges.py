"""Who looks after what blocks the next stage, and until when."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.access.models import Role
from crm.access.services import Person, has_role
from crm.errors import Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.values import Actor
from maturity.appraisals.versions import today_model
from maturity.executive.models import Pledge

FURTHEST = timedelta(days=3 * 366)
LONGEST_NOTE = 300
MOST_REMEMBERED = 50
MOST_PROPOSED = 200


def may_pledge(person: Person) -> bool:
    """Executives; staff read what they decided."""
    return has_role(person, Role.EXECUTIVE)


def employed() -> QuerySet[Employee]:
    return Employee.objects.filter(Q(left_at=None) | Q(left_at__gt=timezone.now()))


def in_force(unit: UUID | None) -> dict[str, Pledge]:
    """The newest of each criterion of the company, or of one unit; those without an owner not."""
    rows = Pledge.objects.filter(unit=unit).order_by("criterion", "-made_at", "-pk")
    newest = rows.distinct("criterion").select_related("owner")
    return {row.criterion: row for row in newest if row.owner is not None}


def written(criterion: str, unit: UUID | None) -> list[Pledge]:
    """Newest first."""
    rows = Pledge.objects.filter(criterion=criterion, unit=unit).order_by("-made_at", "-pk")
    return list(rows.select_related("owner", "made_by")[:MOST_REMEMBERED])


def colleagues() -> list[Employee]:
    """Whom the form proposes; anybody else who works here is typed by their address."""
    return list(employed().exclude(user=None).only("name", "email")[:MOST_PROPOSED])


def owner_by_mail(email: str) -> Employee | None:
    """None for nobody. Raises Invalid for an address that no colleague of today has."""
    if not email.strip():
        return None
    owner = employed().filter(email__iexact=email.strip()).first()
    if owner is None:
        raise Invalid(_("nobody who works here has this address"), code="unknown_employee")
    return owner


def pledge(
    criterion: str,
    *,
    unit: UUID | None,
    owner: Employee | None,
    due_on: date | None,
    note: str,
    by: Actor,
) -> Pledge:
    """Writes who looks after it from now on; what is in force already is not written again."""
    if by.user is None or not may_pledge(by.user):
        raise Forbidden(_("only executives decide who looks after a gate"))
    _check(criterion, owner=owner, due_on=due_on, note=note)
    before = Pledge.objects.filter(criterion=criterion, unit=unit).order_by("-made_at", "-pk")
    last = before.first()
    told = (owner.pk if owner else None, due_on, note)
    if last is not None and (last.owner_id, last.due_on, last.note) == told:
        return last
    with transaction.atomic():
        made = Pledge.objects.create(
            criterion=criterion,
            unit_id=unit,
            owner=owner,
            due_on=due_on,
            note=note,
            made_by=by.user,
        )
        record(
            "gate_pledged",
            made,
            by=by,
            criterion=criterion,
            unit=str(unit or ""),
            owner=str(told[0] or ""),
            due_on=due_on.isoformat() if due_on else None,
        )
    return made


def _check(criterion: str, *, owner: Employee | None, due_on: date | None, note: str) -> None:
    today = timezone.localdate()
    if criterion not in today_model().by_id:
        raise Invalid(_("there is no such criterion"), code="unknown_criterion")
    if owner is None and (due_on or note):
        raise Invalid(_("a date and a note need an owner"), code="owner_missing")
    if due_on is not None and not today <= due_on <= today + FURTHEST:
        raise Invalid(_("the date lies between today and three years from now"), code="date_wrong")
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise Invalid(_("the note is too long"), code="note_wrong")
