"""History lines <-> rows: what every type of record does the same way.

`take` writes a batch of cleaned lines inside the caller's transaction and silently: no verb is
called, nothing is announced. `shown` makes the line of a row, for the export; import, export
and import again is the identity, because both directions are drawn from the same fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from django.db.models import F, Model, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce, Collate
from django.utils import timezone

from crm.journal import tombstones
from crm.journal.lines import (
    LONGEST_ID,
    Field,
    Form,
    Json,
    Known,
    Line,
    Reference,
    Unfit,
    having,
    id_of,
    instant,
    shown_instant,
    text,
)
from crm.journal.models import Acted, Keyed
from crm.journal.writing import Blank, write
from crm.values import Via

OTHER_CONTENT = "other content under a known id"
AT_ONCE = 1000  # rows a statement, or fetched ahead


@dataclass
class Outcome:
    """What became of a batch. waiting: they refer to lines of their own type not yet taken."""

    new: int = 0
    unchanged: int = 0
    rejected: list[tuple[Line, str]] = field(default_factory=list)
    waiting: list[tuple[Line, str]] = field(default_factory=list)


class RecordType(Protocol):
    """What the import and the export ask of a type of record."""

    type: str

    def clean(self, raw: dict[str, Json], number: int, *, trusted: bool) -> Line: ...
    def take(self, lines: Sequence[Line]) -> Outcome: ...
    def lines(self) -> Iterator[dict[str, Json]]: ...


def clean_head(raw: dict[str, Json], name: str, rule: Callable[[Json], Any]) -> Any:
    if raw.get(name) is None:
        raise Unfit(f"{name}: is missing")
    try:
        return rule(raw[name])
    except Unfit as error:
        raise Unfit(f"{name}: {error}") from None


def an_id(value: Json) -> str:
    return text(value, longest=LONGEST_ID, blank=False)


def a_past_instant(value: Json) -> datetime:
    moment = instant(value)
    if moment > timezone.now():
        raise Unfit("lies in the future")
    return moment


def claims_own(raw: dict[str, Json]) -> bool:
    claim = raw.get("own")
    if claim is not None and not isinstance(claim, bool):
        raise Unfit("own: must be true or false")
    return bool(claim)


def by_id(*, at: Any = "occurred_at", key: str = "key", pk: str = "pk") -> list[Any]:
    """The order of an export: by time, then by id as text, the same in every database."""
    id_ = Coalesce(F(key), Cast(F(pk), TextField()))
    return [F(at) if isinstance(at, str) else at, Collate(id_, "C")]


Row = TypeVar("Row", bound=Keyed)
Kin = TypeVar("Kin", bound=Known)


class Record(Generic[Row]):
    """A type whose lines are written once: a known id with other content is refused."""

    def __init__(
        self,
        type_: str,
        model: type[Row],
        *,
        check: Callable[[dict[str, Json]], None] | None = None,
        **fields: Field,
    ) -> None:
        self.type = type_
        self.model = model
        self.form = Form(fields, check)
        self.blank = Blank(model)

    def clean(self, raw: dict[str, Json], number: int, *, trusted: bool) -> Line:
        return Line(
            number=number,
            id=clean_head(raw, "id", an_id),
            at=clean_head(raw, "at", a_past_instant),
            own=claims_own(raw) and trusted,
            data=self.form.clean(raw),
        )

    # --- import ---

    def take(self, lines: Sequence[Line]) -> Outcome:
        outcome = Outcome()
        lines = self.without_erased(lines, outcome)
        known = self.known(lines)
        there = {id_of(row): row for row in self.stored([line.id for line in lines])}
        fresh: list[tuple[Line, Row]] = []
        for line in lines:
            try:
                row = self.row(line, known)
                self.compare(line, there.get(line.id), row)
            except Unfit as error:
                outcome.rejected.append((line, str(error)))
                continue
            if line.id in there:
                outcome.unchanged += 1
            else:
                there[line.id] = row
                fresh.append((line, row))
        self.prepare(fresh, known)
        write([row for _, row in fresh])
        outcome.new = len(fresh)
        self.settle(fresh, known)
        return outcome

    def without_erased(self, lines: Sequence[Line], outcome: Outcome) -> list[Line]:
        """What was erased on purpose stays so: such a line changes nothing."""
        gone = tombstones.buried(self.type, {line.id for line in lines})
        outcome.unchanged += sum(line.id in gone for line in lines)
        return [line for line in lines if line.id not in gone]

    def known(self, lines: Sequence[Line]) -> Known:
        return self.loaded(Known(), lines)

    def loaded(self, known: Kin, lines: Sequence[Line]) -> Kin:
        for model, ids in self.referred(lines).items():
            known.load(model, ids)
        return known

    def referred(self, lines: Iterable[Line]) -> dict[type[Keyed], set[str]]:
        ids: dict[type[Keyed], set[str]] = defaultdict(set)
        for line in lines:
            for name, value in line.data.items():
                for model, id_ in self.form.fields[name].references(value):
                    ids[model].add(id_)
        return ids

    def stored(self, ids: Sequence[str]) -> QuerySet[Row]:
        return QuerySet(self.model).filter(having(ids))

    def row(self, line: Line, known: Known) -> Row:
        row = self.blank.filled(key=line.id, occurred_at=line.at, **self.columns(line, known))
        if isinstance(row, Acted):
            row.via = Via.OWN if line.own else Via.IMPORT
        return row

    def columns(self, line: Line, known: Known) -> dict[str, Any]:
        fields = self.form.fields
        return {
            fields[name].attribute(name): fields[name].column(value, known)
            for name, value in line.data.items()
        }

    def compare(self, line: Line, there: Row | None, row: Row) -> None:
        """Raises where the id is known and the line says something else of it."""
        if there is None:
            return
        if not self.is_same(there, row):
            raise Unfit(OTHER_CONTENT)
        if line.own and isinstance(there, Acted) and there.via != Via.OWN:
            raise Unfit(f"{OTHER_CONTENT}: it was taken as imported, not as this person's own act")

    def is_same(self, there: Row, row: Row) -> bool:
        names = ["occurred_at", *(rule.attribute(n) for n, rule in self.form.fields.items())]
        return all(getattr(there, name) == getattr(row, name) for name in names)

    def prepare(self, fresh: list[tuple[Line, Row]], known: Known) -> None:
        """Writes what the new rows stand on, before they are written."""

    def settle(self, fresh: list[tuple[Line, Row]], known: Known) -> None:
        """Writes what follows from the new rows, in the same transaction."""

    # --- export ---

    def lines(self) -> Iterator[dict[str, Json]]:
        for row in self.rows().iterator(chunk_size=AT_ONCE):
            yield self.shown(row)

    def rows(self) -> QuerySet[Row]:
        return QuerySet(self.model).select_related(*self.followed()).order_by(*by_id())

    def followed(self) -> list[str]:
        return [
            rule.column_name or name
            for name, rule in self.form.fields.items()
            if isinstance(rule, Reference)
        ]

    def shown(self, row: Row) -> dict[str, Json]:
        line = {"type": self.type, "id": id_of(row), "at": shown_instant(self.moment(row))}
        return line | own_mark(row) | shown_fields(self.form, row)

    def moment(self, row: Any) -> datetime:
        moment: datetime = row.occurred_at
        return moment


def own_mark(row: Model) -> dict[str, Json]:
    return {"own": True} if isinstance(row, Acted) and row.via == Via.OWN else {}


def shown_fields(form: Form, row: Model) -> dict[str, Json]:
    shown = {name: rule.shown(row, name) for name, rule in form.fields.items()}
    return {name: value for name, value in shown.items() if value is not None}


class Versioned(Record[Row]):
    """A type whose further lines are versions: what was true of a thing from `at` on.

    `version` has the same columns, a date, and a foreign key named `thing` to the model. The
    columns of the thing itself are those of its newest version.
    """

    def __init__(
        self, type_: str, model: type[Row], *, version: type[Model], thing: str, **fields: Field
    ) -> None:
        super().__init__(type_, model, check=None, **fields)
        self.version = version
        self.thing = thing

    def take(self, lines: Sequence[Line]) -> Outcome:
        outcome = Outcome()
        known = self.known(lines)
        things = {id_of(row): row for row in self.stored([line.id for line in lines])}
        versions = self.versions_of(things.values())
        fresh_things: list[Row] = []
        fresh: list[Model] = []
        for line in lines:
            try:
                facts = self.columns(line, known)
            except Unfit as error:
                self.put_off(line, str(error), outcome, known)
                continue
            there = versions.get((line.id, line.at))
            if there is None:
                if line.id not in things:
                    things[line.id] = self.thing_of(line, facts)
                    fresh_things.append(things[line.id])
                made = self.version(**{self.thing: things[line.id]}, occurred_at=line.at, **facts)
                versions[line.id, line.at] = made
                fresh.append(made)
            elif self.has_facts(there, self.version(occurred_at=line.at, **facts)):
                outcome.unchanged += 1
            else:
                outcome.rejected.append((line, OTHER_CONTENT))
        write(fresh_things)
        write(fresh)
        outcome.new = len(fresh)
        self.project({getattr(version, self.thing) for version in fresh})
        return outcome

    def put_off(self, line: Line, reason: str, outcome: Outcome, known: Known) -> None:
        missing = {
            model
            for model, ids in self.referred([line]).items()
            if any(not known.has(model, id_) for id_ in ids)
        }
        waits = missing == {self.model}
        (outcome.waiting if waits else outcome.rejected).append((line, reason))

    def thing_of(self, line: Line, facts: dict[str, Any]) -> Row:
        return self.model(key=line.id, **facts)

    def versions_of(self, things: Iterable[Row]) -> dict[tuple[str, datetime], Any]:
        ids = {thing.pk: id_of(thing) for thing in things}
        rows: QuerySet[Any] = QuerySet(self.version)
        return {
            (ids[getattr(row, f"{self.thing}_id")], row.occurred_at): row
            for row in rows.filter(**{f"{self.thing}__in": ids})
        }

    def has_facts(self, there: Model, version: Model) -> bool:
        names = [rule.attribute(name) for name, rule in self.form.fields.items()]
        return all(getattr(there, name) == getattr(version, name) for name in names)

    def project(self, things: set[Row]) -> None:
        names = [rule.attribute(name) for name, rule in self.form.fields.items()]
        versions: QuerySet[Any] = QuerySet(self.version)
        newest = (
            versions.filter(**{f"{self.thing}__in": things})
            .order_by(f"{self.thing}_id", "-occurred_at")
            .distinct(f"{self.thing}_id")
            .select_related(self.thing)
        )
        touched = []
        for version in newest:
            thing = getattr(version, self.thing)
            for name in names:
                setattr(thing, name, getattr(version, name))
            touched.append(thing)
        if touched:
            columns = [name.removesuffix("_id") for name in names]
            QuerySet(self.model).bulk_update(touched, self.projected(touched, columns))

    def projected(self, things: list[Row], columns: list[str]) -> list[str]:
        """The columns to save, once what derives from them is set."""
        return columns

    # --- export ---

    def lines(self) -> Iterator[dict[str, Json]]:
        rows: QuerySet[Any] = QuerySet(self.version).select_related(self.thing, *self.followed())
        order = by_id(key=f"{self.thing}__key", pk=f"{self.thing}__pk")
        for row in rows.order_by(*order).iterator(chunk_size=AT_ONCE):
            yield {
                "type": self.type,
                "id": id_of(getattr(row, self.thing)),
                "at": shown_instant(row.occurred_at),
            } | shown_fields(self.form, row)
