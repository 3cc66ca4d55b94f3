"""A client of the stream that a test can look into: it reads in a thread of its own."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from knox.models import AuthToken

from crm.organisation.models import User


@dataclass
class Heard:
    kind: str
    id: str
    data: dict[str, Any]


class Listener:
    """Listens until closed. heard: every event; comments: every ping."""

    def __init__(self, address: str, user: User, *, after: str | None = None) -> None:
        self.token = AuthToken.objects.create(user=user)[1]
        self.heard: list[Heard] = []
        self.comments = 0
        self.ended = threading.Event()
        self._stop = threading.Event()
        self._where = urlsplit(address)
        self._lines = [
            "GET /api/v1/stream/ HTTP/1.0",
            f"Host: {self._where.netloc}",
            f"Authorization: Bearer {self.token}",
            "Accept: text/event-stream",
            *([f"Last-Event-ID: {after}"] if after is not None else []),
        ]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        for line in self._received():
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                said = json.loads(fields["data"])
                self.heard.append(Heard(fields["event"], fields["id"], said))
                fields = {}
        self.ended.set()

    def _received(self) -> Iterator[str]:
        """Lines, until the server ends or the test hangs up."""
        place = (self._where.hostname or "", self._where.port or 80)
        with socket.create_connection(place, timeout=20) as line:
            line.sendall("\r\n".join([*self._lines, "", ""]).encode())
            line.settimeout(0.05)
            rest = b""
            while not self._stop.is_set():
                try:
                    got = line.recv(65_536)
                except TimeoutError:
                    continue
                if not got:
                    return
                *whole, rest = (rest + got).split(b"\n")
                yield from (each.decode().rstrip("\r") for each in whole)

    def wait_for(self, kind: str, *, seconds: float = 40.0) -> Heard:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for each in self.heard:
                if each.kind == kind:
                    return each
            if self.ended.is_set():
                break
            time.sleep(0.02)
        raise AssertionError(f"no {kind} among {self.kinds()}")

    def kinds(self) -> list[str]:
        return [each.kind for each in self.heard]

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
