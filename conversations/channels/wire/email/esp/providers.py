"""The providers of mail that a channel may have, in anymail's words.

Those that only announce a mail and have it fetched by a call of ours (Brevo, Resend, Mailtrap,
Amazon's S3) are no way in here: nothing is called while a batch of deliveries is read.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anymail.backends import brevo as brevo_out
from anymail.backends import mailgun as mailgun_out
from anymail.backends import mailjet as mailjet_out
from anymail.backends import postmark as postmark_out
from anymail.backends import sendgrid as sendgrid_out
from anymail.backends import sparkpost as sparkpost_out
from anymail.exceptions import AnymailNotSupportedWarning
from anymail.webhooks import brevo, mailgun, mailjet, postmark, sendgrid, sparkpost

KEYS = ("esp", "esp_api_key", "esp_secret_key", "esp_signing_key", "esp_domain", "esp_api_url")
WORD = "esp_word"  # of the webhooks' addresses
USER = "relais"
TRACKING, INBOUND, INBOUND_MIME = "tracking", "inbound", "inbound-mime"


@dataclass(frozen=True, slots=True)
class Provider:
    """sends: our keys by anymail's options of its backend; needed: those without which nothing is
    sent. hears: of its webhooks. signed: nothing is heard without its signing key."""

    title: str
    backend: Any
    views: Mapping[str, Any]
    sends: Mapping[str, str]
    needed: tuple[str, ...] = ("esp_api_key",)
    hears: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    signed: bool = False

    def lacks(self, keys: Mapping[str, str]) -> tuple[str, ...]:
        """What is missing to send by it."""
        return tuple(name for name in self.needed if not keys.get(name))


_API = {"api_key": "esp_api_key", "api_url": "esp_api_url"}
_SIGNED = {"webhook_signing_key": "esp_signing_key"}

PROVIDERS: dict[str, Provider] = {
    "brevo": Provider(
        title="Brevo",
        backend=brevo_out.EmailBackend,
        views={TRACKING: brevo.BrevoTrackingWebhookView},
        sends=_API,
    ),
    "mailgun": Provider(
        title="Mailgun",
        backend=mailgun_out.EmailBackend,
        views={
            TRACKING: mailgun.MailgunTrackingWebhookView,
            INBOUND: mailgun.MailgunInboundWebhookView,
            INBOUND_MIME: mailgun.MailgunInboundWebhookView,
        },
        sends={**_API, "sender_domain": "esp_domain"},
        hears=dict.fromkeys((TRACKING, INBOUND, INBOUND_MIME), _SIGNED),
        signed=True,
    ),
    "mailjet": Provider(
        title="Mailjet",
        backend=mailjet_out.EmailBackend,
        views={
            TRACKING: mailjet.MailjetTrackingWebhookView,
            INBOUND: mailjet.MailjetInboundWebhookView,
        },
        sends={**_API, "secret_key": "esp_secret_key"},
        needed=("esp_api_key", "esp_secret_key"),
    ),
    "postmark": Provider(
        title="Postmark",
        backend=postmark_out.EmailBackend,
        views={
            TRACKING: postmark.PostmarkTrackingWebhookView,
            INBOUND: postmark.PostmarkInboundWebhookView,
        },
        sends={"server_token": "esp_api_key", "api_url": "esp_api_url"},
    ),
    "sendgrid": Provider(
        title="SendGrid",
        backend=sendgrid_out.EmailBackend,
        views={
            TRACKING: sendgrid.SendGridTrackingWebhookView,
            INBOUND: sendgrid.SendGridInboundWebhookView,
        },
        sends=_API,
        hears={TRACKING: {"tracking_webhook_verification_key": "esp_signing_key"}},
    ),
    "sparkpost": Provider(
        title="SparkPost",
        backend=sparkpost_out.EmailBackend,
        views={
            TRACKING: sparkpost.SparkPostTrackingWebhookView,
            INBOUND: sparkpost.SparkPostInboundWebhookView,
        },
        sends=_API,
    ),
}


def of(keys: Mapping[str, str]) -> Provider | None:
    return PROVIDERS.get(keys.get("esp", ""))


def made(what: Any, options: Mapping[str, Any]) -> Any:
    """One of anymail's views or backends. That it tests SendGrid no longer is in our own docs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        return what(**options)


def options(names: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, str]:
    """anymail's options, as far as they are set."""
    return {name: keys[ours] for name, ours in names.items() if keys.get(ours)}
