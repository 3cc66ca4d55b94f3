"""Policies and what people did about them: imported so far, shown here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from ambassadors.governance import pages, vouching
from ambassadors.governance.ladder import Ladder, NamedRole, Vouch
from ambassadors.governance.models import Acknowledgement, Course, Escalation, Policy, Training
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.journal.services import record
from crm.pages import Paged, ReadOnly


class Noted(Paged, ModelAdmin):
    """Leaves a line in the journal at each change."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = f"{obj._meta.model_name}_{'changed' if change else 'added'}"
        record(verb, obj, by=actor_of(request), fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        record(f"{obj._meta.model_name}_deleted", obj, by=actor_of(request))
        super().delete_model(request, obj)


@admin.register(NamedRole)
class NamedRoleAdmin(Noted):
    list_display = ("name",)
    search_fields = ("name",)
    autocomplete_fields = ("people",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.instance.people.count() < 2:
            said = _("With one person only, their own answers could be approved by nobody.")
            messages.warning(request, said)


@admin.register(Ladder)
class LadderAdmin(Noted):
    """With the pages of what waits for approval below it."""

    list_display = ("__str__", "active", "threshold", "correction_cost", "withdrawal_cost", "role")
    list_select_related = ("unit", "role")
    autocomplete_fields = ("unit", "role")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        act = view(pages.act)
        own = [
            path("approvals/", view(pages.queue), name="approvals"),
            path("approvals/<uuid:message_id>/<slug:name>/", act, name="approval_act"),
        ]
        return own + super().get_urls()


@admin.register(Vouch)
class VouchAdmin(Paged, ModelAdmin):
    """Added by hand, kept for ever."""

    list_display = ("employee", "trusted", "by", "occurred_at", "comment")
    list_select_related = ("employee", "by")
    fields = ("employee", "trusted", "comment")
    autocomplete_fields = ("employee",)
    ordering = ("-occurred_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vouch]:
        rows: QuerySet[Vouch] = super().get_queryset(request)
        units = staffed_units(request.user)
        return rows if units is None else rows.filter(employee__department__unit__in=units)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Vouch, form: Any, change: bool) -> None:
        try:
            word = vouching.vouch(
                obj.employee, trusted=obj.trusted, comment=obj.comment, by=actor_of(request)
            )
            obj.pk = word.pk
        except RelaisError as error:
            messages.error(request, str(error))


@admin.register(Course)
class CourseAdmin(Noted):
    list_display = ("name", "required", "valid_months")
    search_fields = ("name",)


@admin.register(Policy)
class PolicyAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("name", "version", "occurred_at", "reviewed_at")
    ordering = ("name", "-occurred_at")


@admin.register(Acknowledgement)
class AcknowledgementAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("employee", "policy_name", "version", "occurred_at", "via")
    list_select_related = ("employee",)
    ordering = ("-occurred_at",)


@admin.register(Training)
class TrainingAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("employee", "course", "occurred_at")
    list_select_related = ("employee",)
    ordering = ("-occurred_at",)


@admin.register(Escalation)
class EscalationAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("rule", "role", "conversation", "occurred_at", "reached_at", "drill")
    list_select_related = ("conversation",)
    ordering = ("-occurred_at",)
