"""Answers of the API that are no JSON: what a client accepts is understood, refusals stay JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer


class _OnlyNamed(BaseRenderer):
    """The view writes such an answer itself; what goes through here is a refusal."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return JSONRenderer().render(data)


class PlainText(_OnlyNamed):
    media_type = "text/plain"
    format = "text"


class Csv(_OnlyNamed):
    media_type = "text/csv"
    format = "csv"


class EventStream(_OnlyNamed):
    media_type = "text/event-stream"
    format = "event-stream"
    charset = None


class ByAcceptAlone(DefaultContentNegotiation):
    """`?format=` is no parameter here: it would make an unknown one a 404."""

    def filter_renderers(
        self,
        renderers: Iterable[BaseRenderer],
        format: str,  # noqa: A002 - its name upstream
    ) -> list[BaseRenderer]:
        return list(renderers)
