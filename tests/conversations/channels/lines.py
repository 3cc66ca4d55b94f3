"""A channel of Discord that is connected, and its line held once."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from conversations.channels import claiming, connecting, holding
from conversations.channels.models import Channel, Polling
from conversations.channels.wire.discord import gateway
from conversations.inbox.models import Message
from crm.values import AUTOMATION
from tests import house
from tests.conversations.channels.wire.worlds.discord import (
    DiscordWorld,
)


def connect(**more: str) -> Channel:
    return connecting.connect(
        house.unit(),
        kind="discord",
        name="Discord",
        values=DiscordWorld.values | more,
        by=AUTOMATION,
    )


def hear(told_to_stop: Callable[[], bool] | None = None) -> Polling:
    """The line is held once, until all is heard or it ends."""
    Polling.objects.exclude(due_at=None).update(due_at=timezone.now())
    claimed = holding.claim()
    assert claimed is not None
    holding.hold(claimed, told_to_stop=told_to_stop or DiscordWorld.latest.heard())
    return Polling.objects.get()


def texts() -> list[str]:
    claiming.ingest()
    return list(Message.objects.order_by("stated_at", "pk").values_list("text", flat=True))


def ops(world: DiscordWorld) -> list[int]:
    return [each["op"] for each in world.told if each["op"] != gateway.BEAT]
