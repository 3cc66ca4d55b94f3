"""The alarm clocks of this room. Every one may be lost, doubled or late."""

from __future__ import annotations

import time
import uuid

from celery import shared_task
from django.utils import timezone

from conversations.editorial import measuring, publishing

SECONDS = 15.0


@shared_task
def publish(publication_id: str) -> None:
    publishing.publish(uuid.UUID(publication_id))


@shared_task
def publish_due() -> None:
    """What is to appear now, and what a dead worker or a long pause left behind."""
    now = timezone.now()
    publishing.settle_lapsed(at=now)
    publishing.settle_missed(at=now)
    end = time.monotonic() + SECONDS
    for publication_id in publishing.due(at=now):
        publishing.publish(publication_id)
        if time.monotonic() > end:
            break  # the next scan goes on


@shared_task
def measure_due() -> None:
    """How what is out is doing, as its networks count it."""
    measuring.measure_due()
