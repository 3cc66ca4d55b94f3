"""Policies and what people did about them: imported so far, shown here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.fields import ArrayField
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from ambassadors.governance import (
    correcting,
    drill_page,
    escalations,
    pages,
    policies,
    vouching,
)
from ambassadors.governance.ladder import Ladder, Vouch
from ambassadors.governance.models import (
    Acknowledgement,
    Course,
    Escalation,
    EscalationRule,
    NamedRole,
    Policy,
    Training,
)
from conversations.inbox.models import Conversation
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.journal.services import record
from crm.organisation.models import Employee
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
            path("corrections/<uuid:message_id>/", view(correcting.act), name="correction_act"),
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


@admin.register(EscalationRule)
class EscalationRuleAdmin(Noted):
    """Lists are typed with commas."""

    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}
    list_display = ("name", "active", "role", "unit", "since")
    list_select_related = ("role", "unit")
    list_filter = ("active",)
    autocomplete_fields = ("unit", "channels", "role")


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    in_force_on = forms.DateField(
        label=_("In force from"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=_(
            "Empty: at once. People read and sign a version that is announced before it holds, so"
            " that nobody speaks without it on its first day."
        ),
    )


@admin.register(Policy)
class PolicyAdmin(Paged, ModelAdmin):
    """A version is published by adding it, and never changed; who has read it is on the board."""

    form = PolicyForm
    list_display = ("name", "version", "in_force_from", "reviewed_at", "gates_offers")
    fields = ("name", "version", "text", "gates_offers", "in_force_on")
    ordering = ("name", "-occurred_at")
    actions = ("review_chosen", "withdraw_chosen")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"gates_offers": True}

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        made = policies.publish(
            obj.name,
            version=obj.version,
            text=obj.text,
            gates_offers=obj.gates_offers,
            in_force_on=form.cleaned_data["in_force_on"],
            by=actor_of(request),
        )
        obj.pk, obj.occurred_at = made.pk, made.occurred_at

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().add_view(request, *args, **kwargs)
        except RelaisError as error:
            messages.error(request, str(error))
            return self._response_post_save(request, None)

    @display(description=_("in force from"), ordering="occurred_at")
    def in_force_from(self, obj: Policy) -> datetime | None:
        return obj.occurred_at if obj.reviewed_at is None else None

    def get_urls(self) -> list[URLPattern]:
        board = self.admin_site.admin_view(pages.board)
        return [path("board/", board, name="policy_board"), *super().get_urls()]

    @admin.action(description=_("Reviewed: still right"), permissions=["add"])
    def review_chosen(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        for policy in queryset:
            try:
                policies.review(policy, by=actor_of(request))
                messages.success(request, _("The review is noted."))
            except RelaisError as error:
                messages.error(request, f"{policy}: {error}")

    @admin.action(description=_("Withdraw: not in force yet"), permissions=["add"])
    def withdraw_chosen(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        for policy in queryset:
            try:
                policies.withdraw(policy, by=actor_of(request))
                messages.success(request, gettext("%(policy)s is withdrawn.") % {"policy": policy})
            except RelaisError as error:
                messages.error(request, f"{policy}: {error}")


@admin.register(Acknowledgement)
class AcknowledgementAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("employee", "policy_name", "version", "occurred_at", "via")
    list_select_related = ("employee",)
    ordering = ("-occurred_at",)


class TrainingForm(forms.ModelForm):  # type: ignore[type-arg]
    course = forms.ModelChoiceField(Course.objects.all(), label=_("course"))


@admin.register(Training)
class TrainingAdmin(Paged, ModelAdmin):
    """Recorded for somebody else, kept for ever."""

    form = TrainingForm
    fields = ("employee", "course", "occurred_at")
    list_display = ("employee", "course", "occurred_at")
    list_select_related = ("employee",)
    search_fields = ("employee__name", "course")
    ordering = ("-occurred_at",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Training]:
        rows: QuerySet[Training] = super().get_queryset(request)
        units = staffed_units(request.user)
        return rows if units is None else rows.filter(employee__department__unit__in=units)

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Staff records what the people of its own units have learnt."""
        units = staffed_units(request.user)
        people = Employee.objects.filter(left_at=None)
        kwargs["queryset"] = people if units is None else people.filter(department__unit__in=units)
        return super().formfield_for_foreignkey(field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Training, form: Any, change: bool) -> None:
        made = policies.train(
            obj.employee,
            course=form.cleaned_data["course"],
            taken_at=obj.occurred_at,
            by=actor_of(request),
        )
        obj.pk = made.pk

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().add_view(request, *args, **kwargs)
        except RelaisError as error:
            messages.error(request, str(error))
            return self._response_post_save(request, None)


@admin.register(Escalation)
class EscalationAdmin(Paged, ReadOnly, ModelAdmin):
    """What the rules hit. Its people take it and let go of it here, or approve an answer."""

    list_display = (
        *("rule", "role", "conversation", "occurred_at", "reached_at", "approved_at"),
        "shown_drill",
    )
    list_select_related = ("conversation",)
    list_filter = (("approved_at", admin.EmptyFieldListFilter), "drill")
    ordering = ("-occurred_at",)
    actions = ("take_chosen", "let_go_chosen")
    actions_list = ("drill",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Escalation]:
        rows: QuerySet[Escalation] = super().get_queryset(request)
        return rows.filter(conversation__in=Conversation.objects.visible_to(request.user))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(drill_page.page)
        return [path("drill/", view, name="escalation_drill"), *super().get_urls()]

    @display(description=_("drill"), label={"drill": "warning"})
    def shown_drill(self, row: Escalation) -> tuple[str, str] | str:
        return ("drill", gettext("drill")) if row.drill else ""

    @action(description=_("Drills"), url_path="drills", icon="fire_extinguisher")
    def drill(self, request: HttpRequest) -> HttpResponse:
        """Leads to the page of drills."""
        return redirect("admin:escalation_drill")

    @admin.action(description=_("I have it before me"), permissions=["view"])
    def take_chosen(self, request: HttpRequest, queryset: QuerySet[Escalation]) -> None:
        self._each(request, queryset, escalations.take)

    @admin.action(description=_("No objection: let answers go out"), permissions=["view"])
    def let_go_chosen(self, request: HttpRequest, queryset: QuerySet[Escalation]) -> None:
        self._each(request, queryset, escalations.let_go)

    def _each(self, request: HttpRequest, queryset: QuerySet[Escalation], verb: Any) -> None:
        for escalation in queryset.select_related("conversation")[:100]:
            try:
                verb(escalation, by=actor_of(request))
                messages.success(request, f"{escalation}: {_('noted')}")
            except RelaisError as error:
                messages.error(request, f"{escalation}: {error}")
