"""Posting to an address that somebody gave us: never into the house's own network.

The address is judged, and the connection made to what was judged; no redirect is followed and no
more is read than we can use.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from conversations.channels.wire import addresses
from conversations.channels.wire.contract import SendFailed

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
LARGEST_ANSWER = 100_000  # bytes
ANSWER_SECONDS = 10.0
_WORTH_ANOTHER_TRY = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Answer:
    """retry_after: seconds, when the other side said so."""

    status: int
    body: bytes
    retry_after: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Trying again can't help."""
        return self.status < 500 and self.status not in _WORTH_ANOTHER_TRY


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    loopback: bool,
    inside: frozenset[str] = frozenset(),
    transport: httpx.BaseTransport | None = None,
) -> Answer:
    """loopback: whether this machine itself may be reached. inside: hosts of the house's own
    network that may be. Raises SendFailed."""
    try:
        ways = addresses.targets(url, loopback=loopback, inside=inside)
    except addresses.NotAllowed as error:
        raise SendFailed(f"callback: {error}", permanent=not error.unresolved) from error
    for left, where in zip(reversed(range(len(ways))), ways, strict=True):
        try:
            return _post(where, body, headers, transport)
        except httpx.ConnectError as error:
            if not left:
                raise SendFailed(f"nobody answers: {error}"[:300]) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendFailed(f"{type(error).__name__}: {error}"[:300]) from error
    raise SendFailed("the callback has no address")


def _post(
    where: addresses.Target,
    body: bytes,
    headers: Mapping[str, str],
    transport: httpx.BaseTransport | None,
) -> Answer:
    with (
        httpx.Client(timeout=TIMEOUT, trust_env=False, transport=transport) as client,
        client.stream(
            "POST",
            where.url,
            content=body,
            headers={**headers, "host": where.host, "accept-encoding": "identity"},
            extensions={"sni_hostname": where.server_name},
        ) as answer,
    ):
        return Answer(answer.status_code, _read(answer), _retry_after(answer))


def _read(answer: httpx.Response) -> bytes:
    """The first bytes of the answer, within the time that a sending may take."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return b""  # we asked for plain bytes: what unpacks to more than it weighs is not read
    end = time.monotonic() + ANSWER_SECONDS
    read = b""
    for part in answer.iter_bytes():
        read += part
        if len(read) > LARGEST_ANSWER or time.monotonic() > end:
            break
    return read[:LARGEST_ANSWER]


def _retry_after(answer: httpx.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None
