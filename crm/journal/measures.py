"""What all rooms' measures share: the order of one instant, and when records begin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import CharField, F, Min, Model, Q, QuerySet, RowRange, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Collate

from crm import many

# Records of one instant go in the order of their ids as text, whatever the database's language.
BY_ID = Collate(Coalesce("key", Cast("id", CharField())), "C")


class Beginning(NamedTuple):
    """The earliest record of a table, as it was known from `recorded_at` on."""

    at: datetime
    recorded_at: datetime


def beginnings(model: type[Model]) -> list[Beginning]:
    """Rows that happened before everything recorded earlier: few, however long the table is."""
    before = Window(
        Min("occurred_at"), order_by=["recorded_at", "pk"], frame=RowRange(start=None, end=-1)
    )
    rows = model._default_manager.annotate(before=before)  # noqa: SLF001  # documented by Django
    first = rows.filter(Q(before=None) | Q(before__gt=F("occurred_at"))).order_by("recorded_at")
    return [Beginning(*row) for row in first.values_list("occurred_at", "recorded_at")]


Moments = QuerySet[Any, Any]  # rows of one column, `happened`


def recorded_since(
    model: type[Model], since: datetime, *, at: str | Combinable = "occurred_at"
) -> Moments:
    """When what was recorded from `since` on happened."""
    rows = model._default_manager.filter(recorded_at__gte=since)  # noqa: SLF001  # as above
    return moments(rows, at)


def moments(rows: QuerySet[Any], at: str | Combinable) -> Moments:
    return rows.order_by().values(happened=F(at) if isinstance(at, str) else at)


def oldest_of(looks: Iterable[Moments]) -> datetime | None:
    """The oldest of all these moments, in one statement; None: there is none."""
    asked = [look.query.sql_with_params() for look in looks]
    firsts = [f"SELECT min(happened) AS at FROM ({sql}) look" for sql, _ in asked]  # noqa: S608
    sql = f"SELECT min(at) FROM ({' UNION ALL '.join(firsts)}) looks"  # noqa: S608 - Django's own
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for _, values in asked for value in values])
        found: datetime | None = cursor.fetchone()[0]
    return found


def oldest(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


AT_ONCE = 5_000  # ids in one statement
Asked = TypeVar("Asked", bound=QuerySet[Any])


def among(rows: Asked, field: str, ids: Collection[UUID] | None) -> Iterator[Asked]:
    """The rows whose `field` is one of these ids, some thousand ids at a time; None: all rows."""
    if ids is None:
        yield rows
        return
    listed = sorted(ids, key=lambda id_: id_.int)  # much quicker than to compare ids
    for start in range(0, len(listed), AT_ONCE):
        yield rows.filter(**{f"{field}__in": many.among(listed[start : start + AT_ONCE])})


def recorded_before(rows: Asked, known_at: datetime | None) -> Asked:
    """What had been recorded at that moment; None: all of them."""
    return rows if known_at is None else rows.filter(recorded_at__lt=known_at)


class Reach(NamedTuple):
    """When the oldest row happened; when a row was first recorded long after it had happened."""

    first_at: datetime | None
    imported_since: datetime | None


BELATED = timedelta(days=2)


def reach(rows: QuerySet[Any], *, at: str | Combinable = "occurred_at") -> Reach:
    rows = rows.annotate(happened=F(at) if isinstance(at, str) else at).order_by()
    late = Q(recorded_at__gt=F("happened") + BELATED)
    found = rows.aggregate(first=Min("happened"), late=Min("recorded_at", filter=late))
    return Reach(found["first"], found["late"])
