"""Rules, people's availability and the offers that were made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from ambassadors.routing import panels, trying
from ambassadors.routing.forms import DAYS, AvailabilityForm, RuleForm
from ambassadors.routing.models import Absence, Availability, Offer, Rule, Target, Topic
from ambassadors.routing.reasons import Reason
from ambassadors.routing.scoring import UNSAID
from conversations.inbox.models import Conversation
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.journal.services import record
from crm.pages import Paged, ReadOnly


class Noted(Paged, ModelAdmin):
    """Leaves a line in the journal at each change. Lists are typed with commas."""

    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = f"{obj._meta.model_name}_{'changed' if change else 'added'}"
        record(verb, obj, by=actor_of(request), fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        record(f"{obj._meta.model_name}_deleted", obj, by=actor_of(request))
        super().delete_model(request, obj)


@admin.register(Topic)
class TopicAdmin(Noted):
    list_display = ("name", "shown_keywords")
    search_fields = ("name",)

    @display(description=_("keywords"))
    def shown_keywords(self, row: Topic) -> str:
        return ", ".join(row.keywords)


@admin.register(Rule)
class RuleAdmin(Noted):
    """The order of the list is the order in which rules are looked at; rows are dragged."""

    form = RuleForm
    list_display = ("name", "active", "shown_conditions", "shown_asked", "target")
    list_select_related = ("unit",)
    list_filter = ("active",)
    ordering = ("position", "pk")
    ordering_field = "position"
    hide_ordering_field = True
    actions_list = ("try_out",)
    autocomplete_fields = ("unit", "channels", "departments", "articles")
    fieldsets = (
        (None, {"fields": ("name", "position", "active")}),
        (
            _("When"),
            {
                "fields": (
                    "unit",
                    "channels",
                    "languages",
                    "topics",
                    "keywords",
                    "articles",
                    "relationships",
                    "organizations",
                    "priorities",
                ),
                "description": _("All must hold; of a list, one is enough; empty holds always."),
            },
        ),
        (
            _("Who is asked"),
            {"fields": ("target", "departments", "required_topics", "preferred_topics")},
        ),
        (
            _("How long"),
            {
                "fields": (
                    "minutes",
                    "relax_minutes",
                    "offer_minutes",
                    "most_offers",
                    "patience_minutes",
                    "overflow_role",
                    "answer_minutes",
                    "grace_minutes",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rows: QuerySet[Rule] = super().get_queryset(request)
        return rows.prefetch_related("channels", "departments", "articles")

    @display(description=_("when"))
    def shown_conditions(self, row: Rule) -> str:
        lists = [row.languages, row.topics, row.keywords, row.relationships, row.organizations]
        lists.append(row.priorities)
        related = [row.channels.all(), row.articles.all(), [row.unit] if row.unit else []]
        words = [", ".join(map(str, each)) for each in [*related, *lists] if each]
        return " · ".join(words) or gettext("always")

    @display(description=_("people"))
    def shown_asked(self, row: Rule) -> str:
        if row.target == Target.STAFF:
            return ""
        topics = ", ".join([*row.required_topics, *(f"({each})" for each in row.preferred_topics)])
        places = ", ".join(map(str, row.departments.all())) or gettext("every department")
        return " · ".join(filter(None, [places, topics]))

    @action(description=_("Try on past conversations"), url_path="try", icon="science")
    def try_out(self, request: HttpRequest) -> HttpResponse:
        """What the rules would do with the last conversations; `with` adds one that is off."""
        return trying.page(request)


@admin.register(Reason)
class ReasonAdmin(Noted):
    """The four that programs rely on may be renamed and moved, nothing else."""

    list_display = ("code", "label_en", "label_fr", "position", "active", "proposes_absence")

    def get_readonly_fields(self, request: HttpRequest, obj: Reason | None = None) -> list[str]:
        return ["code"] if obj is not None else []

    def has_delete_permission(self, request: HttpRequest, obj: Reason | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.is_fixed)


class OfEmployees(Noted):
    """Rows of people: who serves a unit sees and keeps those of its departments."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        units = staffed_units(request.user)
        return rows if units is None else rows.filter(employee__department__unit__in=units)


@admin.register(Availability)
class AvailabilityAdmin(OfEmployees):
    form = AvailabilityForm
    list_display = ("employee", "active", "shown_topics", "most_open", "most_weekly", "timezone")
    list_select_related = ("employee",)
    list_filter = ("active",)
    search_fields = ("employee__name",)
    autocomplete_fields = ("employee",)
    fieldsets = (
        (None, {"fields": ("employee", "active", "known", "languages")}),
        (_("How much"), {"fields": ("most_open", "most_weekly", "minutes_weekly")}),
        (
            _("Hours"),
            {
                "fields": ("timezone", *DAYS),
                "description": _(
                    "Several periods a day are parted by commas: 09:00-12:30, 14:00-18:00. "
                    "All empty: at any hour."
                ),
            },
        ),
    )

    @display(description=_("topics"))
    def shown_topics(self, row: Availability) -> str:
        return ", ".join(f"{topic} {row.levels.get(topic, UNSAID)}" for topic in row.topics)


@admin.register(Absence)
class AbsenceAdmin(OfEmployees):
    list_display = ("employee", "starts_at", "ends_at")
    list_select_related = ("employee",)
    search_fields = ("employee__name",)
    autocomplete_fields = ("employee",)
    ordering = ("-ends_at",)


@admin.register(Offer)
class OfferAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("occurred_at", "employee", "conversation", "shown_state", "score", "load")
    list_select_related = ("employee", "conversation")
    list_filter = ("state", "by")
    search_fields = ("employee__name",)
    ordering = ("-occurred_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        rows: QuerySet[Offer] = super().get_queryset(request)
        return rows.filter(conversation__in=Conversation.objects.visible_to(request.user))

    def get_urls(self) -> list[URLPattern]:
        assign = self.admin_site.admin_view(panels.assign)
        own = [path("assign/<uuid:conversation_id>/", assign, name="routing_assign")]
        return own + super().get_urls()

    @display(
        description=_("state"),
        ordering="state",
        label={"accepted": "success", "declined": "danger", "open": "info", "expired": "warning"},
    )
    def shown_state(self, row: Offer) -> tuple[str, str]:
        return row.state, row.get_state_display()
