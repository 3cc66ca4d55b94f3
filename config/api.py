"""API v1: what all its rooms share. How a body is read, a list is cut, a refusal is said."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import set_rollback

from conversations.channels.wire import strict_json
from crm import errors
from crm.problems import CONTENT_TYPE, problem, problem_response

logger = logging.getLogger(__name__)

LARGEST_BODY = 2 * 1024 * 1024  # bytes; the longest text, every character escaped
_STATUS: tuple[tuple[type[errors.RelaisError], int], ...] = (
    (errors.Invalid, 400),
    (errors.Forbidden, 403),
    (errors.Missing, 404),
    (errors.Conflict, 409),
    (errors.Stale, 412),
    (errors.Unprocessable, 422),
    (errors.Unavailable, 503),
)


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = f"at most {LARGEST_BODY} bytes are taken"


class StrictJSON(JSONParser):
    """Refuses what PostgreSQL or a reader could choke on, at the door."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLarge
        try:
            return strict_json.loads(body)
        except strict_json.NotStrict as error:
            raise exceptions.ParseError(f"{error}", code="malformed") from error


def refuse(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Every refusal of the API in one form; None lets a bug surface as a 500."""
    answer = _answer(error)
    if answer is None:
        return None
    set_rollback()
    status, body, headers = answer
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


Answer = tuple[int, dict[str, Any], dict[str, str]]


def _answer(error: Exception) -> Answer | None:
    if isinstance(error, errors.RelaisError):
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return status, problem(status, error.code, str(error)), {}
    if isinstance(error, DatabaseError):
        return _database_said(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _rest_said(error)
    return None


def _database_said(error: DatabaseError) -> Answer | None:
    if isinstance(error, DataError):  # a value no column takes and no check of ours caught
        logger.warning("a value was refused by the database: %s", error)
        return 400, problem(400, "invalid", _("a value can't be kept")), {}
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("the database does not answer: %s", error)
        return 503, problem(503, "unavailable", _("try again")), {"Retry-After": "2"}
    return None


def _rest_said(error: exceptions.APIException) -> Answer:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    status = error.status_code
    if isinstance(error, exceptions.ValidationError):
        where = getattr(error, "where", "body")
        details = [
            {"in": where, "pointer": pointer, "code": str(detail.code), "detail": str(detail)}
            for pointer, detail in _pointed(error.detail, "")
        ]
        words = "; ".join(f"{each['pointer']}: {each['detail']}" for each in details)
        return status, problem(status, "invalid", words, errors=details), headers
    code = _CODES.get(type(error), error.detail.code)  # type: ignore[union-attr]
    return status, problem(status, str(code), str(error.detail)), headers


_CODES = {
    exceptions.AuthenticationFailed: "invalid_token",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.PermissionDenied: "forbidden",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.MethodNotAllowed: "method_not_allowed",
}


def _pointed(detail: Any, pointer: str) -> Iterable[tuple[str, exceptions.ErrorDetail]]:
    """(JSON pointer, what is wrong there), RFC 6901."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name == "non_field_errors"
            token = str(name).replace("~", "~0").replace("/", "~1")
            yield from _pointed(inner, pointer if whole else f"{pointer}/{token}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            listed = isinstance(inner, dict | list)
            yield from _pointed(inner, f"{pointer}/{index}" if listed else pointer)
    else:
        yield pointer, detail


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem_response(404, "not_found", _("there is nothing at this address"))
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem_response(400, "bad_request", _("the request can't be understood"))
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return problem_response(500, "server_error", _("something broke on our side"))
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/hooks/", "/files/"))
