"""Names of records: thirteen letters that hold a moment, and sort by it (atproto.com/specs/tid)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_LATEST = 32_503_680_000_000_000  # the year 3000, in microseconds


def tid(microseconds: int, chance: int) -> str:
    """chance: 10 bits that tell writers of the same microsecond apart."""
    left, letters = microseconds << 10 | chance % 1_024, ""
    for _ in range(13):
        left, least = divmod(left, 32)
        letters = _LETTERS[least] + letters
    return letters


def moment_of(name: str) -> datetime | None:
    """When the record was named; None for a name of another kind."""
    if len(name) != 13 or set(name) - set(_LETTERS):
        return None
    number = 0
    for letter in name:
        number = number * 32 + _LETTERS.index(letter)
    microseconds = number >> 10
    return datetime.fromtimestamp(microseconds / 1e6, UTC) if microseconds < _LATEST else None


def named(ours: str) -> tuple[datetime, str]:
    """The moment and the record's name that our own id of a message (UUID 7) stands for."""
    number = uuid.UUID(ours).int
    milliseconds, chance = number >> 80, number & ((1 << 62) - 1)
    name = tid(milliseconds * 1_000 + chance % 1_000, chance >> 10)
    return datetime.fromtimestamp(milliseconds / 1_000, UTC), name
