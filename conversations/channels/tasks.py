"""The alarm clocks of this room."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from conversations.channels import claiming, connecting, naming, polling
from conversations.channels.models import Channel
from conversations.channels.services import note_heartbeat


@shared_task
def ingest() -> None:
    """Reads what waits. Losing this task costs one sweep; two at once share the work."""
    claiming.ingest()


# Nothing to reach out to: that the claim loop runs is that these doors are read.
_PUSHED = ("webhook", "webchat")


@shared_task
def note_heartbeats() -> None:
    open_channels = Channel.objects.filter(
        kind__in=_PUSHED, token__isnull=False, paused_at=None, closed_at=None
    )
    for channel in open_channels:
        note_heartbeat(channel)


@shared_task
def probe_connections() -> None:
    """Whether each network still knows us: what it answers is the channel's sign of life."""
    connecting.probe_due(at=timezone.now())


@shared_task
def name_people() -> None:
    naming.name_people(at=timezone.now())


@shared_task
def read_accounts() -> None:
    """What is new on polled accounts. Two at once share the accounts, never one of them."""
    polling.read_due()
