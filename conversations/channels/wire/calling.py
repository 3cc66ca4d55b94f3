"""Calling a provider's own API, and getting the files that it keeps for us.

The addresses are the providers' own, written in the adapters. Where the company names the server
itself (`given`) it is judged, and the connection made to what was judged; files are fetched from
where somebody else's payload says, by the guarded fetch. No cause ever quotes an address: some
carry a token.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from conversations.channels.wire import addresses, strict_json
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Remote, SendFailed, Trouble
from conversations.channels.wire.provider import NotConnected, NotFetched, NotRead
from conversations.channels.wire.reading import fetching

LARGEST_ANSWER = 1_000_000  # bytes
LARGEST_FILE = 25 * 1024 * 1024
FILE_SECONDS = 60.0
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Given:
    """How a server may be called that the company named. loopback: also on this very machine
    (local mode only). inside: these hosts also in the house's own network. largest: bytes of an
    answer. seconds: for each part of it."""

    judged: bool = True
    loopback: bool = False
    inside: frozenset[str] = frozenset()
    largest: int = LARGEST_ANSWER
    seconds: float = 20.0


_OWN = Given(judged=False)


def named_by(account: Account, **bounds: Any) -> Given:
    """How the server may be called that stands in the channel's fields."""
    return Given(loopback=account.loopback, inside=account.inside, **bounds)


@dataclass(frozen=True, slots=True)
class Answer:
    """data: the JSON object that came, empty where it was none. items: the list, where it was one;
    None for anything else. retry_after: seconds."""

    status: int
    data: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    items: Sequence[Any] | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    query: Mapping[str, str | list[str]] | None = None,
    file: tuple[str, File] | None = None,
    files: Mapping[str, File] | None = None,
    content: bytes | None = None,
    seen: bool | None = None,
    transport: httpx.BaseTransport | None = None,
    given: Given | None = None,
) -> Answer:
    """body: sent as JSON. file, files: their fields in a form of several parts. content: sent as
    it is. seen: whether anybody notices what it does, else all but GET. given: the server was named
    by the company, and how it may be reached.
    Raises SendFailed where no answer came; unknown, where a request that is noticed had left by
    then."""
    given = given or _OWN
    timeout = httpx.Timeout(given.seconds, connect=5.0)
    where = _judged(url, given) if given.judged and transport is None else _as_it_is(url)
    try:
        with (
            httpx.Client(timeout=timeout, trust_env=False, transport=transport) as client,
            client.stream(
                method,
                where.url,
                headers={**(headers or {}), **({"host": where.host} if where.host else {})},
                json=body,
                data=form,
                params=query or None,
                extensions={"sni_hostname": where.server_name} if where.host else {},
                files=_named({**dict([file] if file else []), **(files or {})}) or None,
                content=content,
            ) as answer,
        ):
            return _answer(answer, largest=given.largest)
    except _NEVER_LEFT as error:
        raise SendFailed(f"the provider was not reached ({type(error).__name__})") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        cause = f"the provider's answer did not come ({type(error).__name__})"
        raise SendFailed(cause, unknown=method != "GET" if seen is None else seen) from error


def _named(files: Mapping[str, File]) -> dict[str, tuple[str, bytes, str]]:
    return {
        name: (each.name, each.data, each.type or "application/octet-stream")
        for name, each in files.items()
    }


def _as_it_is(url: str) -> addresses.Target:
    return addresses.Target(url=url, host="", server_name="")


def _judged(url: str, given: Given) -> addresses.Target:
    try:
        return addresses.targets(url, loopback=given.loopback, inside=given.inside)[0]
    except addresses.NotAllowed as error:
        cause = f"the server’s address: {error}"
        raise SendFailed(cause, permanent=not error.unresolved) from error


def _answer(answer: httpx.Response, *, largest: int) -> Answer:
    """An answer that is too long or too slow is cut, and so reads as no JSON."""
    parts, weight, end = [], 0, time.monotonic() + 20.0
    for part in answer.iter_bytes():
        parts.append(part)
        weight += len(part)
        if weight > largest or time.monotonic() > end:
            break
    read = b"".join(parts)
    try:
        data = strict_json.mended(read)
    except strict_json.NotStrict:
        data = {}
    named = {name.lower(): value for name, value in answer.headers.items()}
    after = seconds(named.get("retry-after", ""))
    items = data if isinstance(data, list) else None
    return Answer(answer.status_code, data if isinstance(data, dict) else {}, named, after, items)


def seconds(value: object) -> float | None:
    """A waiting time as a provider writes it, within a day; None for anything else."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if 0 < number <= 86_400 else None


def seconds_since(value: object) -> float | None:
    """A moment as a provider writes it, in seconds since 1970; None for anything else."""
    said = str(value)
    return float(said) if said.isascii() and said.isdigit() and len(said) < 12 else None


def refusal(
    answer: Answer, cause: str, *, wait: float | None = None, trouble: Trouble | None = None
) -> SendFailed:
    """The failure that a status means when the provider's own code says no more.

    504: it may have gone on behind the gateway. trouble: what its code says, where it does.
    """
    cause = f"{cause} (HTTP {answer.status})"[:400]
    after = wait if wait is not None else answer.retry_after
    if trouble in {Trouble.PERMANENT, Trouble.WINDOW, Trouble.BLOCKED, Trouble.ACCESS}:
        return SendFailed(cause, permanent=True, trouble=trouble)
    if answer.status == 429 or trouble is Trouble.LIMITED:
        return SendFailed(cause, retry_after=after, trouble=Trouble.LIMITED)
    if answer.status == 504:
        return SendFailed(cause, unknown=True)
    if answer.status >= 500 or answer.status == 408 or trouble is Trouble.PASSING:
        return SendFailed(cause, retry_after=after, trouble=Trouble.PASSING)
    if answer.status in {401, 403}:
        return SendFailed(cause, permanent=True, trouble=Trouble.ACCESS)
    return SendFailed(cause, permanent=True)


def asked(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Answer:
    """`call` for tests of a connection: what does not answer is NotConnected for now."""
    try:
        return call(
            method, url, headers=headers, query=query, form=form, body=body, transport=transport
        )
    except SendFailed as error:
        raise NotConnected(str(error), passing=True) from error


def unread(answer: Answer, cause: str, *, wait: float | None = None) -> NotRead:
    """The failure of a reading that an answer means."""
    return NotRead(
        f"{cause} (HTTP {answer.status})"[:400],
        access=answer.status in {401, 403},
        retry_after=wait if wait is not None else answer.retry_after,
    )


def fetch_file(
    remote: Remote,
    url: str,
    *,
    hosts: Collection[str],
    headers: Mapping[str, str] | None = None,
    loopback: bool = False,
    inside: frozenset[str] = frozenset(),
) -> File:
    """The bytes behind `url`, when they are the file that was announced.

    hosts: where credentials may be shown: names, or `.domain` for all below; any other is asked
    without `headers`. inside: those of the house's own network where the file may lie; only where
    the company named the server, and no stranger the address. Raises NotFetched.
    """
    known = _is_known(urlsplit(url).hostname or "", hosts)
    bounds = fetching.Bounds(
        bytes=LARGEST_FILE + 1, seconds=FILE_SECONDS, loopback=loopback, inside=inside
    )
    try:
        found = fetching.fetch(
            url,
            bounds=bounds,
            traffic=fetching.Traffic(),
            headers=dict(headers or {}) if known else None,
        )
    except fetching.FetchFailed as error:
        raise NotFetched(_without_address(error), permanent=error.refused) from error
    _judge(found, remote)
    return File(name=remote.name, type=remote.type, data=found.body)


def _is_known(host: str, hosts: Collection[str]) -> bool:
    return any(host == each or (each.startswith(".") and host.endswith(each)) for each in hosts)


def _without_address(error: fetching.FetchFailed) -> str:
    return "we do not go there: " + str(error)[:100] if error.refused else "nobody answered"


def _judge(found: fetching.Fetched, remote: Remote) -> None:
    if found.status in {404, 410}:
        raise NotFetched("it is not there any more", permanent=True)
    if found.status in {401, 403}:
        raise NotFetched("our credentials do not open it", permanent=True)
    if not 200 <= found.status < 300:
        raise NotFetched(f"HTTP {found.status}")
    if found.cut == "bytes" or len(found.body) > LARGEST_FILE:
        raise NotFetched(f"larger than {LARGEST_FILE // 1024 // 1024} MB", permanent=True)
    if found.cut:
        raise NotFetched("it came too slowly")
    if remote.sha256 and hashlib.sha256(found.body).hexdigest() != remote.sha256.lower():
        raise NotFetched("not the file that was announced")
    if _is_page(found) and "html" not in remote.type:
        raise NotFetched("a page came in place of the file", permanent=True)


def _is_page(found: fetching.Fetched) -> bool:
    return found.headers.get("content-type", "").lower().startswith("text/html")
