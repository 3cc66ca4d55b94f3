"""`Authorization: Bearer ...`: a token is its person, within what it was made for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from allauth.idp.oidc.models import Token
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from crm.access.models import PersonalToken
from crm.access.oauth.grants import ACCESS_PREFIX, facts, offered
from crm.access.scopes import opens, scope_of
from crm.access.throttling import note_wrong_token
from crm.errors import Forbidden
from crm.organisation.models import User
from crm.values import Actor, Via

# Starts every token with scopes: one whose row is lost opens nothing, instead of everything.
PREFIX = "rlp"
NOTED = timedelta(minutes=1)  # how exact `last_used_at` is


class BearerToken(TokenAuthentication):
    """Also asks whether the token may be used for this: every door that knows tokens has it."""

    def authenticate(self, request: Request) -> Any:
        try:
            found = super().authenticate(request)  # type: ignore[no-untyped-call]
        except AuthenticationFailed:
            note_wrong_token(request)
            raise
        if found is not None:
            _check_scope(request, found[1])
        return found

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isalnum():  # also bytes that are no text, or that no database takes
            raise AuthenticationFailed
        if token.startswith(ACCESS_PREFIX.encode()):
            return _of_an_app(token.decode())
        return super().authenticate_credentials(token)  # type: ignore[no-untyped-call]


def _of_an_app(value: str) -> tuple[User, Token]:
    found = Token.objects.valid().by_value(value).filter(type=Token.Type.ACCESS_TOKEN)
    token = found.select_related("user", "client").first()
    if token is None or not isinstance(token.user, User) or not token.user.is_active:
        raise AuthenticationFailed
    return token.user, token


def _check_scope(request: Request, token: AuthToken | Token) -> None:
    """A token of before there were scopes opens everything."""
    if isinstance(token, Token):
        require(offered(token.client) & set(token.get_scopes()), request)
    elif token.token_key.startswith(PREFIX):
        said = PersonalToken.objects.filter(token=token).first()
        if said is None:
            raise AuthenticationFailed
        require(said.scopes, request)
        _note_use(said)


def require(scopes: Iterable[str], request: Request) -> None:
    """Raises Forbidden unless one of `scopes` opens what is asked for."""
    method, path = request.method or "", request.path
    if not opens(scopes, method, path):
        raise Forbidden(
            _("this token may not be used for that; it takes %(scope)s")
            % {"scope": scope_of(method, path).value},
            code="scope_missing",
        )


def _note_use(said: PersonalToken) -> None:
    before = timezone.now() - NOTED
    if said.last_used_at is None or said.last_used_at < before:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=before)
        PersonalToken.objects.filter(stale, pk=said.pk).update(last_used_at=timezone.now())


def is_alive(token: Any) -> bool:
    """Whether what a request was let in with still lets in: not revoked, not over."""
    if isinstance(token, AuthToken):
        rows = AuthToken.objects.filter(Q(expiry=None) | Q(expiry__gt=timezone.now()))
    elif isinstance(token, Token):
        rows = Token.objects.valid()
    else:
        return False
    return bool(rows.filter(pk=token.pk, user__is_active=True).exists())


def person(request: Request) -> User:
    if not isinstance(request.user, User):
        raise Forbidden("sign in first", code="not_authenticated")
    return request.user


def actor_of(request: Request) -> Actor:
    """The holder of the token, named by the start of its digest; of an app's, by the consent."""
    if isinstance(request.auth, Token):
        session = f"app:{facts(request.auth)['grant']}"
    else:
        digest = getattr(request.auth, "digest", "")
        session = f"token:{digest[:32]}" if digest else ""
    return Actor(user=person(request), via=Via.OWN, session=session)
