"""A WebSocket that is held open to a stranger's server, to an address that was judged."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlunsplit

from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from conversations.channels.wire import addresses
from conversations.channels.wire.reading.answers import refusal
from conversations.channels.wire.reading.fetching import AGENT, CONNECT_SECONDS, trusted
from conversations.channels.wire.reading.reader import NotHeard

LARGEST_FRAME = 1_000_000
ALIVE_SECONDS = 20.0  # between two pings of ours; as long without a pong ends the line


@dataclass(frozen=True, slots=True)
class Call:
    """url: http or https, as a place's address is. protocol: that the server must speak.

    largest: bytes of a frame. pings: of ours, where the stream has no heartbeat of its own.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    protocol: str = ""
    largest: int = LARGEST_FRAME
    pings: bool = True


class HungUp(NotHeard):
    """The other side ended it. code: what it said (RFC 6455 7.4), None for nothing."""

    def __init__(self, cause: str, *, code: int | None) -> None:
        super().__init__(cause)
        self.code = code


class Line:
    """Open from the beginning. Redirects are not followed: a stream says where it is.

    inside: hosts of the house's own network that may be called. Raises NotHeard from everything.
    """

    def __init__(self, call: Call, *, loopback: bool, inside: frozenset[str] = frozenset()) -> None:
        parts = _checked(call.url)
        secure = parts.scheme == "https"
        ways = _ways(parts.hostname or "", parts.port or (443 if secure else 80), loopback, inside)
        plain = _connected(ways)
        context: ssl.SSLContext | None = trusted() if secure else None
        try:
            self._line: ClientConnection = connect(
                urlunsplit(("wss" if secure else "ws", *parts[1:4], "")),
                sock=plain,
                ssl=context,
                server_hostname=parts.hostname if secure else None,
                additional_headers=dict(call.headers),
                subprotocols=[Subprotocol(call.protocol)] if call.protocol else None,
                compression=None,
                user_agent_header=AGENT,
                proxy=None,
                open_timeout=CONNECT_SECONDS,
                ping_interval=ALIVE_SECONDS if call.pings else None,
                ping_timeout=ALIVE_SECONDS,
                close_timeout=1.0,
                max_size=call.largest,
            )
        except InvalidStatus as error:
            answer = error.response
            plain.close()
            raise refusal(answer.status_code, answer.headers.get("Retry-After", "")) from error
        except (OSError, WebSocketException, ValueError) as error:
            plain.close()
            raise NotHeard(f"no stream: {_words(error)}") from error

    def frame(self, *, seconds: float) -> str | None:
        """The next one, None when there was none so long."""
        try:
            said = self._line.recv(timeout=seconds)
        except TimeoutError:
            return None
        except ConnectionClosed as error:
            raise _ended(error) from error
        except (OSError, WebSocketException) as error:
            raise NotHeard(f"the stream broke: {_words(error)}") from error
        return said if isinstance(said, str) else said.decode("utf-8", "replace")

    def say(self, frame: str) -> None:
        try:
            self._line.send(frame)
        except ConnectionClosed as error:
            raise _ended(error) from error
        except (OSError, WebSocketException) as error:
            raise NotHeard(f"the stream broke: {_words(error)}") from error

    def close(self, code: int = 1000) -> None:
        with suppress(OSError, WebSocketException):
            self._line.close(code)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ended(error: ConnectionClosed) -> HungUp:
    code = error.rcvd.code if error.rcvd else None
    return HungUp(f"the stream ended: {_words(error)}", code=code)


def _checked(url: str) -> Any:
    try:
        return addresses.checked(url)
    except addresses.NotAllowed as error:
        raise NotHeard(f"not followed: {error}") from error


def _ways(host: str, port: int, loopback: bool, inside: frozenset[str]) -> list[tuple[str, int]]:
    try:
        found = addresses.resolve(host, port, loopback=loopback, inside=inside)
    except addresses.NotAllowed as error:
        raise NotHeard(f"not followed: {error}") from error
    return [(str(address), port) for address in found]


def _connected(ways: Sequence[tuple[str, int]]) -> socket.socket:
    failure: OSError | None = None
    for way in ways:
        try:
            return socket.create_connection(way, timeout=CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise NotHeard(f"nobody answers: {failure}") from failure


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:250]
