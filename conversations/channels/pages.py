"""Connecting a network as pages of the admin: the networks, one form a network, its connection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from conversations.channels import connecting
from conversations.channels.accounts import credentials_of, door_of
from conversations.channels.causes import told
from conversations.channels.connecting_api import kinds
from conversations.channels.health import health_of
from conversations.channels.models import Channel
from conversations.channels.wire.provider import Field
from crm.access.doors import actor_of
from crm.errors import RelaisError
from crm.organisation.models import Unit


class Values(forms.Form):
    """One input a field of the network. A secret is never shown again: empty leaves it."""

    def __init__(self, *args: Any, fields: tuple[Field, ...], there: bool = False) -> None:
        super().__init__(*args)
        for each in fields:
            widget = forms.PasswordInput if each.secret else forms.TextInput
            self.fields[each.name] = forms.CharField(
                label=_(each.label),
                help_text=_(each.help),
                required=each.required and not there,
                max_length=connecting.LONGEST,
                widget=widget(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )


class NewConnection(Values):
    def __init__(self, *args: Any, fields: tuple[Field, ...]) -> None:
        super().__init__(*args, fields=fields)
        own = {
            "unit": forms.ModelChoiceField(Unit.objects.order_by("name"), label=_("Unit")),
            "name": forms.CharField(label=_("Name"), max_length=200),
        }
        self.fields = {**own, **self.fields}


def networks(request: HttpRequest) -> HttpResponse:
    """What can be connected. For owners of the installation: secrets of the company go in here."""
    _only_owners(request)
    return _page(request, "networks", title=_("Connect a network"), kinds=kinds())


def connect(request: HttpRequest, kind: str) -> HttpResponse:
    _only_owners(request)
    fields = connecting.fields_of(kind)
    if not fields:
        raise Http404
    form = NewConnection(request.POST or None, fields=fields)
    trouble = ""
    if request.method == "POST" and form.is_valid():
        values = {each.name: form.cleaned_data[each.name] for each in fields}
        try:
            channel = connecting.connect(
                form.cleaned_data["unit"],
                kind=kind,
                name=form.cleaned_data["name"],
                values=values,
                by=actor_of(request),
            )
        except RelaisError as error:
            trouble = str(error)
        else:
            _probe(request, channel)
            return redirect("admin:channel_connection", channel.pk)
    card = next(each for each in kinds() if each["kind"] == kind)
    return _page(request, "connect", title=card["title"], card=card, form=form, trouble=trouble)


def connection(request: HttpRequest, channel: Channel) -> HttpResponse:
    """How it is doing; a test; for owners other credentials and the end of it."""
    try:
        connecting.must_connect(channel)
    except RelaisError as error:
        raise Http404 from error
    is_owner = bool(request.user.is_superuser)
    fields = tuple(each for each in connecting.fields_of(channel.kind) if not each.address)
    changing = request.method == "POST" and request.POST.get("do") == "change"
    form = Values(request.POST if changing else None, fields=fields, there=True)
    if request.method == "POST":
        if _act(request, channel, form, is_owner=is_owner):
            return redirect("admin:channel_connection", channel.pk)
        channel.refresh_from_db()
    card = next(each for each in kinds() if each["kind"] == channel.kind)
    return _page(
        request,
        "connection",
        title=channel.name,
        channel=channel,
        card=card,
        door=door_of(channel),
        health=health_of(channel),
        form=form if is_owner else None,
        given=sorted(credentials_of(channel)),
    )


def _act(request: HttpRequest, channel: Channel, form: Values, *, is_owner: bool) -> bool:
    """Does what was asked; False when the form must be shown again."""
    act = request.POST.get("do")
    if act == "test":
        _probe(request, channel)
        return True
    if act not in {"change", "disconnect"}:
        raise Http404
    if not is_owner:
        raise PermissionDenied
    if act == "disconnect":
        connecting.disconnect(channel, by=actor_of(request))
        messages.success(request, _("Disconnected. What was said stays."))
        return True
    if not form.is_valid():
        return False
    try:
        connecting.change_credentials(channel, values=form.cleaned_data, by=actor_of(request))
    except RelaisError as error:
        messages.error(request, str(error))
        return False
    _probe(request, channel)
    return True


def _probe(request: HttpRequest, channel: Channel) -> None:
    channel.refresh_from_db()
    health = connecting.probe(channel, hook=True)
    if health.cause:
        messages.error(request, _("The test failed: %(cause)s") % {"cause": told(health.cause)})
    else:
        messages.success(request, _("It works: %(name)s") % {"name": health.name})
    for remark in health.remarks:
        messages.warning(request, remark)


def _only_owners(request: HttpRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied


def _page(request: HttpRequest, name: str, **found: Any) -> HttpResponse:
    around = admin.site.each_context(request)
    return render(request, f"conversations/channels/{name}.html", {**around, **found})
