"""What is asked of OAuth2 requests: stricter than allauth's own answers (docs/adr/0051).

A code and a refresh token are rows that are locked, used once and kept: used again, by whomever,
they end all that came of them (`grant`, one id from the consent on).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.models import Client, Token
from django.utils import timezone
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors

from crm.access.oauth.grants import end_grant, facts, offered, tokens_with

CODE_LASTS = timedelta(minutes=1)
ACCESS_LASTS = timedelta(hours=1)
REFRESH_LASTS = timedelta(days=90)
GRANT_TYPES = frozenset({"authorization_code", "refresh_token"})
LOOPBACK = frozenset({"127.0.0.1", "::1"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256, base64url without padding
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def only_s256(request: Request) -> dict[str, Any]:
    """PKCE is for every client, and a challenge that is the verifier itself protects nothing."""
    if request.code_challenge is None:
        raise errors.MissingCodeChallengeError(request=request)
    if request.code_challenge_method != "S256":
        raise errors.UnsupportedCodeChallengeMethodError(request=request)
    if not _CHALLENGE.fullmatch(request.code_challenge):
        raise errors.InvalidRequestError("Malformed code challenge.", request=request)
    return {}


def well_formed_verifier(request: Request) -> None:
    if request.code_verifier is None or not _VERIFIER.fullmatch(request.code_verifier):
        raise errors.InvalidGrantError("Malformed code verifier.", request=request)


def is_registered(uri: str, registered: list[str]) -> bool:
    """Letter by letter; the port of this machine alone is free (RFC 8252, 7.3)."""
    return uri in registered or _without_port(uri) in map(_without_port, registered)


def _without_port(uri: str) -> str:
    """Of an address on this machine; any other stays what it is."""
    try:
        parts = urlsplit(uri)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.port is None:
            return uri
    except ValueError:
        return uri
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    start = f"http://{host}"
    return start + uri.removeprefix(f"{start}:{parts.port}") if uri.startswith(start) else uri


class Validator(OAuthLibRequestValidator):
    """One for each request: it remembers the code or refresh token that the request is about."""

    def __init__(self) -> None:
        super().__init__()
        self._from: Token | None = None

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return is_registered(redirect_uri, request.client.get_redirect_uris())

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Request, *args: Any
    ) -> bool:
        return response_type == "code"

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Client, request: Request, *args: Any
    ) -> bool:
        return bool(scopes) and offered(request.client).issuperset(scopes)

    def get_default_scopes(self, client_id: str, request: Request, *args: Any) -> list[str]:
        return []

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Request, *args: Any
    ) -> bool:
        return grant_type in GRANT_TYPES

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return True

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *args: Any
    ) -> None:
        row = self._row(request, Token.Type.AUTHORIZATION_CODE, code["code"], CODE_LASTS)
        row.set_scopes(request.scopes)
        row.data = {
            "grant": uuid4().hex,
            "redirect_uri": request.redirect_uri,
            "challenge": request.code_challenge,
        }
        row.save()

    def _row(self, request: Request, kind: str, value: str, lasts: timedelta) -> Token:
        row = Token(client=request.client, user=request.user, type=kind)
        row.set_value(value)
        row.expires_at = timezone.now() + lasts
        return row

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: Any
    ) -> bool:
        return self._take(Token.Type.AUTHORIZATION_CODE, code, request)

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any
    ) -> bool:
        return self._take(Token.Type.REFRESH_TOKEN, refresh_token, request)

    def _take(self, kind: str, value: str, request: Request) -> bool:
        """Locks the row until the answer is given; a second request waits, and finds it used."""
        row = tokens_with(value, [kind], request.client).select_for_update(of=("self",)).first()
        if row is None:
            return False
        if facts(row).get("used"):
            end_grant(row)
            return False
        over = row.expires_at is None or row.expires_at <= timezone.now()
        if over or row.user is None or not row.user.is_active:
            return False
        self._from = row
        request.user = row.user
        request.scopes = row.get_scopes()
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        return str(facts(self._source())["challenge"])

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Client,
        request: Request,
        *args: Any,
    ) -> bool:
        return bool(redirect_uri == facts(self._source())["redirect_uri"])

    def get_original_scopes(self, refresh_token: str, request: Request, *args: Any) -> list[str]:
        """Of the refresh token, less what the client is no longer registered for."""
        return [each for each in self._source().get_scopes() if each in offered(request.client)]

    def rotate_refresh_token(self, request: Request) -> bool:
        return True

    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Marks what this came of as used. The refresh token keeps all scopes it stood for."""
        source = self._source()
        access = self._row(request, Token.Type.ACCESS_TOKEN, token["access_token"], ACCESS_LASTS)
        access.set_scopes(request.scopes)
        refresh = self._row(
            request, Token.Type.REFRESH_TOKEN, token["refresh_token"], REFRESH_LASTS
        )
        refresh.set_scopes(source.get_scopes())
        access.data = refresh.data = {"grant": facts(source)["grant"]}
        Token.objects.bulk_create([access, refresh])
        source.data = {**facts(source), "used": True}
        source.save(update_fields=["data"])

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any
    ) -> None:
        """It is marked as used with the tokens that came of it."""

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any) -> None:
        """Of this client alone; with one token of a grant all of it ends."""
        kinds = [Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN]
        row = tokens_with(token, kinds, request.client).first()
        if row is not None:
            end_grant(row)

    def _source(self) -> Token:
        if self._from is None:
            raise errors.InvalidGrantError
        return self._from
