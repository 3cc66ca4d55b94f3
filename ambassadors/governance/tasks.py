"""The alarm clocks of this room. Every one may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task

from ambassadors.governance import escalations, telling


@shared_task
def tell_due() -> None:
    telling.tell_due()


@shared_task
def scan_recent() -> None:
    escalations.scan_recent()
