"""Every address of the house, as the resolver knows it: nothing is listed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def walk(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(route, its pattern): `admin/crm/unit/<path:object_id>/change/`."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = f"{before}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from walk(entry, route)
        else:
            yield route, entry


def view_class(pattern: URLPattern) -> Any:
    """The class behind a class-based view, else None."""
    return getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


def methods(pattern: URLPattern) -> list[str]:
    """What a view of the API answers to."""
    return [name for name in METHODS if hasattr(view_class(pattern), name.lower())]


def of_api() -> list[tuple[str, str, Any]]:
    """(method, route, view class) of every operation behind a token."""
    return [
        (method, route, view_class(pattern))
        for route, pattern in walk()
        if route.startswith(("api/", "files/"))
        for method in methods(pattern)
    ]


def of_admin() -> list[str]:
    return [route for route, _ in walk() if route.startswith("admin/")]


def of_pages() -> list[str]:
    return [route for route, _ in walk() if not route.startswith(("admin/", "api/", "files/"))]
