"""Getting what a stranger's server holds, within bounds that the server can't move.

Every address, the first as each redirect's, is resolved and judged here and the connection made
to what was judged. Bytes, redirects and seconds have an end; the seconds are kept by a clock
outside the connection, which a server that sends one byte every few seconds can't renew.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpcore
import httpx

from conversations.channels.wire import addresses

MOVED = (301, 302, 303, 307, 308)
MOVED_FOR_GOOD = (301, 308)
HEADER_BYTES = 200_000  # of one journey, besides what it may read of bodies
CONNECT_SECONDS = 5.0
AGENT = "Relais (a company reading what is said of it)"
_URL_CHARS = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one journey may cost, redirects together. loopback: may this machine be reached?
    inside: hosts of the house's own network that may be."""

    bytes: int = 16_000_000
    seconds: float = 15.0
    redirects: int = 5
    loopback: bool = False
    inside: frozenset[str] = frozenset()


@dataclass(slots=True)
class Traffic:
    """What a journey did cost."""

    bytes: int = 0
    seconds: float = 0.0
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """url: where it was found. moved_to: the new address, where every step there was for good.

    cut: why the body ends before its end: "", `bytes` or `seconds`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    moved_to: str = ""
    cut: str = ""


class FetchFailed(Exception):
    """Nothing came. refused: it is not that the server is ill, we do not go there."""

    def __init__(self, cause: str, *, refused: bool = False) -> None:
        super().__init__(cause)
        self.refused = refused


def fetch(
    url: str,
    *,
    bounds: Bounds,
    traffic: Traffic,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    content: bytes | None = None,
) -> Fetched:
    """traffic is counted on, also where it fails. Raises FetchFailed."""
    began = time.monotonic()
    line = _Line(bounds, traffic, ends=began + bounds.seconds - traffic.seconds)
    before = traffic.seconds
    try:
        return _journey(url, line, {**(headers or {})}, method, content)
    except addresses.NotAllowed as error:
        raise FetchFailed(f"not read: {error}", refused=not error.unresolved) from error
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        cause = line.cause() or f"nobody answers: {error}"
        raise FetchFailed(cause[:300]) from error
    except (*_BROKEN, OSError, ValueError) as error:
        cause = line.cause() or f"{type(error).__name__}: {error}"
        raise FetchFailed(cause[:300]) from error
    finally:
        traffic.seconds = before + time.monotonic() - began


_BROKEN = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def _journey(
    url: str, line: _Line, headers: dict[str, str], method: str, content: bytes | None
) -> Fetched:
    for_good, first = True, url
    while True:
        addresses.checked(url)
        found = _get(url, line, headers, method, content)
        target = found.headers.get("location", "") if found.status in MOVED else ""
        if not target:
            moved = url if for_good and url != first else ""
            return Fetched(found.status, found.headers, found.body, url, moved, found.cut)
        for_good = for_good and found.status in MOVED_FOR_GOOD
        line.traffic.redirects += 1
        if line.traffic.redirects > line.bounds.redirects:
            raise FetchFailed(f"more than {line.bounds.redirects} redirects", refused=True)
        following = urljoin(url, quote(target, safe=_URL_CHARS))
        if urlsplit(following).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)
        url = following
        if method != "GET":
            raise FetchFailed("redirected where that makes no sense", refused=True)


def _get(
    url: str, line: _Line, headers: Mapping[str, str], method: str, content: bytes | None
) -> Fetched:
    asked = {"host": urlsplit(url).netloc, "user-agent": AGENT, "accept-encoding": "identity"}
    asked |= headers
    timeouts = {"connect": CONNECT_SECONDS, "read": line.bounds.seconds, "write": CONNECT_SECONDS}
    with (
        line.clock(),
        httpcore.ConnectionPool(
            ssl_context=trusted(), network_backend=line, http1=True, http2=False
        ) as pool,
        pool.stream(
            method,
            url,
            headers=list(asked.items()),
            content=content,
            extensions={"timeout": timeouts},
        ) as answer,
    ):
        found = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in answer.headers
        }
        body, cut = b"", ""
        if 200 <= answer.status < 300 or answer.status >= 400:
            body, cut = _body(answer, line)
        body, cut = _unpacked(body, cut, found.get("content-encoding", ""), line)
        return Fetched(answer.status, found, body, url, cut=cut)


def _body(answer: httpcore.Response, line: _Line) -> tuple[bytes, str]:
    """As much as came before an end was reached; what came is not thrown away."""
    read = bytearray()
    try:
        for part in answer.iter_stream():
            read += part
            if len(read) >= line.bounds.bytes:
                return bytes(read[: line.bounds.bytes]), "bytes"
    except (*_BROKEN, OSError):
        if not line.is_over and not line.is_full:
            raise
    if line.is_full:
        return bytes(read), "bytes"
    return bytes(read), "seconds" if line.is_over else ""  # our hanging up may look like its end


def _unpacked(body: bytes, cut: str, encoding: str, line: _Line) -> tuple[bytes, str]:
    """Some servers pack although asked not to; what unpacks to more than is taken is cut."""
    if encoding.strip().lower() in {"", "identity"}:
        return body, cut
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        raise FetchFailed(f"packed as {encoding[:40]}, which was not asked for", refused=True)
    unpacking = zlib.decompressobj(47)
    try:
        plain = unpacking.decompress(body, line.bounds.bytes)
    except zlib.error as error:
        raise FetchFailed("packed, and can't be unpacked") from error
    return plain, "bytes" if unpacking.unconsumed_tail else cut


@cache
def trusted() -> Any:
    return httpx.create_ssl_context(trust_env=False)


class _Line(httpcore.NetworkBackend):
    """Connects to judged addresses only, counts what is read, and hangs up when the time is up."""

    def __init__(self, bounds: Bounds, traffic: Traffic, *, ends: float) -> None:
        self.bounds = bounds
        self.traffic = traffic
        self.ends = ends
        self.is_full = False
        self._open: list[socket.socket] = []

    @property
    def is_over(self) -> bool:
        """By the clock: on a busy machine the alarm can ring after the connection gave up."""
        return time.monotonic() >= self.ends

    def cause(self) -> str:
        if self.is_full:
            return "more bytes of headers than are read"
        return f"too slow: {self.bounds.seconds:g} seconds are over" if self.is_over else ""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        given = self.bounds
        ways = addresses.resolve(host, port, loopback=given.loopback, inside=given.inside)
        for left, address in zip(reversed(range(len(ways))), ways, strict=True):
            seconds = min(timeout or CONNECT_SECONDS, max(0.01, self.ends - time.monotonic()))
            try:
                stream = httpcore.SyncBackend().connect_tcp(str(address), port, timeout=seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not left:
                    raise
            else:
                self._watch(stream)
                return _Counted(stream, self)
        raise httpcore.ConnectError("the name has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("only the network is read")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _watch(self, stream: httpcore.NetworkStream) -> None:
        """A second handle on the connection: TLS takes the first one away from us."""
        raw: socket.socket = stream.get_extra_info("socket")
        self._open.append(socket.socket(fileno=os.dup(raw.fileno())))

    @contextmanager
    def clock(self) -> Iterator[None]:
        alarm = threading.Timer(max(0.0, self.ends - time.monotonic()), self._hang_up)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()
            for each in self._open:
                each.close()
            self._open.clear()

    def _hang_up(self) -> None:
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already

    def took(self, count: int) -> None:
        self.traffic.bytes += count
        if self.traffic.bytes > self.bounds.bytes + HEADER_BYTES:
            self.is_full = True
            raise httpcore.ReadError("more than is read")


class _Counted(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, line: _Line) -> None:
        self._stream = stream
        self._line = line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, timeout)
        self._line.took(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Counted(secured, self._line)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
