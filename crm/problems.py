"""Refusals as machines read them: RFC 9457 problem details with a stable `code`."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int, code: str, detail: str, *, errors: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """errors: one entry a wrong value, `{"in", "pointer", "code", "detail"}` (docs/api.md)."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return body


def problem_response(status: int, code: str, detail: str) -> JsonResponse:
    """For doors outside the API, which answer in the same form."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)
