"""Emptying one table of one person, a batch at a time; done twice it changes nothing more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, cast

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import BinaryField, JSONField, Model, Q, QuerySet

from crm.journal import tombstones
from crm.journal.personal import Subject, Table, hold_file

BATCH = 500
STRUCK_OUT = "[erased]"


def nothing(column: Any) -> Any:
    """What a column holds when it holds nobody."""
    if isinstance(column, BinaryField):
        return b""
    if column.null:
        return None
    if isinstance(column, ArrayField):
        return []
    return {} if isinstance(column, JSONField) else ""


def left_in(table: Table) -> Q:
    """The rows whose columns are not empty yet."""
    if table.left is not None:
        return table.left
    names = [*table.blank.split(), *table.file.split()]
    return reduce(or_, (_is_filled(table.model._meta.get_field(name)) for name in names))


def _is_filled(column: Any) -> Q:
    there = Q(**{f"{column.name}__isnull": False})
    empty = nothing(column)
    return there if empty is None else there & ~Q(**{column.name: empty})


def theirs(table: Table, subject: Subject) -> QuerySet[Any]:
    return QuerySet(table.model).none() if table.of is None else table.of(subject)


def empty(table: Table, subject: Subject) -> int:
    """One batch of the rows that are theirs. Within the caller's transaction."""
    if table.of is None:
        return 0
    rows = theirs(table, subject).filter(left_in(table)).order_by("pk")[:BATCH]
    keys = list(rows.values_list("pk", flat=True))
    held: QuerySet[Any] = QuerySet(table.model).filter(pk__in=keys).order_by("pk")
    found = list(held.select_for_update(of=("self",), no_key=True))
    if not found:
        return 0
    if table.buries is not None:
        tombstones.bury(pair for row in found for pair in table.buries(row))
    if table.file:
        forget_files(table.model, table.file, found)
    columns = {name: nothing(table.model._meta.get_field(name)) for name in table.blank.split()}
    if table.file:
        columns[table.file] = ""
    with pgtrigger.ignore():  # rows that are never edited are erased all the same
        held.update(**columns, **table.values)
    return len(found)


def forget_files(model: type[Model], column: str, rows: Sequence[Any]) -> None:
    """Deletes the bytes that no other row needs: equal files lie in the storage once.

    Before the commit: a crash leaves a row whose file is gone, and the next try empties it.
    """
    own = [row.pk for row in rows]
    for path in sorted({getattr(row, column) for row in rows} - {""}):
        hold_file(path)
        others: QuerySet[Any] = QuerySet(model).filter(**{column: path})
        if not others.exclude(pk__in=own).exists():
            default_storage.delete(path)


def strike_out(table: Table, subject: Subject) -> int:
    """Their marks out of what others wrote: everywhere, and near them each word of their names."""
    changed = 0
    for name in table.written.split():
        if subject.marks:
            changed += _strike(table.model, name, subject.marks, rows=None)
        if subject.words and table.near is not None:
            changed += _strike(table.model, name, subject.words, rows=table.near(subject))
    return changed


def pattern_of(marks: Sequence[str]) -> str:
    """An ARE of PostgreSQL: the marks as they are, not inside of longer words."""
    longest_first = sorted(set(marks), key=len, reverse=True)
    return rf"(?<![\w.+-])(?:{'|'.join(map(_literal, longest_first))})(?![\w-])"


def _literal(mark: str) -> str:
    return re.sub(r"([^\w\s@])", r"\\\1", mark)


def _strike(
    model: type[Model], name: str, marks: Sequence[str], *, rows: QuerySet[Any] | None
) -> int:
    quoted = connection.ops.quote_name
    column: Any = model._meta.get_field(name)
    where, parameters = "", cast("tuple[Any, ...]", ())
    if rows is not None:
        sql, parameters = rows.order_by().values("pk").query.sql_with_params()
        where = f" AND {quoted(str(model._meta.pk.column))} IN ({sql})"
    said, kind = quoted(column.column), column.db_type(connection)
    statement = (
        f"UPDATE {quoted(model._meta.db_table)}"  # noqa: S608 - names of our own models
        f" SET {said} = regexp_replace({said}::text, %s, %s, 'gi')::{kind}"
        f" WHERE {said}::text ~* %s{where}"
    )
    pattern = pattern_of(marks)
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(statement, [pattern, STRUCK_OUT, pattern, *parameters])
        return int(cursor.rowcount)
