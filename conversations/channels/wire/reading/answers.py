"""What an answer of HTTP says, the same for every reader."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from conversations.channels.wire import strict_json
from conversations.channels.wire.reading.fetching import Fetched, FetchFailed, fetch
from conversations.channels.wire.reading.reader import Asked, NotHeard

GONE = 410
NOT_MODIFIED = 304
_WORDS = {
    401: "it wants a sign-in that we do not have",
    403: "it does not let us in",
    404: "there is nothing at this address",
    GONE: "it is gone for good",
    429: "it asks us to come less often",
}


def get(asked: Asked, url: str, headers: dict[str, str] | None = None, **more: Any) -> Fetched:
    """An answer that is a success, or 304. Raises NotHeard."""
    try:
        found = fetch(url, bounds=asked.bounds, traffic=asked.traffic, headers=headers, **more)
    except FetchFailed as failure:
        raise NotHeard(str(failure)) from failure
    if 200 <= found.status < 300 or found.status == NOT_MODIFIED:
        return found
    raise refusal(found.status, found.headers.get("retry-after", ""))


def refusal(status: int, retry: str) -> NotHeard:
    """retry: the header `Retry-After`, "" for none."""
    words = _WORDS.get(status, "it answers with an error")
    return NotHeard(f"{words} (HTTP {status})", gone=status == GONE, retry_after=_seconds(retry))


def get_json(asked: Asked, url: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
    found = get(asked, url, headers, **more)
    if found.cut:
        raise NotHeard(cut_words(found.cut, asked))
    try:
        return strict_json.loads(found.body)
    except strict_json.NotStrict as error:
        raise NotHeard(f"its answer is no JSON: {error}") from error


def cut_words(cut: str, asked: Asked) -> str:
    if cut == "seconds":
        return f"too slow: read for {asked.bounds.seconds:g} seconds, then cut"
    return f"too long: {asked.bounds.bytes:,} bytes were read, then it was cut"


def _seconds(retry: str) -> float | None:
    """From either form of the header."""
    said = retry.strip()
    if said.isascii() and said.isdigit() and len(said) < 7:
        return float(said)
    try:
        wanted = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    if wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=UTC)
    return min(max(0.0, (wanted - datetime.now(UTC)).total_seconds()), 999_999.0)
