"""The apps of the company, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from crm.access.doors import actor_of
from crm.access.oauth import clients
from crm.access.scopes import Scope
from crm.pages import Paged, confirmation

for _model in (Client, Token, EmailAddress):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


if TYPE_CHECKING:  # the class takes a parameter in its stubs only
    _Form = forms.ModelForm[Client]
else:
    _Form = forms.ModelForm


class ClientForm(_Form):
    redirect_uris = forms.CharField(
        label=_("Where it takes people back to"),
        help_text=_("One address a line; compared letter by letter."),
        max_length=4_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may ask for"),
        choices=[(value, capfirst(words)) for value, words in Scope.choices if value != "all"],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Client
        fields = ("name", "type", "redirect_uris", "scopes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance._state.adding:  # noqa: SLF001 - as above
            self.initial["scopes"] = self.instance.get_scopes()
        else:
            self.initial["scopes"] = []

    def clean_redirect_uris(self) -> str:
        uris = [line.strip() for line in self.cleaned_data["redirect_uris"].splitlines()]
        uris = [uri for uri in uris if uri][: clients.MOST_URIS]
        for uri in uris:
            clients.check_redirect_uri(uri)
        return "\n".join(uris)

    def clean_scopes(self) -> str:
        return "\n".join(self.cleaned_data["scopes"])


@admin.register(Client)
class ClientAdmin(Paged, ModelAdmin):
    """type: public is an app on people's own machines, which can keep no secret."""

    form = ClientForm
    list_display = ("name", "id", "type", "created_at")
    search_fields = ("name", "id")
    actions_detail = ("make_secret",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("id",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        mine = ("name", "type", "redirect_uris", "scopes")
        return mine if obj is None else ("id", *mine)

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        clients.save_client(obj, by=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Client) -> None:
        clients.remove_client(obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for client in queryset:
            self.delete_model(request, client)

    @action(description=_("Make a new secret"), permissions=["owner"], icon="key")
    def make_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The secret is in this answer alone."""
        client = get_object_or_404(Client, pk=object_id)
        if page := confirmation(request, str(_("Make a new secret? The former one ends now."))):
            return page
        secret = clients.new_secret(client, by=actor_of(request))
        around = {**admin.site.each_context(request), "title": client.name}
        response = render(
            request, "crm/client_secret.html", {**around, "client": client, "secret": secret}
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def has_owner_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.is_superuser)
