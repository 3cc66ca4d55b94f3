"""The alarm clocks of this room. The rows are the jobs: each may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task

from crm.privacy import erasing


@shared_task
def erase_due() -> None:
    erasing.carry_due()
