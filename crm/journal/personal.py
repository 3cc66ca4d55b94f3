"""Where a room keeps what is somebody's own: a declaration for each table, beside its models.

`PERSONAL_DATA` names the lists. A test goes through all models of the project and asks of every
column that can hold words what it is: theirs, written by others, or free of people outside. From
the same lines a person's data are exported and erased, so that neither forgets a room.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import connection
from django.db.models import (
    BinaryField,
    CharField,
    FileField,
    GenericIPAddressField,
    JSONField,
    Model,
    Q,
    QuerySet,
    TextField,
)

SHORTEST_WORD = 3
_SHORTEST_ACCOUNT = 6
_DIGITS_OF_A_NUMBER = 7
_HOLDS_WORDS = (
    *(CharField, TextField, JSONField, BinaryField, FileField, ArrayField),
    *(GenericIPAddressField, SearchVectorField),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, as rooms can look for them. until: what came later is not meant."""

    contacts: tuple[UUID, ...]
    identities: tuple[int, ...]
    names: tuple[str, ...]
    addresses: tuple[tuple[str, str, str], ...]  # kind of network, scope, handle
    until: datetime

    @property
    def handles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(handle for _, _, handle in self.addresses if handle))

    @property
    def marks(self) -> tuple[str, ...]:
        """What names them wherever it stands: a common word would strike out other people."""
        found = [each for each in self.handles if tells_who(each)]
        found += [name for name in self.names if len(name.split()) > 1]
        return tuple(dict.fromkeys(found))

    @property
    def words(self) -> tuple[str, ...]:
        """Besides, every word of their names, for what was written about them."""
        parts = [word for name in self.names for word in re.split(r"[\W_]+", name)]
        parts += [handle.partition("@")[0] for handle in self.handles]
        telling = [word for word in parts if len(word) >= SHORTEST_WORD and not word.isdigit()]
        return tuple(dict.fromkeys([*self.marks, *self.handles, *telling]))


def tells_who(handle: str) -> bool:
    """A mail address, a telephone number, an account that is no plain word."""
    if "@" in handle:
        return True
    digits = sum(mark.isdigit() for mark in handle)
    plain = handle.isalpha()
    return digits >= _DIGITS_OF_A_NUMBER or (len(handle) >= _SHORTEST_ACCOUNT and not plain)


Rows = Callable[[Subject], QuerySet[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the columns of a model that can hold words hold. Names are separated by blanks.

    of: the rows that are theirs; `blank`: what is emptied there, `values`: what becomes something
    else than nothing. left: which of the rows are still to be emptied, where `blank` can't say.
    written: where others may have named them; struck out in every row, and in the rows of `near`
    with every word of their names.
    free: nobody from outside is in there, or a digest only. kept: theirs, exported, and staying.
    buries: what must not come back, of a row. file: the column with a path in the file storage.
    exported: whether a copy of their data has these rows (what they say stands in others as well).
    """

    model: type[Model]
    of: Rows | None = None
    blank: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    left: Q | None = None
    near: Rows | None = None
    written: str = ""
    free: str = ""
    kept: str = ""
    buries: Callable[[Any], Iterable[tuple[str, str]]] | None = None
    file: str = ""
    exported: bool = True

    @property
    def is_emptied(self) -> bool:
        return self.of is not None and bool(self.blank or self.values or self.file)

    @property
    def name(self) -> str:
        return str(self.model._meta.label)

    @property
    def declared(self) -> set[str]:
        lists = (self.blank, self.written, self.free, self.kept, self.file)
        return {name for each in lists for name in each.split()} | set(self.values)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that erasing does besides emptying columns: does a batch, returns how many."""

    name: str
    run: Callable[[Subject], int]


Holdings = list[Table | Step]


def columns_with_words(model: type[Model]) -> set[str]:
    """Closed lists of words and what the database computes from other columns are left out."""
    return {
        each.name
        for each in model._meta.concrete_fields
        if isinstance(each, _HOLDS_WORDS) and not each.choices and not each.generated
    }


def hold_file(path: str) -> None:
    """Until the transaction ends: whoever stores or deletes these bytes waits for the other."""
    number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
