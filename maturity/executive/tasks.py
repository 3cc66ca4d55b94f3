"""The alarm clock of this room."""

from __future__ import annotations

from celery import shared_task

from maturity.executive import digest


@shared_task
def send_digests() -> None:
    """The sweep: who has not been told of this Monday yet."""
    digest.send_due()
