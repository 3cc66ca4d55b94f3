"""The words of a history file: what a line's fields may hold, and how they become columns.

A field does three things: `clean` takes the JSON value of a line (or refuses it), `column` makes
of the cleaned value what the row holds, `shown` makes of the row what an exported line says.
Cleaned values are JSON again, because lines wait in a staging table between the two.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from crm.errors import Invalid
from crm.journal.models import Keyed
from crm.many import among, among_texts

Json = Any
LONGEST_ID = 200
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # before it a date is a placeholder
LARGEST = 2_147_483_647  # PostgreSQL's integer


class Unfit(Invalid):
    """This line can't be taken; the words say why."""

    code = "unfit_line"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history file, its fields cleaned. `own`: claimed, and trusted."""

    number: int
    id: str
    at: datetime
    own: bool
    data: dict[str, Json]


class Known:
    """Ids of the file -> primary keys, for what one batch of lines refers to."""

    def __init__(self) -> None:
        self._keys: dict[type[Keyed], dict[str, uuid.UUID]] = {}

    def load(self, model: type[Keyed], ids: Collection[str]) -> None:
        self._keys.setdefault(model, {}).update(primary_keys(model, ids))

    def has(self, model: type[Keyed], id_: str) -> bool:
        return id_ in self._keys.get(model, {})

    def pk(self, model: type[Keyed], id_: str) -> uuid.UUID:
        try:
            return self._keys[model][id_]
        except KeyError:
            raise Unfit(f"unknown {model._meta.verbose_name}: {id_}") from None


def id_of(row: Keyed) -> str:
    """The id a row has in history files. (`source_id` of a mention is its data source's.)"""
    return row.key or str(row.pk)


def primary_keys(model: type[Keyed], ids: Collection[str]) -> dict[str, uuid.UUID]:
    """The rows that bear these ids: the source's own, or ours where the row was born here."""
    rows: QuerySet[Any] = QuerySet(model)
    found = dict(rows.filter(key__in=among_texts(ids)).values_list("key", "pk"))
    ours = list(uuids(set(ids) - found.keys()))
    if ours:
        born_here = rows.filter(key__isnull=True, pk__in=among(ours)).values_list("pk", flat=True)
        found |= {str(pk): pk for pk in born_here}
    return found


def having(ids: Collection[str]) -> Q:
    """As `primary_keys`, as a condition."""
    ours = list(uuids(ids))
    there = Q(key__in=among_texts(ids))
    return there | Q(key__isnull=True, pk__in=among(ours)) if ours else there


def uuids(ids: Iterable[str]) -> Iterator[uuid.UUID]:
    for id_ in ids:
        try:
            made = uuid.UUID(id_)
        except ValueError:
            continue
        if str(made) == id_:  # no other way of writing the same UUID
            yield made


def text(value: Json, *, longest: int | None = None, blank: bool = True) -> str:
    if not isinstance(value, str):
        raise Unfit("must be a text")
    if "\x00" in value:
        raise Unfit("holds a NUL character")
    if longest is not None and len(value) > longest:
        raise Unfit(f"is longer than {longest} characters")
    if not blank and not value.strip():
        raise Unfit("is empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("holds half a surrogate pair") from None
    return value


def instant(value: Json) -> datetime:
    if not isinstance(value, str):
        raise Unfit("must be a date and time in ISO 8601")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Unfit("is no date and time in ISO 8601") from None
    if moment.tzinfo is None:
        raise Unfit("has no offset from UTC")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise Unfit("is no date of this calendar") from None
    if moment < EARLIEST:
        raise Unfit(f"lies before {EARLIEST.year}")
    return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a line. `column_name`: the row's attribute, where it isn't the field's name.

    optional: may be left out, or null. required_null: must not be missing, yet may be null.
    """

    optional: bool = False
    column_name: str = ""

    def attribute(self, name: str) -> str:
        return self.column_name or name

    def clean(self, value: Json) -> Json:
        raise NotImplementedError

    def column(self, value: Json, known: Known) -> Any:
        return value

    def shown(self, row: Model, name: str) -> Json | None:
        """None: the line leaves the field out."""
        value = getattr(row, self.attribute(name))
        return None if self.optional and value == "" else value

    def references(self, value: Json) -> Iterator[tuple[type[Keyed], str]]:
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    longest: int | None = None
    blank: bool = True

    def clean(self, value: Json) -> Json:
        return text(value, longest=self.longest, blank=self.blank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts(Field):
    longest: int

    def clean(self, value: Json) -> Json:
        if not isinstance(value, list):
            raise Unfit("must be a list of texts")
        return [text(item, longest=self.longest, blank=False) for item in value]

    def shown(self, row: Model, name: str) -> Json | None:
        return list(getattr(row, self.attribute(name))) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Field):
    def clean(self, value: Json) -> Json:
        if not isinstance(value, bool):
            raise Unfit("must be true or false")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Field):
    def clean(self, value: Json) -> Json:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit("must be a whole number")
        if not 0 <= value <= LARGEST:
            raise Unfit(f"must lie between 0 and {LARGEST}")
        return value


def number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("must be a number")
    try:
        made = float(value)
    except OverflowError:
        made = math.inf
    if not math.isfinite(made):
        raise Unfit("must be a finite number")
    return made


def shown_number(value: float) -> Json:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field):
    def clean(self, value: Json) -> Json:
        return number(value)

    def shown(self, row: Model, name: str) -> Json | None:
        return shown_number(getattr(row, self.attribute(name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(Field):
    """past: something that happened, so it can't lie in the future."""

    past: bool = True

    def clean(self, value: Json) -> Json:
        moment = instant(value)
        if self.past and moment > timezone.now():
            raise Unfit("lies in the future")
        return moment.isoformat()

    def column(self, value: Json, known: Known) -> Any:
        return datetime.fromisoformat(value)

    def shown(self, row: Model, name: str) -> Json | None:
        moment = getattr(row, self.attribute(name))
        return moment and shown_instant(moment)


def shown_instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Field):
    values: Collection[str]

    def clean(self, value: Json) -> Json:
        if not isinstance(value, str) or value not in self.values:
            raise Unfit(f"must be one of {', '.join(self.values)}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Field):
    """The id of another record. `word`: a word that stands for nobody, e.g. `classifier`."""

    to: type[Keyed]
    word: str = ""

    def attribute(self, name: str) -> str:
        return f"{self.column_name or name}_id"

    def clean(self, value: Json) -> Json:
        return text(value, longest=LONGEST_ID, blank=False)

    def references(self, value: Json) -> Iterator[tuple[type[Keyed], str]]:
        if value != self.word:
            yield self.to, value

    def column(self, value: Json, known: Known) -> Any:
        return None if value == self.word else known.pk(self.to, value)

    def shown(self, row: Model, name: str) -> Json | None:
        referred: Keyed | None = getattr(row, self.column_name or name)
        return id_of(referred) if referred else self.word or None


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one type of line, beside `type`, `id`, `at` and `own`."""

    fields: dict[str, Field]
    check: Callable[[dict[str, Json]], None] | None = field(default=None)

    def clean(self, raw: dict[str, Json]) -> dict[str, Json]:
        data: dict[str, Json] = {}
        for name, rule in self.fields.items():
            value = raw.get(name)
            if value is None:
                if not rule.optional:
                    raise Unfit(f"{name}: is missing")
                continue
            try:
                data[name] = rule.clean(value)
            except Unfit as error:
                raise Unfit(f"{name}: {error}") from None
        if self.check:
            self.check(data)
        return data
