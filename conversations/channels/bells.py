"""Networks that tell at once when an account has something to read: the reading comes sooner.

A bell brings nothing in and keeps no position, so that a second listener beside it does no harm,
and one that rings in vain, or not at all, costs nothing: the account is read when it is due.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import Error as DatabaseError
from django.utils import timezone

from conversations.channels.accounts import account_of, bell_kinds, bell_of
from conversations.channels.models import Channel, Polling
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.reading.line import Line
from conversations.channels.wire.reading.reader import NotHeard
from crm.wake import Task, wake

logger = logging.getLogger(__name__)

TURN = 0.5  # seconds without a word, after which we look up
LOOK = 10.0  # seconds between two looks whether the account is still what it was
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0  # seconds after failures: twice as long each time


@dataclass(slots=True)
class Bells:
    """Those that this process listens to, and when the others are tried again."""

    held: set[uuid.UUID] = field(default_factory=set)
    failures: dict[uuid.UUID, int] = field(default_factory=dict)
    not_before: dict[uuid.UUID, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def claim(self, most: int) -> uuid.UUID | None:
        """An account that nobody of us listens to."""
        wanted = Channel.objects.filter(
            kind__in=bell_kinds(), token__isnull=False, closed_at=None
        ).order_by("pk")
        with self.lock:
            if len(self.held) >= most:
                return None
            for pk in wanted.values_list("pk", flat=True):
                if pk not in self.held and time.monotonic() >= self.not_before.get(pk, 0.0):
                    self.held.add(pk)
                    return pk
        return None

    def hold(self, pk: uuid.UUID, told_to_stop: Callable[[], bool]) -> None:
        """Until it breaks, the account changes, or we are told to stop."""
        try:
            _listen(pk, told_to_stop, lambda: self.failures.pop(pk, 0))
        except DatabaseError:
            raise  # the bell is not to blame
        except (NotHeard, NotRead) as error:
            self._failed(pk, error.retry_after or 0.0)
            logger.info("channel %s: no bell: %s", pk, error)
        except Exception:  # an adapter's bug: seen, and tried again
            self._failed(pk, 0.0)
            logger.exception("channel %s: the bell failed", pk)
        finally:
            with self.lock:
                self.held.discard(pk)

    def _failed(self, pk: uuid.UUID, asked: float) -> None:
        self.failures[pk] = self.failures.get(pk, 0) + 1
        pause = min(FIRST_PAUSE * 2 ** min(self.failures[pk] - 1, 12), LONGEST_PAUSE)
        self.not_before[pk] = time.monotonic() + max(pause, asked)


def _listen(
    pk: uuid.UUID, told_to_stop: Callable[[], bool], still_well: Callable[[], object]
) -> None:
    channel = Channel.objects.filter(pk=pk).first()
    adapter = bell_of(channel) if channel else None
    if channel is None or adapter is None:
        return
    account = account_of(channel)
    with Line(adapter.bell(account), loopback=account.loopback, inside=account.inside) as line:
        ring(channel.pk)  # for what came before we listened
        look = time.monotonic() + LOOK
        while not told_to_stop():
            frame = line.frame(seconds=TURN)
            if frame is not None and adapter.rings(frame):
                ring(channel.pk)
            if time.monotonic() >= look:
                look = time.monotonic() + LOOK
                still_well()
                if not _is_the_same(channel):
                    return


def _is_the_same(channel: Channel) -> bool:
    now = Channel.objects.filter(pk=channel.pk, closed_at=None).first()
    return now is not None and now.credentials == channel.credentials


def ring(channel: uuid.UUID) -> None:
    """It is read at once; one that failed waits as long as it has to."""
    now = timezone.now()
    due = Polling.objects.filter(channel=channel, failures=0, due_at__gt=now + timedelta(seconds=1))
    if due.update(due_at=now):
        wake(Task.READ_ACCOUNTS)
