"""What holds for the length of one request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crm.access.services import grants_read_once

Answer = Callable[[HttpRequest], HttpResponseBase]


def rights_read_once(answer: Answer) -> Answer:
    def with_rights(request: HttpRequest) -> HttpResponseBase:
        with grants_read_once():
            return answer(request)

    return with_rights
