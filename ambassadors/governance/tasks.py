"""The alarm clocks of this room. Every one may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task

from ambassadors.governance import telling


@shared_task
def tell_due() -> None:
    telling.tell_due()
