"""Signs of life. A process that runs may still be deaf, so parts are judged by what they did."""

import http.client
import time
from collections.abc import Mapping

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone
from redis.exceptions import RedisError

from crm.journal.models import Pulse

WORKER_DEAF_SECONDS = 60.0  # above the hard limit of a task, which may hold both slots
WEB_DEAF_SECONDS = 30.0
# A start on a busy machine takes long; killed for that, the next one would take as long again
STARTING_SECONDS = 180.0
ANSWER_SECONDS = 3.0


class Signs:
    """When the web server and the worker were last seen to do something."""

    def __init__(self, door: str) -> None:
        self.door = door
        self.started_at = self.web_at = self.task_at = time.monotonic()

    def ready(self) -> bool:
        """Does everything answer, with a task that ran since we started?"""
        if not self._answers("/livez"):
            return False
        age = self._age_of_last_task()
        fresh = age is not None and age < time.monotonic() - self.started_at
        return fresh and self._answers("/readyz")

    def look(self) -> None:
        """Nobody is blamed for what the servers below do: their silence counts as a sign."""
        if self._answers("/livez"):
            self.web_at = time.monotonic()
        age = self._age_of_last_task() or 0.0
        self.task_at = max(self.task_at, time.monotonic() - age)

    def deaf(self, ages: Mapping[str, float]) -> list[str]:
        """Name the parts without a sign for too long; `ages` since their last start in seconds."""
        now = time.monotonic()
        found = []
        if _is_deaf(now - self.web_at, ages["web"], WEB_DEAF_SECONDS):
            found.append("web")
        if _is_deaf(now - self.task_at, ages["worker"], WORKER_DEAF_SECONDS):
            found += ["worker", "beat"]  # either may be the one that stopped
        return found

    def _age_of_last_task(self) -> float | None:
        """Seconds, or None when nobody can tell."""
        close_old_connections()  # this loop is no request: nothing else drops a broken connection
        try:
            cache.get("readyz")
            at = Pulse.objects.get(name="worker").at
        except (DatabaseError, InterfaceError, RedisError, OSError, Pulse.DoesNotExist):
            return None
        return (timezone.now() - at).total_seconds()

    def _answers(self, path: str) -> bool:
        connection = http.client.HTTPConnection(self.door, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _is_deaf(silent: float, age: float, limit: float) -> bool:
    """Whether a part of `age` seconds that gave its last sign `silent` seconds ago is lost."""
    has_begun = silent < age
    return silent > limit if has_begun else age > STARTING_SECONDS
