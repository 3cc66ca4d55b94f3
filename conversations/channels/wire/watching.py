"""Late messages that are looked at again, where a network tells nobody what became of them.

Which ones stands in the cursor: `watched`, a list of rows [id, ..., said_at], and `looked`, when
and how far. Some are looked at in turn, every few minutes, for some days.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

WATCHED_FOR = timedelta(days=3)
MOST = 200
BETWEEN = timedelta(minutes=2)
Row = list[str]


def due(
    cursor: Mapping[str, str], new: Sequence[Row], *, at_once: int
) -> tuple[list[Row], list[Row], str]:
    """All that are watched from now on, those of them whose turn it is, and the new `looked`."""
    now = datetime.now(UTC)
    rows = [row for row in [*_rows(cursor), *new] if _is_late(row, now)][-MOST:]
    when, _, at = cursor.get("looked", "").partition(" ")
    last = instant(when)
    if not rows or (last is not None and now - last < BETWEEN):
        return rows, [], cursor.get("looked", "")
    first = int(at) if at.isdigit() and int(at) < len(rows) else 0
    return rows, rows[first : first + at_once], f"{now.isoformat()} {first + at_once}"


def kept(rows: Sequence[Row], *, gone: Collection[str]) -> str:
    """`watched` as the cursor keeps it."""
    return json.dumps([row for row in rows if row[0] not in gone])


def instant(value: str) -> datetime | None:
    """Of ISO 8601 with its zone."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _rows(cursor: Mapping[str, str]) -> list[Row]:
    try:
        return [[str(word) for word in row] for row in json.loads(cursor["watched"])]
    except (KeyError, TypeError, ValueError):
        return []


def _is_late(row: Row, now: datetime) -> bool:
    at = instant(row[-1]) if len(row) > 1 else None
    return at is not None and now - at < WATCHED_FOR
