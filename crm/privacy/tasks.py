"""The alarm clocks of this room. The rows are the jobs: each may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from crm.privacy import erasing, exporting


@shared_task
def erase_due() -> None:
    erasing.carry_due()


@shared_task
def make_exports() -> None:
    exporting.make_due()
    exporting.forget_old(at=timezone.now())
