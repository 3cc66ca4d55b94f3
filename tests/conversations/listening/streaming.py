"""A WebSocket server on loopback that says what a test puts into its mouth."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve


@dataclass
class Stage:
    """says: the frames of each call in turn; a call after the last says nothing. hangs_up: after
    its frames. refuses: an answer without a stream. calls: the requests that came."""

    url: str = ""
    says: list[list[Any]] = field(default_factory=list)
    hangs_up: bool = False
    refuses: tuple[int, dict[str, str]] | None = None
    calls: list[Request] = field(default_factory=list)
    is_through: threading.Event = field(default_factory=threading.Event)
    open_lines: int = 0
    said: int = 0

    def query(self, call: int = -1) -> dict[str, str]:
        said = parse_qs(urlsplit(self.calls[call].path).query)
        return {name: values[0] for name, values in said.items()}

    def heard(self, *, longest: float = 10.0) -> Any:
        """For `told_to_stop`: once everything was said, and heard frame by frame."""
        end, turns = time.monotonic() + longest, 0

        def told() -> bool:
            nonlocal turns
            turns += self.is_through.is_set()
            return turns > self.said + 3 or time.monotonic() > end

        return told

    def speak(self, line: ServerConnection) -> None:
        self.open_lines += 1
        frames = self.says.pop(0) if self.says else []
        self.said = len(frames)
        try:
            for frame in frames:
                line.send(frame if isinstance(frame, str) else json.dumps(frame))
            self.is_through.set()
            if not self.hangs_up:
                with suppress(ConnectionClosed):
                    line.recv(timeout=30)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            self.open_lines -= 1

    def answer(self, line: ServerConnection, request: Request) -> Response | None:
        self.calls.append(request)
        self.is_through.clear()
        if self.refuses is None:
            return None
        status, headers = self.refuses
        return Response(status, HTTPStatus(status).phrase, Headers(headers), b"")


@contextmanager
def stage() -> Iterator[Stage]:
    on = Stage()
    with serve(
        on.speak,
        "127.0.0.1",
        0,
        process_request=on.answer,
        select_subprotocol=lambda _line, offered: offered[0] if offered else None,
    ) as server:
        on.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield on
        finally:
            server.shutdown()
            thread.join()
