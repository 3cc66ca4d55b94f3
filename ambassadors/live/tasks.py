"""The alarm clocks of this room."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from ambassadors.live import services, webhooks


@shared_task
def post_events() -> None:
    """Posts what is due. Losing this task costs one sweep; two at once share the work."""
    webhooks.post_due()


@shared_task
def forget_events() -> None:
    services.forget_old(at=timezone.now())
