"""Roles are given and taken on a page of their own, and shown on the user's."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from crm.access.doors import actor_of
from crm.access.models import PersonalToken, Role, RoleGrant
from crm.access.scopes import Scope
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


admin.site.unregister(AuthToken)  # knox's own page makes tokens for others and edits them


@admin.register(AuthToken)
class TokenAdmin(ReadOnly, Paged, ModelAdmin):
    """Whoever may all sees whose tokens there are and revokes them; only their person makes any."""

    list_display = ("user", "named", "opens", "created", "expiry", "used")
    list_select_related = ("user", "said")
    list_filter = ("expiry",)
    search_fields = ("user__name", "user__email")
    fields = ("user", "named", "opens", "created", "expiry", "used")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("knox.delete_authtoken"))

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        said = _said(obj)
        record("token_revoked", obj.user, by=actor_of(request), token=str(said.pk) if said else "")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        for token in queryset:
            self.delete_model(request, token)

    @display(description=_("name"))
    def named(self, token: AuthToken) -> str:
        said = _said(token)
        return said.name if said else str(_("without limits"))

    @display(description=_("scopes"))
    def opens(self, token: AuthToken) -> str:
        said = _said(token)
        return ", ".join(said.scopes) if said else Scope.ALL.value

    @display(description=_("last used"))
    def used(self, token: AuthToken) -> Any:
        said = _said(token)
        return said.last_used_at if said else None


def _said(token: AuthToken) -> PersonalToken | None:
    return getattr(token, "said", None)
