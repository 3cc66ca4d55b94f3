"""Articles as pages of the admin: own pages at its usual addresses (docs/adr/0033)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin
from unfold.decorators import display

from conversations.inbox.finding import id_in
from conversations.inbox.models import Conversation
from conversations.inbox.rights import must_answer
from conversations.knowledge import pages, services
from conversations.knowledge.acts import ACTS
from conversations.knowledge.debt import debt_of
from conversations.knowledge.duplicates import duplicates
from conversations.knowledge.forms import ArticleForm, said_of
from conversations.knowledge.models import (
    Article,
    ArticleQuerySet,
    ArticleState,
    HelpCentre,
    ReadyAnswer,
)
from conversations.knowledge.ready import keep, may_change, offered
from conversations.knowledge.ready_forms import ReadyAnswerForm
from conversations.knowledge.reuse import SPANS, reads_reuse, reuse_of
from conversations.knowledge.rights import may_edit_draft
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.journal.services import record
from crm.organisation.models import User
from crm.pages import Paged


@admin.register(Article)
class ArticleAdmin(ModelAdmin):
    search_fields = ("title",)  # of the fields in which an article is chosen

    def get_queryset(self, request: HttpRequest) -> ArticleQuerySet:
        seen = Article.objects.visible_to(_user(request)).defer("search")
        return seen.select_related("author", "owner", "unit")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("debt/", view(require_safe(self.debt)), name="article_debt"),
            path("reuse/", view(require_safe(self.reuse)), name="article_reuse"),
            path("similar/", view(require_POST(self.similar)), name="article_similar"),
            path("from/<uuid:conversation_id>/", view(self.write_from), name="article_from"),
            path("<uuid:object_id>/edit/", view(self.edit_view), name="article_edit"),
            path("<uuid:object_id>/do/<slug:name>/", view(self.act), name="article_act"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = pages.context(request, _user(request))
        return self.page(request, "list", {**found, "title": _("Articles")})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.row(request, object_id)
        found = pages.one(row, _user(request))
        return self.page(request, "article", {**found, "title": _("Article")})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ArticleForm(request.POST or None, initial={"language": request.LANGUAGE_CODE})
        if request.method == "POST" and form.is_valid():
            try:
                said = dict(form.cleaned_data)
                made = services.write_article(said.pop("title"), by=actor_of(request), **said)
            except RelaisError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Kept as a draft."))
                return redirect(_address(made))
        return self.page(request, "edit", {"form": form, "title": _("New article")})

    def edit_view(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """The form of a draft, or of a change of what is out."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        row = self.row(request, object_id)
        if not _may_edit(row, _user(request)):
            messages.error(request, _("It can't be changed now."))
            return redirect(_address(row))
        waiting = services.waiting_version(row)
        form = ArticleForm(
            request.POST or None, initial=said_of(waiting or row), with_unit=not row.is_out()
        )
        if request.method == "POST" and form.is_valid():
            try:
                verb = services.propose if row.is_out() else services.edit
                verb(row, by=actor_of(request), **form.cleaned_data)
            except RelaisError as error:
                form.add_error(None, str(error))
            else:
                handed = _("Handed in: the old words stay out until somebody else approves.")
                messages.success(request, handed if row.is_out() else _("Kept."))
                return redirect(_address(row))
        around = {"form": form, "row": row, "waiting": waiting, "title": _("Article")}
        return self.page(request, "edit", around)

    def write_from(self, request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
        return require_POST(self._write_from)(request, conversation_id)

    def _write_from(self, request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
        """One step: a draft of what was answered, to be read before it is handed in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        user = _user(request)
        found = Conversation.objects.visible_to(user).filter(pk=conversation_id).first()
        if found is None:
            raise Http404
        try:
            must_answer(found, user)
            made = services.write_from(found, by=actor_of(request))
        except RelaisError as error:
            messages.error(request, str(error))
            return redirect("admin:conversations_conversation_change", found.pk)
        said = _("A draft, personal data left out. Read it: what nobody could know is still there.")
        messages.success(request, said)
        return redirect("admin:article_edit", made.pk)

    def debt(self, request: HttpRequest) -> HttpResponse:
        """What is asked again and again while no article answers it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = {"debt": debt_of(_user(request)), "view": "debt", "title": _("Missing")}
        return self.page(request, "debt", {**found, "tabs": pages.tabs(_user(request))})

    def reuse(self, request: HttpRequest) -> HttpResponse:
        """Whose articles help whom."""
        if not self.has_view_permission(request) or not reads_reuse(_user(request)):
            raise PermissionDenied
        days = request.GET.get("days", "")
        span = int(days) if days in map(str, SPANS) else SPANS[1]
        found = {"reuse": reuse_of(_user(request), days=span), "spans": SPANS, "view": "reuse"}
        around = {"tabs": pages.tabs(_user(request)), "title": _("Reuse")}
        return self.page(request, "reuse", {**found, **around})

    def similar(self, request: HttpRequest) -> JsonResponse:
        """What says already what is being written; asked while typing."""
        title = request.POST.get("title", "")[:200].replace("\0", "")
        text = request.POST.get("text", "")[: services.LONGEST_TEXT].replace("\0", "")
        but = id_in(request.POST.get("article", ""))
        found = duplicates(title, text, user=_user(request), but=but)
        rows = [
            {
                "title": each.article.title,
                "state": each.article.get_state_display(),
                "address": _address(each.article),
                "percent": each.percent,
            }
            for each in found
        ]
        return JsonResponse({"found": rows})

    def act(self, request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponseBase:
        return require_POST(self._act)(request, object_id, name)

    def _act(self, request: HttpRequest, object_id: uuid.UUID, name: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        row, verb = self.row(request, object_id), ACTS.get(name)
        if verb is None:
            raise Http404
        try:
            messages.success(request, verb(row, request.POST, actor_of(request)))
        except RelaisError as error:
            messages.error(request, str(error))
        back = id_in(request.POST.get("conversation", ""))
        if back:
            return redirect("admin:conversations_conversation_change", back)
        return redirect(_address(row))

    def page(self, request: HttpRequest, name: str, found: dict[str, Any]) -> HttpResponse:
        form = found.get("form")
        status = 400 if form is not None and form.is_bound and form.errors else 200
        around = {**self.admin_site.each_context(request), **found}
        return render(request, f"conversations/knowledge/{name}.html", around, status=status)

    def row(self, request: HttpRequest, object_id: Any) -> Article:
        number = id_in(str(object_id))
        found = self.get_queryset(request).filter(pk=number).first() if number else None
        if found is None:
            raise Http404
        return found


@admin.register(ReadyAnswer)
class ReadyAnswerAdmin(Paged, ModelAdmin):
    form = ReadyAnswerForm
    list_display = ("name", "language", "unit", "owner", "shared", "active")
    list_filter = ("language", "shared", "active")
    list_select_related = ("unit", "owner")
    search_fields = ("name", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReadyAnswer]:
        seen = ReadyAnswer.objects.visible_to(_user(request))
        return seen.select_related("owner", "unit")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, **kwargs)
        employee = getattr(request.user, "employee", None)
        form.owner_id = employee.pk if employee else None
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and hasattr(request.user, "employee")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or may_change(obj, _user(request)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        offer = self.admin_site.admin_view(require_safe(self.offer))
        return [path("for/<uuid:conversation_id>/", offer, name="ready_for"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: ReadyAnswer, form: Any, change: bool) -> None:
        keep(obj, by=actor_of(request))

    def offer(self, request: HttpRequest, conversation_id: uuid.UUID) -> JsonResponse:
        """What may be inserted in this conversation, its gaps filled."""
        user = _user(request)
        seen = Conversation.objects.visible_to(user).select_related(
            "identity__contact", "channel", "unit"
        )
        found = seen.filter(pk=conversation_id).first()
        if found is None:
            raise Http404
        rows = [
            {"name": each.answer.name, "text": each.filled.text, "missing": each.filled.missing}
            for each in offered(found, user)
        ]
        return JsonResponse({"answers": rows})


@admin.register(HelpCentre)
class HelpCentreAdmin(ModelAdmin):
    """One a unit: opened by administrators, kept by the unit's staff."""

    list_display = ("title", "unit", "shown_address", "open")
    list_select_related = ("unit",)
    fields = ("unit", "title", "slug", "welcome", "open")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpCentre]:
        rows: QuerySet[HelpCentre] = super().get_queryset(request)
        units = staffed_units(request.user)
        return rows if units is None else rows.filter(unit__in=units)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("unit",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: HelpCentre, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = "help_centre_changed" if change else "help_centre_opened"
        record(verb, obj, by=actor_of(request), fields=form.changed_data)

    @display(description=_("address"))
    def shown_address(self, row: HelpCentre) -> str:
        where = reverse("help_front", args=[row.slug])
        return format_html('<a href="{}">{}</a>', where, where)


def _may_edit(row: Article, user: User) -> bool:
    return row.is_out() or (row.state == ArticleState.DRAFT and may_edit_draft(row, user))


def _address(row: Article) -> str:
    return reverse("admin:conversations_article_change", args=[row.pk])


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
