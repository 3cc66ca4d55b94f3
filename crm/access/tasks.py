"""The alarm clocks of this room."""

from __future__ import annotations

from celery import shared_task

from crm.access.idempotency import forget_old
from crm.access.oauth.grants import forget_ended


@shared_task
def forget_idempotency_keys() -> None:
    forget_old()


@shared_task
def forget_ended_tokens() -> None:
    """Of apps; a personal token that ended is deleted when its person comes again."""
    forget_ended()
