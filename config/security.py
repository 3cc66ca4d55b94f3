"""What a browser may do with our pages (Content-Security-Policy)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_HEADER = "Content-Security-Policy"
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
# The admin's Alpine needs eval and inline styles. No page of ours holds an inline script.
_ADMIN = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'"
)


class ContentPolicy:
    """Adds the policy to every page that brings none of its own. The API is no page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _HEADER not in response and not request.path.startswith("/api/"):
            is_admin = request.path.startswith("/admin/")
            response[_HEADER] = _ADMIN if is_admin else _STRICT
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response
