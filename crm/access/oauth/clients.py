"""Apps that may ask people to let them in: registered by administrators, changed on record."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Client
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.access.oauth.validating import LOOPBACK
from crm.journal.services import record
from crm.values import Actor

MOST_URIS = 20


def check_redirect_uri(uri: str) -> None:
    """Raises ValidationError for an address that a code must not be sent to (RFC 9700, RFC 8252).

    Taken are https, this machine over http, and an app's own scheme, which has a dot.
    """
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - reading it judges it
    except ValueError as error:
        raise ValidationError(_("%(uri)s is no address") % {"uri": uri}) from error
    odd = not uri.isascii() or not uri.isprintable() or any(mark in uri for mark in ' *\\#"<>;,')
    if odd or parts.username is not None:
        raise ValidationError(_("%(uri)s holds what no such address may") % {"uri": uri})
    web = parts.scheme == "https" and parts.hostname
    here = parts.scheme == "http" and parts.hostname in LOOPBACK
    own = "." in parts.scheme and not parts.netloc and parts.path.startswith("/")
    if not (web or here or own):
        raise ValidationError(
            _("%(uri)s is neither https, nor 127.0.0.1, nor an app's own scheme") % {"uri": uri}
        )


def save_client(client: Client, *, by: Actor) -> None:
    """Registers or changes it. No secret works before one was made."""
    is_new = client._state.adding  # noqa: SLF001 - Django documents it
    client.set_grant_types(["authorization_code", "refresh_token"])
    client.set_response_types(["code"])
    client.allow_uri_wildcards = client.skip_consent = False
    with transaction.atomic():
        if is_new:
            client.set_secret(secrets.token_urlsafe(32))
        client.save()
        verb = "app_registered" if is_new else "app_changed"
        record(verb, client, by=by, uris=client.get_redirect_uris(), scopes=client.get_scopes())


def new_secret(client: Client, *, by: Actor) -> str:
    """The former one works no more from here on; this one is known at this moment only."""
    secret = secrets.token_urlsafe(32)
    client.set_secret(secret)
    with transaction.atomic():
        client.save(update_fields=["secret"])
        record("app_secret_made", client, by=by)
    return secret


def remove_client(client: Client, *, by: Actor) -> None:
    """With all that people have let it do."""
    with transaction.atomic():
        record("app_removed", client, by=by)
        client.delete()
