"""JSON as a stranger may send it: what PostgreSQL or a reader could choke on is refused here."""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 32
_RISKY_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # NUL, half a surrogate pair


class NotStrict(ValueError):
    """Why the bytes are refused, in a few words."""


def loads(body: bytes) -> Any:
    """The value, or `NotStrict`: no duplicate keys, NaN, NUL, lone surrogates, deep nesting."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict("not UTF-8") from error
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except NotStrict:
        raise
    except RecursionError as error:
        raise NotStrict("nested too deeply") from error
    except ValueError as error:
        raise NotStrict("not JSON") from error
    if _RISKY_ESCAPE.search(body) or b"\0" in body:
        _check_strings(value)
    _check_depth(value)
    return value


def mended(body: bytes) -> Any:
    """The value, with U+FFFD for what no text may hold; for an answer that holds many strangers'
    words, where one must not make the others unreadable. Raises NotStrict where it is no JSON."""
    text = body.decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        return json.loads(_ESCAPE.sub(_mended, text), parse_constant=_constant)
    except NotStrict:
        raise
    except RecursionError as error:
        raise NotStrict("nested too deeply") from error
    except ValueError as error:
        raise NotStrict("not JSON") from error


# one escape after the other, so that a backslash that is itself escaped is no beginning of one
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|u0000|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)",
    re.DOTALL,
)


def _mended(escape: re.Match[str]) -> str:
    said = escape[0]
    return "\\ufffd" if len(said) == 6 else said


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("a key stands twice")
    return found


def _constant(name: str) -> Any:
    raise NotStrict(f"{name} is no number")


def _check_strings(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            _check_string(item)
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_string(text: str) -> None:
    if "\0" in text:
        raise NotStrict("NUL in a text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotStrict("half a surrogate pair in a text") from error


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise NotStrict("nested too deeply")
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
