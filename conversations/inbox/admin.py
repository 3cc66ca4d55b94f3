"""The inbox and its threads as pages of the admin; deliveries as a list with a retry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from conversations.channels.causes import told
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, ConversationQuerySet, Delivery
from conversations.inbox.pages import acts, listing, mails, thread
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.pages import Paged, ReadOnly


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, ModelAdmin):
    """Own pages at the admin's usual addresses; every row goes through `visible_to`."""

    search_fields = ("subject",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> ConversationQuerySet:
        return Conversation.objects.visible_to(request.user).order_by("-last_message_at")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("live/", view(require_GET(listing.live)), name="inbox_live"),
            path("mails/<uuid:message_id>/", view(mails.frame), name="inbox_mail"),
            path("<uuid:object_id>/part/", view(self.part), name="inbox_part"),
            path("<uuid:object_id>/presence/", view(self.presence), name="inbox_presence"),
            path("<uuid:object_id>/do/<slug:name>/", view(self.act), name="inbox_act"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = {**self.admin_site.each_context(request), **listing.context(request)}
        return render(request, "conversations/inbox/list.html", {**found, "title": _("Inbox")})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return thread.page(request, thread.visible_by_text(request, object_id))

    def part(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        return thread.renewed(request, thread.visible(request, object_id))

    def presence(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        return require_POST(thread.beat)(request, thread.visible(request, object_id))

    def act(self, request: HttpRequest, object_id: Any, name: str) -> HttpResponseBase:
        return require_POST(acts.act)(request, object_id, name)


@admin.register(Delivery)
class DeliveryAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = (
        "shown_state", "trouble", "to_whom", "channel", "attempt", "shown_cause", "updated_at",
    )  # fmt: skip
    list_filter = ("state", "trouble", ("message__channel", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("message__channel", "conversation__identity__contact")
    ordering = ("-updated_at",)
    actions = ("retry_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        visible = Conversation.objects.visible_to(request.user)
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.filter(conversation__in=visible)

    @display(
        description=_("state"),
        ordering="state",
        label={
            **dict.fromkeys(["failed", "unknown"], "danger"),
            **dict.fromkeys(["sent", "delivered", "read"], "success"),
            "held": "warning",
        },
    )
    def shown_state(self, row: Delivery) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("cause"), ordering="cause")
    def shown_cause(self, row: Delivery) -> str:
        return told(row.cause)

    @display(description=_("to"))
    def to_whom(self, row: Delivery) -> str:
        identity = row.conversation.identity
        return str(identity.contact) if identity else ""

    @display(description=_("channel"))
    def channel(self, row: Delivery) -> str:
        return str(row.message.channel)

    @admin.action(description=_("Send again"))
    def retry_chosen(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        done = 0
        for row in queryset.select_related("message")[:200]:
            try:
                delivery.retry(row, by=actor_of(request))
                done += 1
            except RelaisError as error:
                messages.warning(request, f"{row.message_id}: {error}")
        messages.success(request, _("%(count)s sent again") % {"count": done})
