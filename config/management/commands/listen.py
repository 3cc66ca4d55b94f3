"""The one process of whatever must be held open: the LMTP door, the mailboxes, lines, streams."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.channels.listener import hear_bells, hold_lines, listen
from conversations.listening.ears import listen_to_streams


class Command(BaseCommand):
    help = "Take mail by LMTP, fetch mailboxes, hold lines and follow streams, until stopped."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            asyncio.run(_until_told())
        except OSError as error:
            raise CommandError(f"LMTP_LISTEN: {error}") from error


async def _until_told() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    held = (hold_lines, hear_bells, listen_to_streams)
    beside = [asyncio.create_task(each(stop)) for each in held]
    try:
        await listen(stop)
    finally:
        stop.set()
        await asyncio.gather(*beside)
