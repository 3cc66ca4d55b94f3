"""Service levels as pages: each change is a version, what was promised stays promised."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from conversations.service_levels import services
from conversations.service_levels.models import Target, TargetVersion
from crm.access.doors import actor_of
from crm.pages import Paged, ReadOnly

_SHOWN = (
    "name", "unit", "channel", "priority", "calendar", "first_answer", "next_answer",
    "resolution", "active",
)  # fmt: skip


class TargetVersions(ReadOnly, TabularInline):
    """What the target was, from when on."""

    model = TargetVersion
    fields = ("occurred_at", *_SHOWN)
    extra = 0
    can_delete = False
    ordering = ("-occurred_at",)
    tab = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Target)
class TargetAdmin(Paged, ModelAdmin):
    """Nothing is deleted: a target that ends is no longer active."""

    list_display = _SHOWN
    list_select_related = ("unit", "channel", "calendar")
    list_filter = ("active",)
    search_fields = ("name",)
    autocomplete_fields = ("unit", "channel", "calendar")
    inlines = (TargetVersions,)
    fieldsets = (
        (None, {"fields": ("name", "active")}),
        (
            _("For whom"),
            {
                "fields": ("unit", "channel", "priority"),
                "description": _(
                    "Empty: every one. Of several that fit, the one that names the channel "
                    "counts, then the one that names the unit, then the priority."
                ),
            },
        ),
        (
            _("What is promised"),
            {"fields": ("calendar", "first_answer", "next_answer", "resolution")},
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        services.save_target(obj, by=actor_of(request))
