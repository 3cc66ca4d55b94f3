"""The company's pages: every change goes through a verb and leaves a dated version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from crm.organisation import services
from crm.organisation.models import (
    Calendar,
    CalendarVersion,
    Department,
    DepartmentVersion,
    Employee,
    EmployeeVersion,
    Unit,
    UnitVersion,
    User,
)
from crm.pages import Paged, ReadOnly
from crm.values import Actor, Via

admin.site.unregister(Group)  # rights come from roles alone

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _actor(request: HttpRequest) -> Actor:
    return Actor(user=request.user if isinstance(request.user, User) else None, via=Via.OWN)


class Versions(ReadOnly, TabularInline):
    """What the thing was, from when on."""

    extra = 0
    can_delete = False
    ordering = ("-occurred_at",)
    per_page = 10
    tab = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields or ())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class UnitVersions(Versions):
    model = UnitVersion
    fk_name = "unit"
    fields = ("occurred_at", "name", "parent", "profile", "timezone", "headcount")


class DepartmentVersions(Versions):
    model = DepartmentVersion
    fk_name = "department"
    fields = ("occurred_at", "name", "unit")


class EmployeeVersions(Versions):
    model = EmployeeVersion
    fk_name = "employee"
    fields = (
        *("occurred_at", "name", "email", "department", "social_team", "relevant", "left_at"),
        "lead",
    )


class CalendarVersions(Versions):
    model = CalendarVersion
    fields = ("occurred_at", "timezone", *_WEEK, "holidays")


class Versioned(Paged, ModelAdmin):
    """Saved by its verb; nothing of the company is deleted, it ends."""

    verb: ClassVar[Callable[..., Any]]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        type(self).verb(obj, by=_actor(request))


@admin.register(Unit)
class UnitAdmin(Versioned):
    verb = services.save_unit
    list_display = ("name", "parent", "profile", "timezone", "headcount")
    list_select_related = ("parent",)
    fields = ("name", "parent", "profile", "timezone", "headcount")
    search_fields = ("name",)
    inlines = (UnitVersions,)


@admin.register(Department)
class DepartmentAdmin(Versioned):
    verb = services.save_department
    list_display = ("name", "unit")
    list_select_related = ("unit",)
    list_filter = ("unit",)
    fields = ("name", "unit")
    search_fields = ("name",)
    inlines = (DepartmentVersions,)


@admin.register(Employee)
class EmployeeAdmin(Versioned):
    verb = services.save_employee
    list_display = ("name", "email", "department", "social_team", "relevant", "left_at")
    list_select_related = ("department",)
    list_filter = ("social_team", "relevant", "department__unit")
    fields = ("name", "email", "department", "lead", "user", "social_team", "relevant", "left_at")
    search_fields = ("name", "email")
    autocomplete_fields = ("department", "lead", "user")
    inlines = (EmployeeVersions,)


@admin.register(Calendar)
class CalendarAdmin(Versioned):
    verb = services.save_calendar
    list_display = ("name", "timezone", *_WEEK)
    fieldsets = (
        (None, {"fields": ("name", "timezone")}),
        (
            _("Open"),
            {
                "fields": _WEEK,
                "description": _(
                    "Several periods a day are parted by commas: 09:00-12:30, 14:00-18:00. "
                    "Empty: closed. The whole day: 00:00-24:00."
                ),
            },
        ),
        (_("Closed"), {"fields": ("holidays",)}),
    )
    search_fields = ("name",)
    inlines = (CalendarVersions,)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Sign-ins. Roles stand below; groups and single permissions are not used.

    An account is closed, never deleted: the journal names it.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("name", "email", "language", "is_staff", "is_superuser", "is_active")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("name", "email")
    ordering = ("name",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("name", "email", "password", "language")}),
        (_("May enter"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "language", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
