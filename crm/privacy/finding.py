"""Where words stand: in every column of every table, and in every file. Read only.

The judge of an erasure: it knows nothing of what rooms declare, only what the database has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.core.files.storage import Storage, default_storage
from django.db import connection

_COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
  AND (c.data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea',
                       'ARRAY', 'tsvector', 'inet', 'citext'))
ORDER BY c.table_name, c.ordinal_position
"""


@dataclass(frozen=True, slots=True)
class Found:
    """`rows` of `place` (a column, or the file storage) hold one of the words."""

    place: str
    rows: int


def find(words: Sequence[str]) -> Iterator[Found]:
    """Without regard to case; also where a word is part of a longer one. Each column is read
    through once: minutes on a large installation."""
    asked = [word.lower() for word in words if word]
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        columns = cursor.fetchall()
    for table, column, kind in columns:
        if count := _rows(table, column, kind, asked):
            yield Found(f"{table}.{column}", count)
    if count := sum(_holds(default_storage, path, asked) for path in _files(default_storage, "")):
        yield Found("files", count)


def _rows(table: str, column: str, kind: str, words: Sequence[str]) -> int:
    quoted = connection.ops.quote_name
    said = quoted(column)
    text = f"lower({said}::text)"
    needle = "needle"
    if kind == "bytea":
        text = f"lower(encode({said}, 'escape'))"
        needle = "lower(encode(convert_to(needle, 'UTF8'), 'escape'))"
    statement = (
        f"SELECT count(*) FROM {quoted(table)} WHERE EXISTS ("  # noqa: S608 - the catalogue's names
        f"SELECT 1 FROM unnest(%s::text[]) AS needle WHERE position({needle} IN {text}) > 0)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(words)])
        return int(cursor.fetchone()[0])


def _files(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}/{name}".lstrip("/")
    for name in folders:
        yield from _files(storage, f"{folder}/{name}".lstrip("/"))


def _holds(storage: Storage, path: str, words: Sequence[str]) -> bool:
    with storage.open(path) as file:
        content = file.read().lower()
    return any(word.encode() in content for word in words)
