"""How much one person and one of their tokens may ask of the API in a minute.

Counted in Redis. While that is away each process counts alone, so that nobody is refused for its
sake: a limit then only gets coarser.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from crm.access.doors import address_of
from crm.limits import Limit

if TYPE_CHECKING:  # it asks for this module when it is imported
    from rest_framework.views import APIView

MINUTE = 60
QUARTER = 900


class PerPersonAndToken(BaseThrottle):
    """Streams count when they are opened. Without a person nothing is counted here."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        person = request.user.pk
        if person is None:
            return True
        within = _is_within("API of a person", settings.API_PER_MINUTE, str(person))
        token = getattr(request.auth, "pk", None)
        if token is not None:
            most = settings.API_PER_MINUTE_A_TOKEN
            within = _is_within("API of a token", most, str(token)) and within
        return within

    def wait(self) -> float:
        return MINUTE - time.time() % MINUTE


def _is_within(name: str, most: int, subject: str) -> bool:
    return most <= 0 or Limit(name, most=most, seconds=MINUTE).allows(subject)


def note_wrong_token(request: Request) -> None:
    """Raises Throttled when too many came from the address. Right tokens from there are heard:
    a whole office may have one address.
    """
    limit = Limit("wrong tokens from an address", most=settings.API_WRONG_TOKENS, seconds=QUARTER)
    if limit.most > 0 and not limit.allows(address_of(request)):
        raise Throttled(wait=QUARTER - time.time() % QUARTER)
