"""Moments come out of PostgreSQL as they went in, whoever reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection, transaction
from psycopg.pq import Format

from config.moments import QuickMoments

pytestmark = pytest.mark.django_db
KOLKATA = timezone(timedelta(hours=5, minutes=30))


def asked(sql: str, *values: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def test_every_connection_reads_them_quickly() -> None:
    oid = connection.connection.adapters.types["timestamptz"].oid
    with connection.cursor() as cursor:
        assert cursor.cursor.adapters.get_loader(oid, Format.TEXT) is QuickMoments


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
