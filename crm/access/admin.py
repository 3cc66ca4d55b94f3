"""Roles are given on the user's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from crm.access.doors import actor_of
from crm.access.models import Role, RoleGrant
from crm.journal.services import record
from crm.organisation.admin import UserAdmin
from crm.pages import Paged


class RolesOfUser(TabularInline):
    model = RoleGrant
    extra = 0
    tab = True


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
