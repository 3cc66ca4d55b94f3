"""Is this process alive; can this installation work: two questions of load balancers and people."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.journal.models import Pulse

logger = logging.getLogger(__name__)

PULSE_MAX_SECONDS = 60  # beat asks every 2 s; a task may last 45 s and hold both slots


class NotReady(Exception):
    """A part answers, but not as it should."""


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """This process answers; the trouble of a database or Redis is no reason to kill it."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Each part by name; 503 when one fails. The worker is judged by a row that a task wrote."""
    parts = {name: _look(check) for name, check in CHECKS.items()}
    ready = all(part["ok"] for part in parts.values())
    return JsonResponse(
        {"ready": ready, **parts},
        status=200 if ready else 503,
        headers={"Cache-Control": "no-store"},
    )


def _look(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True, **check()}
    except NotReady as problem:
        return {"ok": False, "reason": str(problem)}
    except Exception as problem:  # whatever it is, the answer is "not ready", not a 500
        logger.warning("not ready: %s", type(problem).__name__)
        return {"ok": False, "reason": type(problem).__name__}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _redis() -> dict[str, Any]:
    cache.get("readyz")
    return {}


def _worker() -> dict[str, Any]:
    pulse = Pulse.objects.filter(name="worker").first()
    if pulse is None:
        raise NotReady("no task has run yet")
    age = (timezone.now() - pulse.at).total_seconds()
    if age > PULSE_MAX_SECONDS:
        raise NotReady(f"the last task ran {age:.0f} s ago")
    return {"age_seconds": round(age, 1)}


CHECKS = {"database": _database, "redis": _redis, "worker": _worker}
