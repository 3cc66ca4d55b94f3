"""Channels and what they brought: open one, pause it, see its door, read a delivery again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminURLInputWidget,
)

from conversations.channels import callbacks, connecting, mailing, pages, services, trying_mail
from conversations.channels.accounts import door_of, provider_of
from conversations.channels.causes import told
from conversations.channels.doors.mail import MAIL_KINDS, is_mailbox_url
from conversations.channels.mail_form import ESP, OAUTH, MailKeysForm, keys_in
from conversations.channels.models import Channel, ChannelHealth
from conversations.channels.wire.registry import CHANNELS
from crm.access.doors import actor_of
from crm.access.services import staffed_units
from crm.errors import Invalid, RelaisError
from crm.pages import Paged, confirmation

OWNERS = ("unit", "address", "options", "keep_days", "inbox_url", *OAUTH, *ESP)
_EMBED = '{"embed": "https://shop.example"}'
_DOORS = {"webhook": "webhook", "webchat": "chat"}


if TYPE_CHECKING:  # the class takes a parameter in its stubs only
    _Form = forms.ModelForm[Channel]
else:
    _Form = forms.ModelForm


class ChannelForm(MailKeysForm, _Form):
    callback_url = forms.URLField(
        label=capfirst(_("callback URL")),
        required=False,
        max_length=callbacks.LONGEST,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget(),
    )

    inbox_url = forms.CharField(
        label=capfirst(_("mailbox")),
        required=False,
        max_length=1_000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=_(
            "imaps://user:password@host:993/INBOX, where mail is fetched from; not shown again. "
            "Empty leaves it as it is, a single - ends fetching."
        ),
    )

    class Meta:
        model = Channel
        fields = [
            "kind", "unit", "name", "address", "callback_url", "inbox_url", "options",
            "reopen_days", "keep_days",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["inbox_url"] = ""  # holds a password
        if "reopen_days" in self.fields:
            self.fields["reopen_days"].required = False  # empty leaves it as it is
        if "kind" in self.fields:
            plain = [kind for kind in sorted(CHANNELS) if not connecting.fields_of(kind)]
            kinds = [(kind, kind) for kind in plain]  # networks have pages of their own
            self.fields["kind"] = forms.ChoiceField(
                label=capfirst(_("kind")), choices=kinds, widget=UnfoldAdminSelectWidget()
            )

    def clean_reopen_days(self) -> int:
        days = self.cleaned_data["reopen_days"]
        return int(self.instance.reopen_days if days is None else days)

    def clean_inbox_url(self) -> str:
        url = str(self.cleaned_data["inbox_url"]).strip()
        kind = self.cleaned_data.get("kind") or self.instance.kind
        if url in {"", "-"}:
            return "" if url else self.instance.inbox_url
        if kind not in MAIL_KINDS or not is_mailbox_url(url):
            raise forms.ValidationError(_("a mail channel takes imaps://, imap+tls:// or imap://"))
        return url

    def clean_callback_url(self) -> str:
        url = str(self.cleaned_data["callback_url"])
        kind = self.cleaned_data.get("kind") or self.instance.kind
        if url:
            try:
                callbacks.check(Channel(kind=kind), url)
            except Invalid as error:
                raise forms.ValidationError(str(error)) from error
        return url


@admin.register(Channel)
class ChannelAdmin(Paged, ModelAdmin):
    form = ChannelForm
    list_display = ("name", "kind", "unit", "shown_state", "address")
    list_select_related = ("unit",)
    list_filter = ("kind", "unit")
    search_fields = ("name", "address")
    add_fieldsets = (
        (None, {"fields": ("kind", "unit", "name", "address", "callback_url", "options")}),
    )
    fieldsets = (
        (None, {"fields": ("name", "kind", "unit", "address", "callback_url", "options")}),
        (_("Afterwards"), {"fields": ("reopen_days", "keep_days")}),
        (_("Door"), {"fields": ("door", "snippet", "sending", "paused_at", "closed_at")}),
    )
    actions_detail = ("to_connection", "test_mail", "pause_or_resume", "reveal_secret")
    actions_list = ("connect_a_network",)
    change_form_before_template = "conversations/outbox_notice.html"
    list_before_template = "conversations/outbox_notice.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        units = staffed_units(request.user)
        return rows if units is None else rows.filter(unit__in=units)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("connect/", view(pages.networks), name="channel_networks"),
            path("connect/<slug:kind>/", view(pages.connect), name="channel_connect"),
            path("<uuid:pk>/connection/", view(self.show_connection), name="channel_connection"),
        ]
        return own + super().get_urls()

    def show_connection(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return pages.connection(request, self._one(request, pk))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        shown = (
            "door",
            "snippet",
            "sending",
            "signing_in",
            "by_provider",
            "paused_at",
            "closed_at",
        )
        if obj is None:
            return ()
        mine = () if request.user.is_superuser else OWNERS
        return ("kind", *shown, "paused_at", "closed_at", *mine)

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """A mailbox's password is for owners of the installation to set."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser and (obj is None or obj.kind in MAIL_KINDS):
            shown = () if obj is None else ("signing_in",)
            fetching = (_("Fetching mail"), {"fields": ("inbox_url", *OAUTH, *shown)})
            if obj is not None and obj.kind != mailing.PROVIDED:
                return [*fieldsets, fetching]
            carried = () if obj is None else ("by_provider",)
            return [*fieldsets, fetching, (_("By a provider"), {"fields": (*ESP, *carried)})]
        return fieldsets

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        if change:
            kept = [name for name in form.changed_data if name not in (*OAUTH, *ESP)]
            services.change_channel(obj, fields=kept, by=actor_of(request))
            self._keep_keys(request, obj, form)
            return
        opened = services.open_channel(
            obj.unit,
            kind=obj.kind,
            name=obj.name,
            address=obj.address,
            callback_url=obj.callback_url,
            options=obj.options,
            by=actor_of(request),
        )
        if obj.inbox_url and request.user.is_superuser:
            opened.inbox_url = obj.inbox_url
            services.change_channel(opened, fields=["inbox_url"], by=actor_of(request))
        self._keep_keys(request, opened, form)
        obj.__dict__.update(opened.__dict__)
        if request.user.is_superuser:
            words = _("Its secret, to be copied now: %(secret)s")
            messages.info(request, words % {"secret": opened.secret})

    def _keep_keys(self, request: HttpRequest, channel: Channel, form: Any) -> None:
        renew = bool(form.cleaned_data.get("esp_renew"))
        given = keys_in(form)
        if not request.user.is_superuser or channel.kind not in MAIL_KINDS or not (given or renew):
            return
        made = mailing.change_keys(channel, given=given, by=actor_of(request), renew=renew)
        for each in made:
            words = _("Webhook %(what)s, to be copied now: %(url)s")
            messages.info(request, words % {"what": each.what, "url": each.url})

    @display(
        description=_("state"),
        label={"open": "success", "paused": "warning", "closed": "danger"},
    )
    def shown_state(self, row: Channel) -> tuple[str, str]:
        if row.closed_at:
            return "closed", str(_("closed"))
        if row.paused_at:
            return "paused", str(_("paused"))
        if row.token is None:
            return "imported", str(_("imported, read only"))
        return "open", str(_("open"))

    @display(description=_("address of its door"))
    def door(self, row: Channel) -> SafeString | str:
        if row.token is None:
            return str(_("none: known from an import"))
        if url := door_of(row):
            return url
        if row.kind not in _DOORS:
            return row.address
        url = f"{settings.BASE_URL}{reverse(_DOORS[row.kind], args=[row.token])}"
        return format_html('<a href="{}" class="ib-link">{}</a>', url, url)

    @display(description=_("for your own site"))
    def snippet(self, row: Channel) -> SafeString | str:
        if row.kind != "webchat" or row.token is None:
            return "-"
        url = f"{settings.BASE_URL}{reverse('chat_widget', args=[row.token])}"
        words = _("Name your site in the settings first: %(example)s")
        hint = "" if row.options.get("embed") else words % {"example": _EMBED}
        line = f'<script src="{url}" async></script>'
        return format_html("<code>{}</code><br>{}", line, hint)

    @display(description=_("signing in"))
    def signing_in(self, row: Channel) -> str:
        known = ChannelHealth.objects.filter(channel=row).first()
        if known is None or known.checked_at is None:
            return str(_("not tried yet"))
        if not known.works or known.cause:
            return told(known.cause) or str(_("does not work"))
        until = localize(known.expires_at) if known.expires_at else ""
        return str(_("works; the token ends %s") % until if until else _("works"))

    @display(description=_("what is set"))
    def by_provider(self, row: Channel) -> SafeString | str:
        provider = mailing.provider_of(row)
        if provider is None:
            return str(_("no provider"))
        out = _("mail goes out by it") if mailing.is_carried(row) else _("mail goes out by SMTP")
        lines = [(f"{each.what}: {each.url}",) for each in mailing.webhooks(row)]
        shown = format_html_join("", "<br>{}", lines)
        return format_html("{}: {}{}", provider.title, out, shown)

    @display(description=_("outgoing"))
    def sending(self, row: Channel) -> str:
        if row.kind == "webhook":
            return row.callback_url or str(_("no callback URL: answers can’t be posted"))
        if mailing.is_carried(row):
            return str(_("by its provider’s API"))
        if row.kind == "email" and settings.EMAIL_URL.startswith("file:"):
            return str(_("EMAIL_URL is not set: each mail is written to var/outbox/"))
        return str(_("by the channel itself"))

    @action(description=_("Connect a network"), permissions=["owner"], icon="add_link")
    def connect_a_network(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:channel_networks")

    @action(description=_("Connection"), permissions=["network"], icon="cable")
    def to_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:channel_connection", self._one(request, object_id).pk)

    @action(description=_("Test the connection"), permissions=["mail"], icon="network_check")
    def test_mail(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = self._one(request, object_id)
        question = _("Sign in to the servers of this channel? Nothing is fetched or sent.")
        if page := confirmation(request, str(question)):
            return page
        names = {trying_mail.FETCHING: _("Fetching"), trying_mail.SENDING: _("Sending")}
        for tried in trying_mail.try_mail(channel):
            words = _("%(way)s works: %(said)s") if tried.works else _("%(way)s fails: %(said)s")
            level = messages.SUCCESS if tried.works else messages.ERROR
            said = words % {"way": names[tried.way], "said": told(tried.said)}
            messages.add_message(request, level, said)
            for remark in tried.remarks:
                messages.warning(request, told(remark))
        if not channel.inbox_url:
            messages.info(request, _("No mailbox is fetched: mail is handed over (LMTP, a pipe)."))
        return redirect("admin:conversations_channel_change", channel.pk)

    @action(description=_("Pause or resume"), permissions=["change"], icon="pause")
    def pause_or_resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = self._one(request, object_id)
        question = _("Resume this channel?") if channel.paused_at else _("Pause this channel?")
        if page := confirmation(request, str(question)):
            return page
        services.pause(channel, paused=channel.paused_at is None, by=actor_of(request))
        messages.success(
            request,
            _("Paused: nothing is lost, all waits.") if channel.paused_at else _("Open again."),
        )
        return redirect("admin:conversations_channel_change", channel.pk)

    @action(description=_("Show the secret"), permissions=["owner"], icon="key")
    def reveal_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = self._one(request, object_id)
        if page := confirmation(request, str(_("Show the secret? That leaves a line on record."))):
            return page
        services.note_revealed(channel, by=actor_of(request))
        messages.info(request, _("The secret: %(secret)s") % {"secret": channel.secret or "–"})
        return redirect("admin:conversations_channel_change", channel.pk)

    def has_mail_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change an open channel of mail may test it."""
        if object_id is None or not self.has_change_permission(request):
            return False
        try:
            mailing.must_be_mail(self._one(request, object_id))
        except (Http404, RelaisError):
            return False
        return True

    def has_network_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Only a channel of a network has a connection to show."""
        if object_id is None:
            return False
        try:
            channel = self._one(request, object_id)
        except Http404:
            return False
        return provider_of(channel) is not None and channel.closed_at is None

    def has_owner_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def _one(self, request: HttpRequest, object_id: str) -> Channel:
        try:
            return get_object_or_404(self.get_queryset(request), pk=object_id)
        except (ValueError, forms.ValidationError) as error:
            raise Http404 from error
