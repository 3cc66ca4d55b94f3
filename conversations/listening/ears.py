"""Every stream of the house, followed by one process for as long as it runs.

A second process beside it shares them: a stream is claimed by one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress

from django.conf import settings
from django.db import Error as DatabaseError

from conversations.channels.doors.threads import Threads
from conversations.listening import following
from conversations.listening.reading import Claimed

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3.0  # between two looks for streams that nobody follows
STOP_SECONDS = 5.0


async def listen_to_streams(stop: asyncio.Event) -> None:
    """Runs until `stop` is set."""
    threads = Threads(settings.LISTENING_STREAMS + 1, keep=False)
    told, running = threading.Event(), set[asyncio.Task[None]]()
    try:
        while not stop.is_set():
            claimed = await _claimed(threads)
            if claimed is not None:
                task = asyncio.create_task(_follow(claimed, threads, told))
                running.add(task)
                task.add_done_callback(running.discard)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
    finally:
        told.set()
        if running:
            await asyncio.wait(running, timeout=STOP_SECONDS)
        threads.close()


async def _claimed(threads: Threads) -> Claimed | None:
    try:
        return await threads.run(following.claim)
    except DatabaseError:
        logger.warning("no look for streams was possible, trying again")
        return None


async def _follow(claimed: Claimed, threads: Threads, told: threading.Event) -> None:
    try:
        await threads.run(following.follow, claimed, told_to_stop=told.is_set)
    except DatabaseError as error:  # its claim lapses, and it is followed again from its cursor
        logger.warning("stream %s: the database went away: %s", claimed.place, error)
