"""The alarm clocks of this room."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from conversations.knowledge import services


@shared_task
def count_uses(message_id: str) -> None:
    services.count_uses(uuid.UUID(message_id))


@shared_task
def count_uses_due() -> None:
    for message_id in services.uncounted(at=timezone.now()):
        services.count_uses(message_id)
