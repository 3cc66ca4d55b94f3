"""The company: units, departments, employees, each with its dated versions.

A version row is what was true from its `occurred_at` on. The columns of the thing itself are
the projection of its newest version, for today's lists and lookups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.journal.models import Keyed, Recorded
from crm.organisation.calendars import check_holidays, check_periods, check_zone
from crm.values import sort_key, uuid7

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Profile(models.TextChoices):
    B2C = "b2c", _("consumers (B2C)")
    B2B = "b2b", _("businesses (B2B)")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """Somebody who can sign in. Who they are in the company is their `Employee`."""

    username = None  # type: ignore[assignment]  # people sign in by e-mail
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(
        _("language"),
        max_length=8,
        choices=[("en", "English"), ("fr", "Français")],
        blank=True,
        default="",
        help_text=_("Empty: the browser's; mail is then written in the installation's."),
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class CompanyVersion(Recorded):
    """The one organisation of this installation, as it was from `occurred_at` on.

    key: the id that another system gives the company, "" where there is none.
    """

    key = models.CharField(max_length=200, blank=True, default="", editable=False)
    name = models.CharField(_("name"), max_length=200)
    headcount = models.PositiveIntegerField(_("headcount"), null=True, blank=True)

    class Meta:
        verbose_name = _("company version")
        verbose_name_plural = _("company versions")
        get_latest_by = "occurred_at"
        constraints = [
            models.UniqueConstraint(fields=["occurred_at"], name="one_company_version_an_instant")
        ]

    def __str__(self) -> str:
        return self.name


class UnitFacts(models.Model):
    name = models.CharField(_("name"), max_length=200)
    profile = models.CharField(
        _("profile"), max_length=3, choices=Profile.choices, default=Profile.B2C
    )
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    headcount = models.PositiveIntegerField(_("headcount"), null=True, blank=True)

    class Meta:
        abstract = True


class Unit(Keyed, UnitFacts):
    """A brand, country or business unit: has its own clock, calendar and stage."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("parent")
    )

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UnitVersion(Recorded, UnitFacts):
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="versions")
    parent = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("unit version")
        verbose_name_plural = _("unit versions")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "occurred_at"], name="one_unit_version_an_instant"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Department(Keyed):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, verbose_name=_("unit"))

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DepartmentVersion(Recorded):
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="versions")
    name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("department version")
        verbose_name_plural = _("department versions")
        constraints = [
            models.UniqueConstraint(
                fields=["department", "occurred_at"], name="one_department_version_an_instant"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EmployeeFacts(models.Model):
    """social_team: social media is this person's main job. relevant: expected to take part.

    lead: who sees this person's figures besides themself.
    """

    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"))
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, verbose_name=_("department"), related_name="+"
    )
    social_team = models.BooleanField(_("social team"), default=False)
    relevant = models.BooleanField(_("expected to take part"), default=True)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    lead = models.ForeignKey(
        "crm.Employee",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("lead"),
        related_name="+",
        help_text=_("Sees this person’s figures, and nobody else’s of the department."),
    )

    class Meta:
        abstract = True


class Employee(Keyed, EmployeeFacts):
    """Somebody who works here; `user` is their sign-in, when they have one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.SET_NULL, verbose_name=_("sign-in")
    )
    sort_name = models.CharField(max_length=200, editable=False, default="")

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        ordering = ["sort_name", "id"]
        indexes = [models.Index(Lower("email"), name="employees_by_email")]
        constraints = [
            models.CheckConstraint(
                name="nobody_leads_themself",
                condition=models.Q(lead__isnull=True) | ~models.Q(lead=models.F("id")),
                violation_error_message=_("Nobody is their own lead."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_name = sort_key(self.name)
        super().save(*args, **kwargs)


class EmployeeVersion(Recorded, EmployeeFacts):
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="versions")

    class Meta:
        verbose_name = _("employee version")
        verbose_name_plural = _("employee versions")
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "occurred_at"], name="one_employee_version_an_instant"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def _hours(name: _StrPromise, default: str = "09:00-18:00") -> models.CharField[str, str]:
    """The open periods of one weekday, "" for closed."""
    return models.CharField(
        name, max_length=100, blank=True, default=default, validators=[check_periods]
    )


class CalendarFacts(models.Model):
    """When a company is at work. The texts are read by `calendars`."""

    name = models.CharField(_("name"), max_length=200)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[check_zone]
    )
    monday = _hours(_("Monday"))
    tuesday = _hours(_("Tuesday"))
    wednesday = _hours(_("Wednesday"))
    thursday = _hours(_("Thursday"))
    friday = _hours(_("Friday"))
    saturday = _hours(_("Saturday"), "")
    sunday = _hours(_("Sunday"), "")
    holidays = models.TextField(
        _("holidays"),
        blank=True,
        default="",
        max_length=20_000,
        validators=[check_holidays],
        help_text=_("One a line: 2026-12-25 Christmas, or 12-25 for every year."),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        if not any(self.week()):
            raise ValidationError(_("At least one day needs a period."), code="never_open")

    def week(self) -> tuple[str, ...]:
        """The texts of the days, Monday first."""
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        return tuple(getattr(self, day) for day in days)


class Calendar(Keyed, CalendarFacts):
    """Business hours that service levels are counted in."""

    class Meta:
        verbose_name = _("business calendar")
        verbose_name_plural = _("business calendars")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CalendarVersion(Recorded, CalendarFacts):
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="versions")

    class Meta:
        verbose_name = _("version of a business calendar")
        verbose_name_plural = _("versions of business calendars")
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "occurred_at"], name="one_calendar_version_an_instant"
            ),
        ]

    def __str__(self) -> str:
        return self.name
