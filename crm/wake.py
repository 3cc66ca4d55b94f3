"""Celery is the alarm clock: a verb that left work in a row wakes the task that does it.

The broker may be slow, frozen or dead, and a door must not feel it: the publishing is done by
one background thread a process, which also joins equal nudges of the same moment. A nudge that
is lost costs one sweep interval, never a row.
"""

from __future__ import annotations

import logging
import threading
import time
from enum import StrEnum

from celery import current_app
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 10.0  # seconds: the sweep carries meanwhile
GATHER = 0.02  # seconds in which equal nudges become one
MOST_WAITING = 10_000


class Task(StrEnum):
    """Every task that a verb may wake; a test holds this against the registered tasks."""

    INGEST = "conversations.channels.tasks.ingest"
    READ_ACCOUNTS = "conversations.channels.tasks.read_accounts"
    ERASE = "crm.privacy.tasks.erase_due"
    EXPORT = "crm.privacy.tasks.make_exports"
    SETTLE_BLOCKS = "conversations.inbox.tasks.settle_blocks"
    DELIVER = "conversations.inbox.tasks.deliver"
    FETCH_FILES = "conversations.inbox.tasks.fetch_files"
    PUBLISH = "conversations.editorial.tasks.publish"
    READ_PLACES = "conversations.listening.tasks.read_due"
    ROUTE = "ambassadors.routing.tasks.route"
    COUNT_USES = "conversations.knowledge.tasks.count_uses"
    POST_EVENTS = "ambassadors.live.tasks.post_events"
    TELL = "ambassadors.routing.tasks.tell"
    TELL_APPROVALS = "ambassadors.governance.tasks.tell_due"
    TELL_OFFERS = "ambassadors.routing.tasks.tell_offers"


class _Nudger:
    def __init__(self) -> None:
        self._waiting: dict[tuple[Task, tuple[str, ...]], None] = {}
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, task: Task, args: tuple[str, ...]) -> None:
        with self._ready:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[task, args] = None
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()
            self._ready.notify()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._waiting:
                    self._ready.wait()
            time.sleep(GATHER)
            with self._ready:
                batch, self._waiting = list(self._waiting), {}
            try:
                for task, args in batch:
                    current_app.send_task(task.value, args=args, retry=False, ignore_result=True)
            except Exception:  # any broker trouble: the rows are safe, the sweep finds them
                logger.warning("broker unreachable, %s nudges left to the sweep", len(batch))
                time.sleep(PAUSE_AFTER_FAILURE)


_nudger = _Nudger()


def wake(task: Task, *args: object) -> None:
    """Nudges `task` after the commit of the running transaction. Never raises, never waits."""
    if not settings.WAKE:
        return
    words = tuple(str(arg) for arg in args)
    transaction.on_commit(lambda: _nudger.add(task, words), robust=True)
