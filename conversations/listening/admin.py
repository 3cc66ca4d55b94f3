"""Where the company listens and for what, and what was heard."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from conversations.listening import places, watches
from conversations.listening.forms import PlaceForm, WatchForm
from conversations.listening.models import Mention, Place, Watch, WatchEdit
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.organisation.models import Unit
from crm.pages import Paged, ReadOnly, confirmation


class Scoped(Paged):
    """Rows of the units that a person serves, and of the whole company; only who serves a row's
    unit may change it. unit_of: the way from the row to its unit."""

    unit_of = "unit"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        units = staffed_units(request.user)
        if units is None:
            return rows
        return rows.filter(Q(**{f"{self.unit_of}__in": units}) | Q(**{self.unit_of: None}))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """obj: the row, or its id, as actions ask."""
        if isinstance(obj, str):
            obj = self.found(request, obj)
        may = super().has_change_permission(request, obj)  # type: ignore[misc]
        return bool(may) and (obj is None or self.is_served(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def is_served(self, request: HttpRequest, obj: Any) -> bool:
        units = staffed_units(request.user)
        return units is None or self.unit_id(obj) in units

    def unit_id(self, obj: Any) -> Any:
        return obj.unit_id

    def found(self, request: HttpRequest, object_id: str) -> Any:
        try:
            return self.get_queryset(request).filter(pk=object_id).first()
        except (ValueError, ValidationError):
            return None

    def one(self, request: HttpRequest, object_id: str) -> Any:
        row = self.found(request, object_id)
        if row is None or not self.is_served(request, row):
            raise Http404
        return row

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **said: Any
    ) -> Any:
        """The form, which knows what units may be chosen."""
        form = super().get_form(request, obj, change, **said)  # type: ignore[misc]
        served = staffed_units(request.user)
        units = Unit.objects.order_by("name")
        units = units if served is None else units.filter(pk__in=served)

        class Narrowed(form):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, units=units, everywhere=served is None, **kwargs)

        return Narrowed


@admin.register(Place)
class PlaceAdmin(Scoped, ModelAdmin):
    form = PlaceForm
    unit_of = "source__unit"
    list_display = ("shown_name", "kind", "shown_unit", "shown_health", "shown_cause", "read_at")
    list_select_related = ("source__unit",)
    list_filter = ("kind", "health")
    search_fields = ("source__name", "url")
    ordering = ("source__name",)
    actions_detail = ("read_now", "pause_or_resume")
    add_fieldsets = (
        (None, {"fields": ("name", "kind", "unit", "url", "every", "takes_all", "secret")}),
    )
    fieldsets = (
        (None, {"fields": ("name", "url", "every", "takes_all", "secret")}),
        (
            _("Health"),
            {"fields": ("health", "cause", "failures", "read_at", "heard_at", "due_at", "cost")},
        ),
    )
    readonly_fields = ("health", "cause", "failures", "read_at", "heard_at", "due_at", "cost")

    def get_fieldsets(self, request: HttpRequest, obj: Place | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Place | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def unit_id(self, obj: Place) -> Any:
        return obj.source.unit_id

    def save_model(self, request: HttpRequest, obj: Place, form: Any, change: bool) -> None:
        by, said = actor_of(request), form.said()
        made = (
            places.change_place(Place.objects.get(pk=obj.pk), by=by, **said)
            if change
            else places.add_place(by=by, **said)
        )
        obj.__dict__.update(made.__dict__)

    @display(description=_("name"), ordering="source__name")
    def shown_name(self, row: Place) -> str:
        return row.source.name

    @display(description=_("unit"))
    def shown_unit(self, row: Place) -> str:
        return row.source.unit.name if row.source.unit else str(_("the whole company"))

    @display(
        description=_("health"),
        ordering="health",
        label={"well": "success", "troubled": "warning", "gone": "danger", "paused": "info"},
    )
    def shown_health(self, row: Place) -> tuple[str, str]:
        if row.paused_at:
            return "paused", str(_("paused"))
        return row.health, row.get_health_display()

    @display(description=_("cause"))
    def shown_cause(self, row: Place) -> str:
        return row.cause if len(row.cause) <= 80 else f"{row.cause[:79]}…"

    @display(description=_("the last reading"))
    def cost(self, row: Place) -> str:
        said = _(
            "%(items)s items, %(new)s new; %(bytes)s in %(seconds)s s, %(redirects)s redirects"
        )
        return said % {
            "items": row.last_items,
            "new": row.last_new,
            "bytes": filesizeformat(row.last_bytes),
            "seconds": f"{row.last_seconds:.1f}",
            "redirects": row.last_redirects,
        }

    @action(description=_("Read now"), permissions=["change"], icon="refresh")
    def read_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        place = self.one(request, object_id)
        if page := confirmation(request, str(_("Read this place now, from its beginning?"))):
            return page
        places.read_again(place, by=actor_of(request))
        messages.success(request, _("It is read within seconds."))
        return redirect("admin:conversations_place_change", place.pk)

    @action(description=_("Pause or resume"), permissions=["change"], icon="pause")
    def pause_or_resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        place = self.one(request, object_id)
        question = _("Read this place again?") if place.paused_at else _("Stop reading this place?")
        if page := confirmation(request, str(question)):
            return page
        places.pause_place(place, paused=place.paused_at is None, by=actor_of(request))
        return redirect("admin:conversations_place_change", place.pk)


class WatchEdits(ReadOnly, TabularInline):
    """What it listened for, from when on."""

    model = WatchEdit
    fields = ("occurred_at", "by", "terms", "exclusions", "competitors", "language", "ended")
    extra = 0
    can_delete = False
    ordering = ("-occurred_at",)
    tab = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Watch)
class WatchAdmin(Scoped, ModelAdmin):
    """Nothing is deleted: a watch that is no longer needed ends."""

    form = WatchForm
    list_display = ("name", "shown_unit", "shown_terms", "shown_competitors", "heard", "ended_at")
    list_select_related = ("unit",)
    search_fields = ("name",)
    inlines = (WatchEdits,)
    fields = ("name", "unit", "terms", "exclusions", "competitors", "language")
    actions_detail = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Watch]:
        rows: QuerySet[Watch] = super().get_queryset(request)
        return rows.annotate(heard_count=Count("sightings__mention", distinct=True))

    def save_model(self, request: HttpRequest, obj: Watch, form: Any, change: bool) -> None:
        by = actor_of(request)
        said = {name: form.cleaned_data[name] for name in watches.SAID}
        made = (
            watches.change_watch(Watch.objects.get(pk=obj.pk), by=by, **said)
            if change
            else watches.begin_watch(by=by, **said)
        )
        obj.__dict__.update(made.__dict__)

    @display(description=_("unit"))
    def shown_unit(self, row: Watch) -> str:
        return row.unit.name if row.unit else str(_("the whole company"))

    @display(description=_("terms"))
    def shown_terms(self, row: Watch) -> str:
        return _some(row.terms)

    @display(description=_("competitors"))
    def shown_competitors(self, row: Watch) -> str:
        return _some(row.competitors)

    @display(description=_("mentions"))
    def heard(self, row: Any) -> int:
        return int(row.heard_count)

    @action(description=_("End"), permissions=["change"], icon="stop_circle")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        watch = self.one(request, object_id)
        question = _("End this watch? What it heard stays, nothing more is heard.")
        if page := confirmation(request, str(question)):
            return page
        try:
            watches.end_watch(watch, by=actor_of(request))
        except RelaisError as error:
            messages.error(request, str(error))
        return redirect("admin:conversations_watch_change", watch.pk)


def _some(words: list[str]) -> str:
    shown = ", ".join(words[:3])
    return f"{shown} …" if len(words) > 3 else shown


@admin.register(Mention)
class MentionAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("occurred_at", "headline", "source", "author", "language", "sentiment")
    list_select_related = ("source",)
    list_filter = ("language", "sentiment", "outcome")
    search_fields = ("text", "author")
    ordering = ("-occurred_at", "-pk")
    fields = ("occurred_at", "source", "author", "url", "text", "language", "sentiment", "outcome")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mention]:
        return Mention.objects.visible_to(request.user).select_related("source")
