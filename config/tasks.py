"""The sign of life that `/readyz` and the supervisor look at."""

from celery import shared_task

from crm.journal.services import beat


@shared_task
def pulse() -> None:
    beat("worker")
