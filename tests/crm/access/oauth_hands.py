"""An app as OAuth2 knows it: what it registers, asks, keeps and sends."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from allauth.idp.oidc.models import Client as Registered
from django.test import Client as Browser

from crm.access.oauth.clients import new_secret, save_client
from crm.organisation.models import User
from crm.values import AUTOMATION
from tests.api.hands import Caller

BACK = "https://app.example/back"
SCOPES = ("offers", "profile", "conversations:read")


class App:
    def __init__(self, *, back: str = BACK, kind: str = "public", scopes: Any = SCOPES) -> None:
        self.back = back
        self.client = Registered(name="Pocket", type=kind, redirect_uris=back)
        self.client.set_scopes(scopes)
        save_client(self.client, by=AUTOMATION)
        self.secret = new_secret(self.client, by=AUTOMATION) if kind == "confidential" else ""
        self.verifier = secrets.token_urlsafe(48)

    def asking(self, **changed: Any) -> str:
        """The address that it leads a person to; None takes a parameter away."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        words: dict[str, Any] = {
            "response_type": "code",
            "client_id": self.client.pk,
            "redirect_uri": self.back,
            "scope": "offers profile",
            "state": "xyz",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        } | changed
        return "/oauth/authorize/?" + urlencode({k: v for k, v in words.items() if v is not None})

    def code_of(self, user: User, **changed: Any) -> str:
        return str(self.allowed_by(user, **changed)["code"])

    def allowed_by(self, user: User, action: str = "allow", **changed: Any) -> dict[str, str]:
        """What stands in the address that the person's answer leads to."""
        browser = Browser()
        browser.force_login(user)
        answer = browser.post(self.asking(**changed), {"action": action})
        assert answer.status_code == 302, answer.content
        where = urlsplit(answer["Location"])
        assert answer["Location"].startswith(str(changed.get("redirect_uri", self.back)))
        return {name: value for name, (value,) in parse_qs(where.query).items()}

    def trade(self, code: str, /, **changed: Any) -> Any:
        return self.send(
            "/oauth/token/",
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.back,
                "code_verifier": self.verifier,
            }
            | changed,
        )

    def refresh(self, token: str, **changed: Any) -> Any:
        words = {"grant_type": "refresh_token", "refresh_token": token}
        return self.send("/oauth/token/", words | changed)

    def revoke(self, token: str, **changed: Any) -> Any:
        return self.send("/oauth/revoke/", {"token": token} | changed)

    def send(self, path: str, words: dict[str, Any]) -> Any:
        said = {"client_id": self.client.pk} | words
        if self.secret:
            said.setdefault("client_secret", self.secret)
        said = {name: value for name, value in said.items() if value is not None}
        kind = "application/x-www-form-urlencoded"
        return Browser().post(path, urlencode(said), content_type=kind)


def calling(token: str) -> Caller:
    caller = Caller()
    caller.use(token)
    return caller
