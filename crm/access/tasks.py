"""The alarm clocks of this room."""

from __future__ import annotations

from celery import shared_task

from crm.access.idempotency import forget_old


@shared_task
def forget_idempotency_keys() -> None:
    forget_old()
