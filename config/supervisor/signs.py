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


class Signs:
    """When the web server and the worker were last seen to do something."""

    def __init__(self, url: str) -> None:
        self.host = url.partition("://")[2]
        self.web_at = self.task_at = time.monotonic()

    def ready(self) -> bool:
        return self._answers("/readyz", timeout=3)

    def look(self) -> None:
        """Nobody is blamed for what the servers below do: their silence counts as a sign."""
        if self._answers("/livez", timeout=3):
            self.web_at = time.monotonic()
        age = self._age_of_last_task()
        self.task_at = max(self.task_at, time.monotonic() - age)

    def deaf(self, ages: Mapping[str, float]) -> list[str]:
        """Name the parts without a sign for too long; `ages` since their last start in seconds."""
        now = time.monotonic()
        found = []
        if now - self.web_at > WEB_DEAF_SECONDS < ages["web"]:
            found.append("web")
        if now - self.task_at > WORKER_DEAF_SECONDS < ages["worker"]:
            found += ["worker", "beat"]  # either may be the one that stopped
        return found

    def _age_of_last_task(self) -> float:
        close_old_connections()  # this loop is no request: nothing else drops a broken connection
        try:
            cache.get("readyz")
            at = Pulse.objects.get(name="worker").at
        except (DatabaseError, InterfaceError, RedisError, OSError, Pulse.DoesNotExist):
            return 0.0
        return (timezone.now() - at).total_seconds()

    def _answers(self, path: str, *, timeout: float) -> bool:
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
