"""The alarm clock of this room."""

from __future__ import annotations

from celery import shared_task

from crm.contacts import duplicates


@shared_task
def find_duplicates() -> None:
    duplicates.find()
