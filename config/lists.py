"""Lists of API v1: cut into pages by a cursor, filtered by what the list names and nothing else."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import MultipleChoiceFilter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from crm.strict import instant

LARGEST_PAGE = 200
PAGE = 50
LONGEST_QUERY = 4_000


class QueryRefused(ValidationError):
    """A wrong value in the address, not in the body."""

    where = "query"

    @classmethod
    def of(cls, name: str, words: str, code: str) -> QueryRefused:
        return cls({name: [ErrorDetail(words, code)]})


class Pages(BasePagination):
    """Rows after (or before) a place in the order, `{next, previous, results}`.

    A view says `ordered_by`: a column of instants ("-" for newest first) or nothing; the id
    settles ties, so that no row is skipped or shown twice while others are added.
    """

    first: Model | None
    last: Model | None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.request = request
        named = str(getattr(view, "ordered_by", "id"))
        self.field, self.newest_first = named.lstrip("-"), named.startswith("-")
        self.size = _page_size(request)
        place = _read_cursor(request.query_params.get("cursor"), bare=self.field == "id")
        self.backwards = place is not None and place.backwards
        descending = self.newest_first != self.backwards
        if place is not None:
            queryset = queryset.filter(self._beyond(place, descending))
        sign = "-" if descending else ""
        order = dict.fromkeys((f"{sign}{self.field}", f"{sign}id"))
        found = list(queryset.order_by(*order)[: self.size + 1])
        more, page = len(found) > self.size, found[: self.size]
        if self.backwards:
            page.reverse()
        self.first, self.last = (page[0], page[-1]) if page else (None, None)
        self.has_next = more if not self.backwards else True
        self.has_previous = more if self.backwards else place is not None
        return page

    def _beyond(self, place: _Place, descending: bool) -> Q:
        side = "lt" if descending else "gt"
        if place.at is None:
            return Q(**{f"id__{side}": place.id})
        strictly = Q(**{f"{self.field}__{side}": place.at}) | Q(**{f"id__{side}": place.id})
        return Q(**{f"{self.field}__{side}e": place.at}) & strictly

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self.last, backwards=False) if self.has_next else None,
                "previous": self._link(self.first, backwards=True) if self.has_previous else None,
                "results": data,
            }
        )

    def _link(self, row: Model | None, *, backwards: bool) -> str | None:
        if row is None:
            return None
        at = None if self.field == "id" else getattr(row, self.field).isoformat()
        words = json.dumps([int(backwards), at, str(row.pk)], separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        # the examples are None: drf-spectacular builds the example of a page from them
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Taken from `next` or `previous`; opaque.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "description": f"Rows a page, {PAGE} by default; more than {LARGEST_PAGE} is "
                f"answered with {LARGEST_PAGE}.",
                "schema": {"type": "integer", "minimum": 1, "default": PAGE},
            },
        ]


class _Place:
    def __init__(self, backwards: bool, at: datetime | None, row: uuid.UUID) -> None:
        self.backwards, self.at, self.id = backwards, at, row


def _read_cursor(cursor: str | None, *, bare: bool) -> _Place | None:
    """bare: the order is the id's alone."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        words = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        backwards, at, row = words
        moment = None if at is None else instant(at)
        place = _Place(bool(backwards), moment, uuid.UUID(row))
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise QueryRefused.of("cursor", _("This is no cursor of ours."), "invalid") from error
    if (moment is None) != bare:
        raise QueryRefused.of("cursor", _("This is a cursor of another list."), "invalid")
    return place


def _page_size(request: Request) -> int:
    text = request.query_params.get("page_size")
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise QueryRefused.of("page_size", _("A whole number above 0 is expected."), "invalid")
    return LARGEST_PAGE if len(text) > 6 else min(int(text), LARGEST_PAGE)


_OF_PAGES = ("cursor", "page_size")


class NamedFilters(DjangoFilterBackend):
    """Any other name, any doubled or unreadable value is a 400: never a filter that is ignored."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        filters = self.get_filterset_class(view, queryset)
        named = filters.base_filters if filters else {}
        known = {*named, *_OF_PAGES, "format"}
        for name, values in request.query_params.lists():
            _check(name, values, known, many=isinstance(named.get(name), MultipleChoiceFilter))
        try:
            filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        except ValidationError as error:
            raise QueryRefused(error.detail) from error
        return filtered

    def get_filterset_kwargs(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> dict[str, Any]:
        """A filter without a value filters nothing, also one that takes several values."""
        said = request.query_params.copy()
        for name, values in request.query_params.lists():
            said.setlist(name, [value for value in values if value])
        return {"data": said, "queryset": queryset, "request": request}


def _check(name: str, values: Sequence[str], known: set[str], *, many: bool) -> None:
    if name not in known:
        raise QueryRefused.of(name, _("There is no such filter."), "unknown_filter")
    if len(values) > 1 and not many:
        raise QueryRefused.of(name, _("This filter takes one value."), "repeated")
    if any("\0" in value or len(value) > LONGEST_QUERY for value in values):
        raise QueryRefused.of(name, _("This value can't be read."), "invalid")
