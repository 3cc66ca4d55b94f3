"""Personal tokens: `Authorization: Bearer ...`. A token is its person, not a service key."""

from __future__ import annotations

from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from crm.errors import Forbidden
from crm.organisation.models import User
from crm.values import Actor, Via


class BearerToken(TokenAuthentication):
    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isalnum():  # also bytes that are no text, or that no database takes
            raise AuthenticationFailed
        return super().authenticate_credentials(token)  # type: ignore[no-untyped-call]


def person(request: Request) -> User:
    if not isinstance(request.user, User):
        raise Forbidden("sign in first", code="not_authenticated")
    return request.user


def actor_of(request: Request) -> Actor:
    """The holder of the token; the token itself is named by the start of its digest."""
    digest = getattr(request.auth, "digest", "")
    session = f"token:{digest[:32]}" if digest else ""
    return Actor(user=person(request), via=Via.OWN, session=session)
