"""The weekly evaluation, found due by a sweep."""

from __future__ import annotations

from celery import shared_task

from maturity.appraisals import keeping, services

LONGEST = 3600  # seconds: a first run after a long pause replays every missed Monday


@shared_task(time_limit=LONGEST, soft_time_limit=LONGEST - 60)
def store_appraisals_due() -> None:
    """Stores this Monday's appraisal once its midnight has passed everywhere; idempotent."""
    services.store_due_appraisals()


@shared_task(time_limit=LONGEST, soft_time_limit=LONGEST - 60)
def keep_facts() -> None:
    """Keeps the facts of days that are over, and anew those that something late was about."""
    keeping.keep_facts()


@shared_task(time_limit=LONGEST, soft_time_limit=LONGEST - 60)
def draw_picture() -> None:
    """Keeps today's appraisal at hand, so that opening the page waits for nothing."""
    services.warm_picture()
