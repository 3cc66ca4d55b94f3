"""Roles are given and taken on a page of their own, and shown on the user's."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from crm.access.doors import actor_of
from crm.access.models import Role, RoleGrant
from crm.journal.services import record
from crm.organisation.admin import UserAdmin
from crm.pages import Paged, ReadOnly


class RolesOfUser(ReadOnly, TabularInline):
    model = RoleGrant
    extra = 0
    tab = True
    can_delete = False
    fields = ("role", "unit", "granted_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["role", "unit", "granted_at"]


UserAdmin.inlines = (RolesOfUser,)


@admin.register(RoleGrant)
class RoleGrantAdmin(Paged, ModelAdmin):
    list_display = ("user", "role", "unit", "granted_at")
    list_select_related = ("user", "unit")
    list_filter = ("role", "unit")
    search_fields = ("user__name", "user__email")
    autocomplete_fields = ("user", "unit")

    def save_model(self, request: HttpRequest, obj: RoleGrant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record("role_granted", obj.user, by=actor_of(request), role=obj.role)
        if obj.role == Role.STAFF and not obj.user.is_staff:
            obj.user.is_staff = True
            obj.user.save(update_fields=["is_staff"])

    def delete_model(self, request: HttpRequest, obj: RoleGrant) -> None:
        record("role_taken", obj.user, by=actor_of(request), role=obj.role)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> None:
        for grant in queryset:
            self.delete_model(request, grant)
