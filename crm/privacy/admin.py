"""The page of a person, with all that can be done with one; and erasures, to be agreed to."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin
from unfold.decorators import display

from crm.access.doors import actor_of
from crm.contacts import duplicates, merging
from crm.contacts.admin import ContactAdmin
from crm.contacts.models import Contact, Duplicate
from crm.errors import RelaisError
from crm.pages import Paged, ReadOnly
from crm.privacy import exporting, pages, services
from crm.privacy.acts import ACTS
from crm.privacy.models import ContactExport, Erasure, ErasureState

MOST_PAIRS = 100


@admin.register(Contact)
class PersonAdmin(ContactAdmin):
    change_form_outer_after_template = "crm/person.html"
    list_before_template = "crm/people_above.html"

    class Media:
        css = {"all": ["crm/people.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("duplicates/", view(require_safe(self.duplicates)), name="duplicates"),
            path(
                "duplicates/<uuid:pair_id>/dismiss/",
                view(require_POST(self.dismiss)),
                name="duplicate_dismiss",
            ),
            path(
                "<uuid:object_id>/do/<slug:name>/", view(require_POST(self.act)), name="person_act"
            ),
            path("<uuid:object_id>/merge/<uuid:other_id>/", view(self.merge), name="person_merge"),
            path(
                "exports/<uuid:export_id>/", view(require_safe(self.export)), name="person_export"
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        waiting = duplicates.open_to(request.user)[:MOST_PAIRS].count()
        return super().changelist_view(request, {**(extra_context or {}), "pairs": waiting})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        more = pages.person(found, request) if found is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def duplicates(self, request: HttpRequest) -> HttpResponse:
        """Pairs that look alike, each with what they have alike."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pairs = duplicates.open_to(request.user)[:MOST_PAIRS]
        found = {"pairs": pages.pairs(pairs), "title": _("Possibly the same person")}
        return self._page(request, "crm/duplicates.html", found)

    def dismiss(self, request: HttpRequest, pair_id: uuid.UUID) -> HttpResponse:
        pair = get_object_or_404(duplicates.open_to(request.user), pk=pair_id)
        self._must_change(request, pair.one)
        return self._done(request, lambda: duplicates.dismiss(pair, by=actor_of(request)), pair)

    def act(self, request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponse:
        person = self._person(request, object_id)
        if name not in ACTS:
            raise Http404
        if name != "unmerge":
            self._must_change(request, person)
        try:
            said = ACTS[name](person, request.POST, actor_of(request))
        except RelaisError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, said)
        return redirect(_address(person))

    def merge(
        self, request: HttpRequest, object_id: uuid.UUID, other_id: uuid.UUID
    ) -> HttpResponse:
        """Field by field: what the one person is called from now on."""
        into, other = self._person(request, object_id), self._person(request, other_id)
        for each in (into, other):
            self._must_change(request, each)
        if request.method == "POST":
            choices = {name: request.POST.get(name, merging.THIS) for name in merging.FIELDS}
            try:
                merging.merge(into, other, choices=choices, by=actor_of(request))
            except RelaisError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, _("They are one person now. It can be undone here."))
                return redirect(_address(into))
        return self._page(request, "crm/merge.html", pages.merge(into, other))

    def export(self, request: HttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
        """The copy, as a download."""
        export = get_object_or_404(ContactExport, pk=export_id, asked_by=request.user)
        try:
            file = exporting.opened(export, by=actor_of(request))
        except RelaisError as error:
            messages.error(request, str(error))
            return redirect(_address(export.contact))
        return exporting.download(file, export)

    def _page(self, request: HttpRequest, template: str, found: dict[str, Any]) -> HttpResponse:
        around = self.admin_site.each_context(request)
        return render(
            request, template, {**around, "media": self.media, "opts": self.opts, **found}
        )

    def _person(self, request: HttpRequest, pk: uuid.UUID) -> Contact:
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def _must_change(self, request: HttpRequest, person: Contact) -> None:
        if not self.has_change_permission(request, person):
            raise PermissionDenied

    @staticmethod
    def _done(request: HttpRequest, act: Any, pair: Duplicate) -> HttpResponse:
        try:
            act()
        except RelaisError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Two people: %(pair)s") % {"pair": pair})
        return redirect("admin:duplicates")


def _address(person: Contact) -> str:
    return reverse("admin:crm_contact_change", args=[person.pk])


@admin.register(Erasure)
class ErasureAdmin(Paged, ReadOnly, ModelAdmin):
    """What was asked for, agreed to and done; the second person's word is given here."""

    list_display = ("occurred_at", "person", "ground", "shown_state", "asked_by", "rows_changed")
    list_filter = ("state", "ground")
    list_select_related = ("contact", "asked_by")
    ordering = ("-pk",)
    fields = (
        *("person", "state", "ground", "asked_by", "occurred_at", "decided_by", "decided_at"),
        *("started_at", "done_at", "rows_changed"),
    )
    change_form_outer_after_template = "crm/erasure.html"

    class Media:
        css = {"all": ["crm/people.css"]}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Erasure]:
        """Of people whom this person serves in every unit that knows them."""
        rows: QuerySet[Erasure] = super().get_queryset(request)
        return services.seen_by(request.user, rows)

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [
            path("<uuid:object_id>/do/<slug:name>/", act, name="erasure_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        more = pages.erasure(found, request) if found is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def act(self, request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponse:
        verbs = {"approve": services.approve, "refuse": services.refuse}
        erasure = get_object_or_404(self.get_queryset(request), pk=object_id)
        if name not in verbs:
            raise Http404
        try:
            done = verbs[name](erasure, by=actor_of(request))
        except RelaisError as error:
            messages.error(request, str(error))
        else:
            begun = done.state == ErasureState.RUNNING
            said = _("Agreed: it is under way.") if begun else _("Refused: nothing was changed.")
            messages.success(request, said)
        return redirect(reverse("admin:crm_erasure_change", args=[erasure.pk]))

    @admin.display(description=_("person"))
    def person(self, row: Erasure) -> str:
        return str(row.contact)

    @display(
        description=_("state"),
        ordering="state",
        label={"asked": "warning", "running": "info", "done": "success"},
    )
    def shown_state(self, row: Erasure) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.display(description=_("rows changed"))
    def rows_changed(self, row: Erasure) -> str:
        return str(row.rows)
