"""A question to the database that may not last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


class TooSlow(Exception):
    """The database cancelled a statement that lasted longer than it was given."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Each statement inside is cancelled after `seconds` (at least a millisecond): TooSlow.

    What was done in the block is rolled back then; the limit of before stands again after it.
    """
    limit = str(max(1, int(seconds * 1000)))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", before)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise
