"""What is claimed and held for as long as a process runs, a thread each.

A second process beside it shares them: each is claimed by one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import Error as DatabaseError

from conversations.channels.doors.threads import Threads

logger = logging.getLogger(__name__)

Mark = TypeVar("Mark")

LOOK_SECONDS = 3.0  # between two looks for what nobody holds
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sort(Generic[Mark]):
    """name: for the log. claim: one of them, None for none, or when `most` are held already. hold:
    until told to stop; both in a thread."""

    name: str
    claim: Callable[[], Mark | None]
    hold: Callable[[Mark, Callable[[], bool]], None]
    most: int


async def hold_all(sort: Sort[Mark], stop: asyncio.Event) -> None:
    """Runs until `stop` is set. No more than `most` are claimed: that many threads hold."""
    threads = Threads(sort.most + 1, keep=False)
    told, running = threading.Event(), set[asyncio.Task[None]]()
    try:
        while not stop.is_set():
            claimed = await _claimed(sort, threads)
            if claimed is not None:
                task = asyncio.create_task(_hold(sort, claimed, threads, told))
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


async def _claimed(sort: Sort[Mark], threads: Threads) -> Mark | None:
    try:
        return await threads.run(sort.claim)
    except DatabaseError:
        logger.warning("no look for %s was possible, trying again", sort.name)
        return None


async def _hold(sort: Sort[Mark], claimed: Mark, threads: Threads, told: threading.Event) -> None:
    try:
        await threads.run(sort.hold, claimed, told.is_set)
    except DatabaseError as error:  # its claim lapses, and it goes on from its cursor
        logger.warning("%s %s: the database went away: %s", sort.name, claimed, error)
