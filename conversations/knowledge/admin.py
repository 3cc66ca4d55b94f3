"""Articles: written by a verb, reviewed by a button, retired instead of deleted."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from conversations.inbox.models import Conversation, Direction, MessageKind
from conversations.knowledge import services
from conversations.knowledge.models import Article
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.journal.services import record
from crm.pages import Paged


@admin.register(Article)
class ArticleAdmin(Paged, ModelAdmin):
    list_display = ("title", "shown_state", "language", "author", "uses_count", "reviewed")
    list_filter = ("state", "language")
    list_select_related = ("author",)
    search_fields = ("title", "text")
    fields = ("title", "text", "language", "tags", "state")
    actions = ("review_chosen",)
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        rows: QuerySet[Article] = super().get_queryset(request)
        return rows.annotate(
            uses_number=Count("uses", distinct=True), reviewed_at=Max("reviews__occurred_at")
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From a conversation: its subject, its last answer, its language."""
        source = _source(request)
        if source is None:
            return dict(super().get_changeform_initial_data(request))
        answers = source.messages.filter(direction=Direction.OUT, kind=MessageKind.REPLY)
        last = answers.order_by("-occurred_at").first()
        return {
            "title": source.subject[:200],
            "text": last.text if last else "",
            "language": source.language or "en",
        }

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            changed = form.changed_data
            record("article_changed", obj, by=actor_of(request), fields=changed)
            return
        written = services.write_article(
            obj.title,
            text=obj.text,
            by=actor_of(request),
            language=obj.language,
            tags=obj.tags or (),
            conversation=_source(request),
        )
        obj.pk, obj.author = written.pk, written.author
        obj._state.adding = False  # noqa: SLF001 - the verb has saved it

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except RelaisError as error:
            messages.error(request, str(error))
            return self._response_post_save(request, None)

    def response_add(self, request: HttpRequest, obj: Article, *args: Any) -> HttpResponse:
        answer: HttpResponse = super().response_add(request, obj, *args)
        source = _source(request)
        if source:
            page = reverse("admin:conversations_conversation_change", args=[source.pk])
            answer["Location"] = page
        return answer

    @display(
        description=_("state"),
        ordering="state",
        label={"published": "success", "draft": "warning"},
    )
    def shown_state(self, row: Article) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("uses"), ordering="uses_number")
    def uses_count(self, row: Any) -> int:
        return int(row.uses_number)

    @display(description=_("reviewed"), ordering="reviewed_at")
    def reviewed(self, row: Any) -> Any:
        return row.reviewed_at

    @admin.action(description=_("Reviewed: still right"), permissions=["change"])
    def review_chosen(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        for article in queryset:
            services.review(article, by=actor_of(request))
        messages.success(request, _("The review is noted."))


def _source(request: HttpRequest) -> Conversation | None:
    """The conversation that an article is written from; only one that the person may see."""
    try:
        number = uuid.UUID(request.GET.get("conversation", ""))
    except ValueError:
        return None
    return Conversation.objects.visible_to(request.user).filter(pk=number).first()
