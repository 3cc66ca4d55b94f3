"""The fields of a mail channel that only owners of the installation fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanWidget,
)

from conversations.channels.wire.email.esp.providers import KEYS, PROVIDERS

OAUTH = ("oauth_token_url", "oauth_client_id", "oauth_client_secret", "oauth_refresh_token")
ESP = (*KEYS, "esp_renew")


def _hidden(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=4_000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=help_text,
    )


class MailKeysForm(forms.Form):
    oauth_token_url = forms.URLField(
        label=_("OAuth 2: token address"),
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget(),
        help_text=_(
            "For servers that take no password, such as https://oauth2.googleapis.com/token or "
            "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token. Give the mailbox, and "
            "mail_url in the settings, a user without a password. Empty fields stay as they are."
        ),
    )
    oauth_client_id = forms.CharField(
        label=_("OAuth 2: client id"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    oauth_client_secret = _hidden(_("OAuth 2: client secret"))
    oauth_refresh_token = _hidden(
        _("OAuth 2: refresh token"), _("Not shown again; a single - ends it.")
    )
    esp = forms.ChoiceField(
        label=capfirst(_("provider of mail")),
        required=False,
        choices=[
            ("", _("as it is")),
            *((name, one.title) for name, one in PROVIDERS.items()),
            ("-", _("none any more")),
        ],
        widget=UnfoldAdminSelectWidget(),
        help_text=_(
            "It tells what became of each mail, and brings mail in, by webhooks whose addresses "
            "are shown once after saving. With its key, mail goes out by its API."
        ),
    )
    esp_api_key = _hidden(
        _("API key"), _("Postmark: the server token. Without it mail goes out by mail_url.")
    )
    esp_secret_key = _hidden(capfirst(_("secret key")), _("Mailjet only."))
    esp_signing_key = _hidden(
        capfirst(_("signing key of webhooks")),
        _("Mailgun needs it; SendGrid: the verification key of its event webhook."),
    )
    esp_domain = forms.CharField(
        label=capfirst(_("sending domain")),
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Mailgun, where it is not the one of the address."),
    )
    esp_api_url = forms.URLField(
        label=capfirst(_("API address")),
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget(),
        help_text=_("Only for another region, such as https://api.eu.mailgun.net/v3."),
    )
    esp_renew = forms.BooleanField(
        label=capfirst(_("make the webhooks’ addresses anew")),
        required=False,
        widget=UnfoldBooleanWidget(),
    )


def keys_in(form: Any) -> dict[str, str]:
    said = form.cleaned_data
    tokens = {name.removeprefix("oauth_"): said.get(name) for name in OAUTH}
    given = {**tokens, **{name: said.get(name) for name in KEYS}}
    return {name: str(value).strip() for name, value in given.items() if value}
