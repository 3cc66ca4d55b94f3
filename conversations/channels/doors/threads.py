"""Threads for what an event loop must not wait for: the database and blocking libraries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """A pool of threads; each checks its database connection before and after each turn, as
    nobody else outside request and task would notice that PostgreSQL was restarted.

    keep: threads that work seldom need not keep their connection between two turns.
    """

    def __init__(self, count: int, *, keep: bool = True) -> None:
        self._leave = close_old_connections if keep else connections.close_all
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="door")

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        def turn() -> R:
            close_old_connections()
            try:
                return function(*args, **kwargs)
            finally:
                self._leave()

        return await asyncio.get_running_loop().run_in_executor(self._pool, turn)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
