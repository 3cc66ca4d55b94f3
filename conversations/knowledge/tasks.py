"""The alarm clocks of this room."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from conversations.knowledge import telling, using


@shared_task
def count_uses(message_id: str) -> None:
    using.count_uses(uuid.UUID(message_id))


@shared_task
def count_uses_due() -> None:
    for message_id in using.uncounted(at=timezone.now()):
        using.count_uses(message_id)


@shared_task
def tell_due() -> None:
    """Flags and stale articles; the rows say who was told."""
    now = timezone.now()
    telling.tell_flags(at=now)
    telling.tell_stale(at=now)
