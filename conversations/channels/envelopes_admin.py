"""What came in, as it came, and reading it again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from conversations.channels import services
from conversations.channels.models import Envelope
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import RelaisError
from crm.pages import Paged, ReadOnly, confirmation

LONGEST_SHOWN = 20_000  # bytes of an envelope on its page; the whole is a download


@admin.register(Envelope)
class EnvelopeAdmin(Paged, ReadOnly, ModelAdmin):
    list_display = ("received_at", "channel", "shown_state", "reason", "attempts")
    list_select_related = ("channel",)
    list_filter = ("state", "channel")
    search_fields = ("=key",)
    ordering = ("-received_at",)
    fields = ("channel", "key", "received_at", "state", "reason", "attempts", "headers", "content")
    actions = ("replay_chosen",)
    actions_detail = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Envelope]:
        rows: QuerySet[Envelope] = super().get_queryset(request).defer("body")
        units = staffed_units(request.user)
        return rows if units is None else rows.filter(channel__unit__in=units)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def get_urls(self) -> list[URLPattern]:
        raw = self.admin_site.admin_view(self.raw)
        return [path("<uuid:pk>/raw/", raw, name="envelope_raw"), *super().get_urls()]

    def raw(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The bytes as they came: a download without a type."""
        envelope = get_object_or_404(self.get_queryset(request), pk=pk)
        answer = HttpResponse(services.body_of(envelope), content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="envelope-{envelope.pk}"'
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    @display(
        description=_("state"),
        ordering="state",
        label={"done": "success", "failed": "danger", "waiting": "info", "ignored": "warning"},
    )
    def shown_state(self, row: Envelope) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("as it came"))
    def content(self, row: Envelope) -> SafeString:
        body = services.body_of(row)
        shown = body[:LONGEST_SHOWN].decode("utf-8", "backslashreplace").replace("\0", "\\0")
        url = reverse("admin:envelope_raw", args=[row.pk])
        return format_html(
            '<pre class="ib-raw">{}</pre><a class="ib-link" href="{}">{} ({})</a>',
            shown,
            url,
            _("Download"),
            filesizeformat(len(body)),
        )

    @admin.action(description=_("Read again"), permissions=["change"])
    def replay_chosen(self, request: HttpRequest, queryset: QuerySet[Envelope]) -> None:
        done = [self._replay(request, envelope) for envelope in queryset[:500]]
        messages.success(request, _("%(count)s are read again") % {"count": sum(done)})

    @action(description=_("Read again"), permissions=["change"], icon="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        envelope = get_object_or_404(self.get_queryset(request), pk=object_id)
        if page := confirmation(request, str(_("Read this envelope again?"))):
            return page
        if self._replay(request, envelope):
            messages.success(request, _("It is read again."))
        return redirect("admin:conversations_envelope_change", envelope.pk)

    def _replay(self, request: HttpRequest, envelope: Envelope) -> bool:
        try:
            services.replay(envelope, by=actor_of(request))
        except RelaisError as error:
            messages.warning(request, f"{envelope.pk}: {error}")
            return False
        return True
