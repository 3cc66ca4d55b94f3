"""How often something may happen: counted in Redis, so that all processes count together.

Redis may be down or frozen, and a door must not feel it: after one failure this process counts
alone for a while. So a limit never falls away, it only gets coarser (each process has its own).
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.cache import cache

logger = logging.getLogger(__name__)

ALONE = 10.0  # seconds without asking Redis after it failed
MOST_COUNTED = 50_000  # keys in one process


@dataclass(slots=True)
class _Alone:
    """The counters of this process, while Redis is away."""

    until: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, key: str) -> int:
        if len(self.counts) > MOST_COUNTED:
            self.counts.clear()
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key]


_alone = _Alone()


def ask_redis_again() -> None:
    """For tests: what this process counted alone does not outlive them."""
    _alone.until = 0.0
    _alone.counts.clear()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in `seconds`, for each subject that is asked about."""

    name: str
    most: int
    seconds: int

    def allows(self, subject: str) -> bool:
        """Counts one more try of `subject`; whether it is still within the limit."""
        return self._count(self._key(subject)) <= self.most

    def is_reached(self, subject: str) -> bool:
        """Whether the next try would be refused; counts nothing."""
        key = self._key(subject)
        return self._ask(lambda: int(cache.get(key, 0)), _alone.counts.get(key, 0)) >= self.most

    def forget(self, subject: str) -> None:
        key = self._key(subject)
        _alone.counts.pop(key, None)
        self._ask(lambda: int(cache.delete(key)), 0)

    def _key(self, subject: str) -> str:
        window = int(time.time() // self.seconds)
        told = f"{self.name} {window} {subject}".encode(errors="replace")
        return f"limit:{hashlib.sha256(told).hexdigest()[:40]}"  # nobody's address in clear

    def _count(self, key: str) -> int:
        def count() -> int:
            cache.add(key, 0, timeout=self.seconds)
            return int(cache.incr(key))

        return self._ask(count, None) or _alone.add(key)

    def _ask(self, question: Callable[[], int], otherwise: int | None) -> int:
        if time.monotonic() < _alone.until:
            return otherwise or 0
        try:
            return question()
        except Exception:  # any trouble of Redis, or a key that ended between two commands
            logger.warning("limits are counted by this process alone for %s s", ALONE)
            _alone.until = time.monotonic() + ALONE
            return otherwise or 0
