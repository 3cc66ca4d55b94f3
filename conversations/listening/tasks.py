"""The alarm clocks of this room. Every one may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from conversations.listening import digest, reading


@shared_task
def read_due() -> None:
    """Places whose time has come; two workers at once share them."""
    reading.read_due()


@shared_task
def send_digests() -> None:
    """The week by mail, to who asked for it: each week once."""
    digest.send_due(at=timezone.now())
