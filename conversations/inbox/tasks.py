"""The alarm clocks of this room. Every one may be lost, doubled or late."""

from __future__ import annotations

import time
import uuid

from celery import shared_task
from django.utils import timezone

from conversations.inbox import (
    blocking,
    changes,
    delivery,
    enclosing,
    fetching,
    levels,
    retention,
    telling,
    waking,
)


@shared_task
def deliver(message_id: str) -> None:
    delivery.deliver(uuid.UUID(message_id))


@shared_task
def deliver_due() -> None:
    delivery.settle_lapsed(at=timezone.now())
    end = time.monotonic() + 15
    for message_id in delivery.due(at=timezone.now()):
        delivery.deliver(message_id)
        if time.monotonic() > end:
            break  # the next sweep goes on


@shared_task
def fetch_files() -> None:
    fetching.fetch_due(at=timezone.now())


@shared_task
def strike_old_words() -> None:
    end = time.monotonic() + 20
    while retention.strike_due(at=timezone.now()) and time.monotonic() < end:
        pass  # a batch a turn; the next hour goes on


@shared_task
def forget_unsent_files() -> None:
    enclosing.forget_unsent(at=timezone.now())


@shared_task
def forget_waiting_changes() -> None:
    changes.forget_waiting(at=timezone.now())


@shared_task
def end_snoozes() -> None:
    waking.end_snoozes(at=timezone.now())


@shared_task
def settle_blocks() -> None:
    blocking.settle()


@shared_task
def watch_deadlines() -> None:
    levels.watch(at=timezone.now())


@shared_task
def tell_colleagues() -> None:
    telling.tell_invited(at=timezone.now())
    telling.tell_takeovers(at=timezone.now())


@shared_task
def tell_deadlines() -> None:
    telling.tell_deadlines(at=timezone.now())
