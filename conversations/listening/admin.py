"""Where the company listens and for what, and what was heard."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from conversations.channels.causes import told
from conversations.listening import places, promotion, queue, triage, watches
from conversations.listening.digest import ask_for
from conversations.listening.forms import PlaceForm, WatchForm
from conversations.listening.models import (
    Mention,
    MentionQuerySet,
    Place,
    TriageOutcome,
    Watch,
    WatchEdit,
)
from conversations.listening.scoped import Scoped
from conversations.listening.week import volume
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.organisation.models import Unit, User
from crm.pages import ReadOnly, confirmation


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
            {
                "fields": (
                    "health",
                    "whole_cause",
                    "failures",
                    "read_at",
                    "heard_at",
                    "due_at",
                    "cost",
                )
            },
        ),
    )
    readonly_fields = ("health", "whole_cause", "failures", "read_at", "heard_at", "due_at", "cost")

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
        cause = told(row.cause)
        return cause if len(cause) <= 80 else f"{cause[:79]}…"

    @display(description=_("cause"))
    def whole_cause(self, row: Place) -> str:
        return told(row.cause)

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

    def get_fields(self, request: HttpRequest, obj: Watch | None = None) -> Any:
        return (*self.fields, "volume") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Watch | None = None) -> Any:
        return ("volume",) if obj else ()

    @display(description=_("heard by week, with its edits"))
    def volume(self, row: Watch) -> str:
        return render_to_string(
            "conversations/mentions/volume.html",
            {"weeks": volume(row, today=timezone.localdate())},
        )

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
class MentionAdmin(ReadOnly, ModelAdmin):
    """The queue, and the page of one mention."""

    def get_queryset(self, request: HttpRequest) -> MentionQuerySet:
        return Mention.objects.visible_to(request.user).with_names()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("together/", view(require_POST(self.together)), name="mentions_together"),
            path("week/", view(self.week), name="mentions_week"),
            path("digest/", view(require_POST(self.digest)), name="mentions_digest"),
            path(
                "<uuid:object_id>/do/<slug:name>/",
                view(require_POST(self.act)),
                name="mention_act",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = queue.context(request, _user(request))
        return self.page(request, "list", {**found, "title": _("Mentions")})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.row(request, object_id)
        others = row.findings.exclude(source=row.source).select_related("source")
        shown = {
            "row": row,
            "shown": queue.Shown(row),
            "title": _("Mention"),
            "triages": row.triages.select_related("by").order_by("-occurred_at", "-pk"),
            "also_in": sorted({each.source.name for each in others}),
            "unit": promotion.unit_of(row),
            "units": queue.units_for(_user(request)),
            "answers": promotion.offers_answer(row),
        }
        return self.page(request, "mention", shown)

    def week(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = queue.of_week(request, _user(request))
        return self.page(request, "week", {**found, "title": _("What is said of us")})

    def digest(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        ask_for(_user(request), wanted=bool(request.POST.get("wanted")))
        return redirect("admin:mentions_week")

    def page(self, request: HttpRequest, name: str, found: dict[str, Any]) -> HttpResponse:
        around = {
            **self.admin_site.each_context(request),
            "verbs": queue.VERBS,
            "may_change": self.has_change_permission(request),
            **found,
        }
        return render(request, f"conversations/mentions/{name}.html", around)

    def row(self, request: HttpRequest, object_id: Any) -> Mention:
        try:
            found = self.get_queryset(request).filter(pk=uuid.UUID(str(object_id))).first()
        except ValueError as error:
            raise Http404 from error
        if found is None:
            raise Http404
        return found

    def act(self, request: HttpRequest, object_id: Any, name: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        row, by = self.row(request, object_id), actor_of(request)
        if name not in {*TriageOutcome.values, "promote"}:
            raise Http404
        try:
            if name == "promote":
                made = promotion.promote(row, unit=self.unit(request), by=by)
                messages.success(request, _("It is a conversation now; its clock runs."))
                return redirect("admin:conversations_conversation_change", made.conversation_id)
            triage.triage([row], outcome=name, seen=request.POST.get("seen"), by=by)
            messages.success(request, _("Decided."))
        except RelaisError as error:
            messages.error(request, str(error))
            if error.code == "which_unit":
                return redirect("admin:conversations_mention_change", row.pk)
        return self.back(request, row)

    def unit(self, request: HttpRequest) -> Unit | None:
        """The one that the form names, of those that the person serves."""
        try:
            said = uuid.UUID(request.POST.get("unit", ""))
        except ValueError:
            return None
        return queue.units_for(_user(request)).filter(pk=said).first()

    def together(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        ids = queue.ids_in(request.POST.getlist("mention")[: triage.MOST + 1])
        rows = list(self.get_queryset(request).filter(pk__in=ids))
        try:
            made = triage.triage(
                rows,
                outcome=request.POST.get("outcome", ""),
                seen=request.POST.get("seen"),
                by=actor_of(request),
            )
            said = _("%(count)s decided together.") % {"count": len(made)}
            messages.success(request, said)
        except RelaisError as error:
            messages.error(request, str(error))
        return self.back(request, None)

    @staticmethod
    def back(request: HttpRequest, row: Mention | None) -> HttpResponse:
        back = request.POST.get("back", "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return redirect(back)
        if row is None:
            return redirect("admin:conversations_mention_changelist")
        return redirect("admin:conversations_mention_change", row.pk)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
