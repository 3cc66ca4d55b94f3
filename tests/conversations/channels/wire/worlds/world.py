"""A network on the other side of the wire, as far as the contract of polled accounts needs it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx


@dataclass
class Sent:
    """What we sent, as people there see it. audience: `everybody` or `few`. files: how many."""

    id: str
    text: str
    below: str
    audience: str
    files: int = 0


@dataclass
class Clock:
    """Moves with each thing that happens; it begins after the test has connected."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(seconds=30))
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def tick(self) -> datetime:
        self.now += timedelta(milliseconds=7)
        return self.now


class World(Protocol):
    """kind; values: what is entered to connect; secrets: never to be told; kept: of the world's
    behaviours, those that this network has (`edits`, `deletes`); sent: by us, oldest first.

    trouble: in place of every answer, once it is set. asked: (method, path, body) of each request.
    """

    kind: str
    values: dict[str, str]
    secrets: tuple[str, ...]
    kept: frozenset[str]
    handle_of_bob: str
    sent: list[Sent]
    trouble: httpx.Response | Exception | None

    def adapter(self) -> Any: ...

    def say(self, text: str, *, few: bool = False, below: str = "", ago: float = 0) -> str:
        """Bob says something to us. Returns the network's id of it, as we know it."""
        ...

    def edit(self, external_id: str, text: str) -> None: ...

    def take_back(self, external_id: str) -> None: ...

    def answer_there(self, text: str, *, below: str) -> str:
        """We answer Bob in the network's own app."""
        ...

    def say_rubbish(self) -> None:
        """One thing that no parser can read, among others."""
        ...
