"""Moments and ids come out of PostgreSQL as they went in, whoever reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from django.db import DataError, connection, transaction
from psycopg.pq import Format

from config.loaders import MOST_IDS, QuickIds, QuickMoments

pytestmark = pytest.mark.django_db
KOLKATA = timezone(timedelta(hours=5, minutes=30))


def asked(sql: str, *values: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def test_every_connection_reads_them_quickly() -> None:
    types = connection.connection.adapters.types
    with connection.cursor() as cursor:
        quick = cursor.cursor.adapters
        assert quick.get_loader(types["timestamptz"].oid, Format.TEXT) is QuickMoments
        assert quick.get_loader(types["uuid"].oid, Format.TEXT) is QuickIds


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
        datetime(2026, 11, 30, 17, 30, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=KOLKATA),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_they_come_out_as_they_went_in_and_in_utc(moment: datetime) -> None:
    found = asked("SELECT %s::timestamptz", moment)
    assert found == moment
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC
    assert asked("SELECT ARRAY[%s::timestamptz, NULL]", moment) == [moment, None]


@pytest.mark.parametrize("said", ["infinity", "4000-01-01 BC"])
def test_what_python_has_no_moment_for_is_said_to_be_so(said: str) -> None:
    with pytest.raises(DataError, match="timestamp too"), transaction.atomic():
        asked("SELECT %s::timestamptz", said)


def test_ids_come_out_as_they_went_in_and_equal_ones_are_one() -> None:
    one, other = uuid4(), UUID(int=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT unnest(%s::uuid[])", [[one, other, one]])
        found = [id_ for (id_,) in cursor.fetchall()]
    assert found == [one, other, one]
    assert found[0] is found[2]
    assert asked("SELECT ARRAY[%s::uuid, NULL]", one) == [one, None]


def test_a_long_list_of_ids_is_not_remembered_whole() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuidv7() FROM generate_series(1, %s)", [MOST_IDS * 2 + 5])
        found = [id_ for (id_,) in cursor.fetchall()]
    assert len(set(found)) == MOST_IDS * 2 + 5
    loader = QuickIds(connection.connection.adapters.types["uuid"].oid)
    assert {loader.load(str(id_).encode()) for id_ in found} == set(found)
    assert len(loader._known) <= MOST_IDS  # noqa: SLF001
