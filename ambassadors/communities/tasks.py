"""The alarm clocks of this room."""

from __future__ import annotations

from celery import shared_task

from ambassadors.communities import round_trips, telling


@shared_task
def note_answers() -> None:
    """The sweep: which returned answers the provider took meanwhile."""
    round_trips.note_answers()


@shared_task
def tell_due() -> None:
    telling.tell_due()
