"""Every stream of the house, followed by one process for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from django.conf import settings

from conversations.channels.doors.held import Sort, hold_all
from conversations.listening import following
from conversations.listening.reading import Claimed


async def listen_to_streams(stop: asyncio.Event) -> None:
    """Runs until `stop` is set."""
    most = settings.LISTENING_STREAMS
    await hold_all(Sort("streams", following.claim, _follow, most), stop)


def _follow(claimed: Claimed, told_to_stop: Callable[[], bool]) -> None:
    following.follow(claimed, told_to_stop=told_to_stop)
