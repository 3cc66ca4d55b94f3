"""OAuth2 for the apps of those who answer: consent, tokens, revocation, what is where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oauthlib.oauth2 import AccessDeniedError, FatalClientError, OAuth2Error

from crm.access.doors import actor_of, address_of
from crm.access.oauth.serving import server
from crm.access.oauth.validating import GRANT_TYPES
from crm.access.scopes import Scope
from crm.journal.services import record
from crm.limits import Limit
from crm.organisation.models import User

WRONG = Limit("wrong requests for tokens from an address", most=60, seconds=900)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Asks the person; what the app asked is read and judged again when they answer."""
    uri = request.get_full_path()
    try:
        if _is_unreadable(request.GET):
            return _misled(request, "")
        serving = server()
        scopes, asked = serving.validate_authorization_request(uri)
        if request.method != "POST":
            return _consent(request, scopes, asked)
        if request.POST.get("action") != "allow":
            raise AccessDeniedError(request=asked["request"])
        return _let_in(request, scopes, asked)
    except FatalClientError as error:
        return _misled(request, str(error.description or error.error))
    except OAuth2Error as error:
        return _lead_to(error.in_uri(error.redirect_uri))
    except ValueError:  # of oauthlib: a query that is none
        return _misled(request, "")


def _is_unreadable(query: QueryDict) -> bool:
    """A parameter that comes twice, or holds what no database takes."""
    return any(len(values) > 1 or "\0" in values[0] for _, values in query.lists())


def _let_in(request: HttpRequest, scopes: list[str], asked: dict[str, Any]) -> HttpResponse:
    client = asked["request"].client
    with transaction.atomic():
        headers, _body, _status = server().create_authorization_response(
            request.get_full_path(), scopes=scopes, credentials={"user": request.user}
        )
        who = actor_of(request)
        record(
            "app_let_in",
            cast("User", request.user),
            by=who,
            client=client.pk,
            scopes=sorted(scopes),
        )
    return _lead_to(headers["Location"])


def _lead_to(uri: str) -> HttpResponse:
    """Not Django's redirect, which knows the schemes of the web alone: apps have their own."""
    return HttpResponse(status=302, headers={"Location": uri, "Referrer-Policy": "no-referrer"})


def _misled(request: HttpRequest, words: str) -> HttpResponse:
    """Whoever sent the person here is not known: they are led nowhere."""
    return render(request, "crm/oauth_error.html", {"words": words}, status=400)


def _consent(request: HttpRequest, scopes: list[str], asked: dict[str, Any]) -> HttpResponse:
    named = dict(Scope.choices)
    target = urlsplit(asked["redirect_uri"])
    words = {
        "client": asked["request"].client,
        "opens": [named[scope] for scope in sorted(scopes)],
        "target": target.netloc or target.scheme,
    }
    response = render(request, "crm/oauth_consent.html", words)
    # a browser asks this policy about where the answer to the form leads, too
    onward = f"{target.scheme}://{target.netloc}" if target.netloc else f"{target.scheme}:"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {onward}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return response


@csrf_exempt
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    return _answer(request, "create_token_response")


@csrf_exempt
@never_cache
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    return _answer(request, "create_revocation_response")


def _answer(request: HttpRequest, verb: str) -> HttpResponse:
    """RFC 6749's own form of errors, for libraries of clients; what it changed stands even then."""
    address = address_of(request)
    if WRONG.is_reached(address):
        later = {"Retry-After": str(WRONG.seconds)}
        return JsonResponse({"error": "temporarily_unavailable"}, status=429, headers=later)
    if request.GET or _is_unreadable(request.POST):
        WRONG.allows(address)
        return JsonResponse({"error": "invalid_request"}, status=400)
    with transaction.atomic():
        speak = getattr(server(), verb)
        headers, body, status = speak(
            request.path, "POST", urlencode(request.POST.dict()), dict(_headers(request))
        )
    if status >= 400:
        WRONG.allows(address)
    return HttpResponse(body, status=status, headers=headers)


def _headers(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for name in ("Authorization", "Content-Type"):
        if name in request.headers:
            yield name, request.headers[name]


@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """RFC 8414."""
    return JsonResponse(
        {
            "issuer": settings.BASE_URL,
            "authorization_endpoint": settings.BASE_URL + reverse("oauth_authorize"),
            "token_endpoint": settings.BASE_URL + reverse("oauth_token"),
            "revocation_endpoint": settings.BASE_URL + reverse("oauth_revoke"),
            "service_documentation": settings.BASE_URL + reverse("api-docs"),
            "scopes_supported": [scope for scope in Scope.values if scope != Scope.ALL],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": sorted(GRANT_TYPES),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "none",
                "client_secret_basic",
                "client_secret_post",
            ],
        }
    )


urlpatterns = [
    path(".well-known/oauth-authorization-server", metadata, name="oauth_metadata"),
    path("oauth/authorize/", authorize, name="oauth_authorize"),
    path("oauth/token/", token, name="oauth_token"),
    path("oauth/revoke/", revoke, name="oauth_revoke"),
]
