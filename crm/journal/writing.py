"""Rows of an import: many new ones of one model, made and written fast and silently."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

Row = TypeVar("Row", bound=Model)


class Blank(Generic[Row]):
    """New rows of a model. `Model.__init__` asks every field for its default, once more a row."""

    def __init__(self, model: type[Row]) -> None:
        self.model = model
        self._places: dict[str, int] = {}
        self._same: list[Any] = []
        self._made: list[tuple[int, Callable[[], Any]]] = []

    def filled(self, **columns: Any) -> Row:
        """As `model(**columns)`: by attribute (`unit_id`) or, of foreign keys, by row (`unit`)."""
        if not self._same:
            self._learn()
        values, others = self._same.copy(), {}
        for name, value in columns.items():
            place = self._places.get(name)
            if place is None:
                others[name] = value
            else:
                values[place] = value
        for place, make in self._made:
            if values[place] is UNMADE:
                values[place] = make()
        row = self.model(*values)
        for name, value in others.items():
            setattr(row, name, value)
        return row

    def _learn(self) -> None:
        """On first use: the apps are ready then."""
        for place, column in enumerate(self.model._meta.concrete_fields):
            self._places[column.attname] = place
            if column.generated:
                self._same.append(models.DEFERRED)
            elif column.has_default() and callable(column.default):
                self._same.append(UNMADE)
                self._made.append((place, column.get_default))
            else:
                self._same.append(column.get_default())


UNMADE = object()


def write(rows: Sequence[Model]) -> None:
    """Inserts new rows of one model by COPY: several times faster than INSERT statements."""
    if not rows:
        return
    columns = [Column(field) for field in rows[0]._meta.concrete_fields if is_given(rows[0], field)]
    quoted = connection.ops.quote_name
    names = ", ".join(quoted(column.field.column or "") for column in columns)
    statement = f"COPY {quoted(rows[0]._meta.db_table)} ({names}) FROM STDIN"
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row([column.of(row) for column in columns])


# What PostgreSQL's driver takes as it stands, by the class of the column: asking Django for each
# value costs half of an import.
PLAIN: dict[type[models.Field[Any, Any]], tuple[type, ...]] = {
    models.BooleanField: (bool,),
    models.CharField: (str,),
    models.DateTimeField: (datetime,),
    models.ForeignKey: (uuid.UUID,),
    models.TextField: (str,),
    models.UUIDField: (uuid.UUID,),
}


class Column:
    """A column of rows to be written."""

    __slots__ = ("field", "name", "plain")

    def __init__(self, field: Any) -> None:
        self.field = field
        self.name = field.attname
        stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        self.plain = () if stamped else PLAIN.get(type(field), ())

    def of(self, row: Model) -> Any:
        value = row.__dict__[self.name]
        if isinstance(value, self.plain) or (value is None and self.plain):
            return value
        return self.field.get_db_prep_save(self.field.pre_save(row, add=True), connection)


def is_given(row: Model, field: Any) -> bool:
    """The database fills in the others: numbered keys, what it computes, when it was recorded."""
    if field.generated:
        return False
    value = getattr(row, field.attname)
    return not isinstance(value, DatabaseDefault) and not (field.primary_key and value is None)
