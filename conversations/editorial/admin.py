"""The editorial plan as pages of the admin: own pages at its usual addresses (docs/adr/0033)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin

from conversations.editorial import learning, life, pages, sharing
from conversations.editorial.acts import ACTS
from conversations.editorial.forms import METRICS, PublicationForm, local_clock, said_of
from conversations.editorial.models import Publication, PublicationQuerySet
from conversations.editorial.trail import in_words
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.journal.models import Act
from crm.organisation.models import User
from crm.organisation.people import employee_or_none

MOST_ACTS = 50
HOUR = 9  # what a new publication proposes on its day


@admin.register(Publication)
class PublicationAdmin(ModelAdmin):
    def get_queryset(self, request: HttpRequest) -> PublicationQuerySet:
        return Publication.objects.visible_to(request.user).with_names()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:object_id>/do/<slug:name>/", view(self.act), name="plan_act"),
            path("table/", view(require_safe(sharing.export)), name="plan_export"),
            path("import/", view(sharing.take_in), name="plan_import"),
            path("feed/", view(sharing.calendar_feed), name="plan_feed_page"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = pages.context(request, _user(request))
        return self.page(request, "plan", {**found, "title": _("Editorial plan")})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.form_of(request, _proposed(request))
        if request.method == "POST" and form.is_valid():
            try:
                made = life.plan(by=actor_of(request), **form.cleaned_data)
            except RelaisError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Kept as a draft."))
                return redirect(_address(made))
        return self.page(request, "edit", {"form": form, "title": _("New publication")})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        row = self.row(request, object_id)
        form = self.form_of(request, said_of(row, pages.zone_of(_user(request))))
        if request.method == "POST" and form.is_valid():
            try:
                _keep(row, form.cleaned_data, request)
            except RelaisError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Kept."))
                return redirect(_address(row))
        return self.page(request, "publication", self.around(request, row, form))

    def around(self, request: HttpRequest, row: Publication, form: Any) -> dict[str, Any]:
        """What the page of one publication shows beside its form."""
        user = _user(request)
        me, measured = employee_or_none(user), learning.measured(row)
        comparison = learning.comparison_of(row)
        trail = Act.objects.filter(subject_type="publication", subject_id=str(row.pk))
        return {
            "row": row,
            "form": form,
            "zone": pages.zone_of(user).key,
            "moved_from": local_clock(row.publish_at, pages.zone_of(user)),
            "title": _("Publication"),
            "by_hand": pages.waits_for_hand(row),
            "may_approve": pages.may_approve(row, me),
            "measured": measured,
            "proposed": measured.value_of(row.expected_metric),
            "comparison": comparison,
            "too_late": learning.is_too_late(row, at=timezone.now()),
            "may_decide": comparison is not None and me and me.pk != comparison.compared_by_id,
            "decisions": row.decisions.select_related("by").order_by("occurred_at"),
            "trail": in_words(trail.select_related("actor").order_by("-id")[:MOST_ACTS]),
        }

    @staticmethod
    def form_of(request: HttpRequest, initial: dict[str, Any]) -> PublicationForm:
        user = _user(request)
        data = request.POST if request.method == "POST" else None
        return PublicationForm(
            data, initial=initial, channels=pages.open_channels(user), zone=pages.zone_of(user)
        )

    def page(self, request: HttpRequest, name: str, found: dict[str, Any]) -> HttpResponse:
        form = found.get("form")
        status = 400 if form is not None and form.is_bound and form.errors else 200
        around = {**self.admin_site.each_context(request), "metrics": METRICS, **found}
        return render(request, f"conversations/plan/{name}.html", around, status=status)

    def row(self, request: HttpRequest, object_id: Any) -> Publication:
        try:
            found = self.get_queryset(request).filter(pk=uuid.UUID(str(object_id))).first()
        except ValueError as error:
            raise Http404 from error
        if found is None:
            raise Http404
        return found

    def act(self, request: HttpRequest, object_id: Any, name: str) -> HttpResponseBase:
        return require_POST(self._act)(request, object_id, name)

    def _act(self, request: HttpRequest, object_id: Any, name: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        row, verb = self.row(request, object_id), ACTS.get(name)
        if verb is None:
            raise Http404
        zone = pages.zone_of(_user(request))
        try:
            messages.success(request, verb(row, request.POST, actor_of(request), zone))
        except RelaisError as error:
            messages.error(request, str(error))
        back = request.POST.get("back", "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return redirect(f"{back}#p-{row.pk}")
        return redirect(_address(row))


def _keep(row: Publication, said: dict[str, Any], request: HttpRequest) -> None:
    """The time by the verb that moves, the rest by the one that changes."""
    by, moment = actor_of(request), said.pop("publish_at")
    life.change(row, by=by, **said)
    if moment != row.publish_at.replace(second=0, microsecond=0):
        life.move(row, to=moment, by=by)


def _proposed(request: HttpRequest) -> dict[str, Any]:
    """The day that was clicked, else tomorrow."""
    zone = pages.zone_of(_user(request))
    tomorrow = timezone.now().astimezone(zone).date() + timedelta(days=1)
    asked = pages.Asked.of(request.GET, today=tomorrow)
    said = {"publish_at": f"{asked.day.isoformat()}T{HOUR:02d}:00"}
    return said | ({"channel": asked.channel} if asked.channel else {})


def _address(row: Publication) -> str:
    return reverse("admin:conversations_publication_change", args=[row.pk])


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
