"""Values out of a stranger's JSON: what is not of the kind asked for is as if it were not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from conversations.channels.wire import strict_json
from conversations.channels.wire.contract import Refused

_LAST = 32_503_680_000  # the year 3000, in seconds


def loaded(body: bytes) -> Mapping[str, Any]:
    """The JSON object in `body`. Raises Refused."""
    try:
        value = strict_json.loads(body)
    except strict_json.NotStrict as error:
        raise Refused(str(error)) from error
    if not isinstance(value, dict):
        raise Refused("not an object")
    return value


def inside(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object under these names, one in the other; empty where there is none."""
    found = value
    for name in names:
        inner = found.get(name)
        if not isinstance(inner, dict):
            return {}
        found = inner
    return found


def each(value: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list."""
    found = value.get(name)
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict):
            yield item


def text(value: Mapping[str, Any], name: str) -> str:
    """A text, or a whole number written as one."""
    found = value.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def whole(value: Mapping[str, Any], name: str) -> int:
    """A whole number, 0 for none."""
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def moment(value: object, *, milliseconds: bool = False) -> datetime | None:
    """Of seconds (or milliseconds) since 1970, as a number or a text."""
    try:
        seconds = float(str(value)) / (1_000 if milliseconds else 1)
    except ValueError:
        return None
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LAST else None


def digest_of(words: str, *files: str) -> str:
    """A `body_digest`: of what was written, and of what stays the same of each file."""
    return hashlib.sha256("\0".join([words, *files]).encode()).hexdigest()
