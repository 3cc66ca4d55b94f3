"""Which employee somebody is, and in which language they are written to."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from crm.errors import Forbidden, Invalid
from crm.organisation.models import Employee, User


def employee_or_none(user: User | None) -> Employee | None:
    return Employee.objects.filter(user=user).first() if user else None


def employee_of(user: User | None) -> Employee:
    """Raises Forbidden `no_employee` for a sign-in that belongs to nobody who works here."""
    employee = employee_or_none(user)
    if employee is None:
        raise Forbidden(_("only an employee may do this"), code="no_employee")
    return employee


def employee_named(pk: uuid.UUID) -> Employee:
    """Raises Invalid `unknown_employee`."""
    employee = Employee.objects.filter(pk=pk).first()
    if employee is None:
        raise Invalid(_("there is no such employee"), code="unknown_employee")
    return employee


def people_led_by(user: User) -> QuerySet[Employee]:
    """Whose figures this person sees besides their own: of those whom they lead now."""
    people = Employee.objects.filter(left_at=None, lead__user=user, lead__left_at=None)
    return people.select_related("department")


def in_language_of(user: User) -> translation.override:
    """For a mail to `user`: the installation's language where they chose none."""
    return translation.override(user.language or settings.LANGUAGE_CODE)
