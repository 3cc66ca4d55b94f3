"""Where cleaned lines wait, so that memory stays flat and types are taken in their order.

A temporary table of the session: a killed import leaves nothing of it behind. Lines are numbered
into batches while they come in, by count and by size.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from django.db import connection

from crm.journal.lines import Line

LINES_A_BATCH = 2000
BYTES_A_BATCH = 16 << 20
CREATE = """
CREATE TEMPORARY TABLE history_lines (
    number bigint NOT NULL, type text NOT NULL, batch integer NOT NULL, id text NOT NULL,
    at text NOT NULL, own boolean NOT NULL, data text NOT NULL
)
"""
ENCODER = json.JSONEncoder(ensure_ascii=False)  # made once: `json.dumps` makes one a line
COLUMNS = "number, type, batch, id, at, own, data"


class Staging:
    """`batches[type]`: how many batches of that type wait."""

    def __init__(self) -> None:
        self.batches: dict[str, int] = {}
        self._filled: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Staging:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.history_lines")
            cursor.execute(CREATE)
        return self

    def __exit__(self, *_: object) -> None:
        if not connection.needs_rollback and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS pg_temp.history_lines")

    def fill(self, lines: Iterable[tuple[str, Line]]) -> None:
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY history_lines ({COLUMNS}) FROM STDIN") as copy:
                for type_, line in lines:
                    data = ENCODER.encode(line.data)
                    batch = self._batch(type_, len(data))
                    copy.write_row(
                        (line.number, type_, batch, line.id, line.at.isoformat(), line.own, data)
                    )
            cursor.execute("CREATE INDEX ON history_lines (type, batch)")
            cursor.execute("ANALYZE history_lines")

    def _batch(self, type_: str, size: int) -> int:
        count, total = self._filled.get(type_, (0, 0))
        if count == LINES_A_BATCH or total + size > BYTES_A_BATCH or not count:
            self.batches[type_] = self.batches.get(type_, 0) + 1
            count, total = 0, 0
        self._filled[type_] = (count + 1, total + size)
        return self.batches[type_] - 1

    def batch(self, type_: str, number: int) -> list[Line]:
        return self._lines("type = %s AND batch = %s", [type_, number])

    def earliest(self, but: datetime) -> datetime | None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(at::timestamptz) FROM history_lines WHERE at <> %s", [but.isoformat()]
            )
            found: datetime | None = cursor.fetchone()[0]
            return found

    def _lines(self, condition: str, parameters: Sequence[Any]) -> list[Line]:
        return list(self._rows(condition, parameters))

    def _rows(self, condition: str, parameters: Sequence[Any]) -> Iterator[Line]:
        with closing(connection.cursor()) as cursor:
            cursor.execute(
                "SELECT number, id, at, own, data FROM history_lines "  # noqa: S608  # our words
                f"WHERE {condition} ORDER BY number",
                parameters,
            )
            for number, id_, at, own, data in cursor:
                yield Line(number, id_, datetime.fromisoformat(at), own, json.loads(data))
