"""How many rows several lists have, asked in one statement: a page that shows many numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def how_many(lists: Sequence[QuerySet[Any]], *, most: int) -> list[int]:
    """Of each list the number of its rows, counted no further than `most`."""
    if not lists:
        return []
    parts, values = zip(*(_counted(rows, most) for rows in lists), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", [value for each in values for value in each])
        return list(cursor.fetchone())


def _counted(rows: QuerySet[Any], most: int) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, values = rows.order_by().values("pk")[:most].query.sql_with_params()
    except EmptyResultSet:
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) counted)", values  # noqa: S608 - Django wrote it
