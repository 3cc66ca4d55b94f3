"""Somebody of the staff gives their word for a person, or puts them under watch again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance.ladder import Vouch
from crm.access.services import staffed_units
from crm.errors import Forbidden
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.values import Actor


def vouch(employee: Employee, *, trusted: bool, by: Actor, comment: str = "") -> Vouch:
    """For the staff of the person's unit, never about oneself."""
    units = staffed_units(by.user) if by.user else set()
    if units is not None and employee.department.unit_id not in units:
        raise Forbidden(_("only the unit's staff may do this"), code="staff_only")
    if by.user is not None and employee.user_id == by.user.pk:
        raise Forbidden(_("nobody speaks for themself"), code="own_word")
    with transaction.atomic():
        word = Vouch.objects.create(
            employee=employee,
            trusted=trusted,
            by=Employee.objects.filter(user=by.user).first() if by.user else None,
            comment=comment.strip()[:500],
            via=by.via,
            occurred_at=timezone.now(),
        )
        record("person_vouched", employee, by=by, trusted=trusted)
    return word
