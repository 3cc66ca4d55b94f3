"""The alarm clocks of this room. Every one may be lost, doubled or late."""

from __future__ import annotations

from celery import shared_task

from conversations.listening import reading


@shared_task
def read_due() -> None:
    """Places whose time has come; two workers at once share them."""
    reading.read_due()
