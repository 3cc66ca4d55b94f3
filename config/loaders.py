"""Reading PostgreSQL's moments and ids quickly: most of the time of a long list goes into them.

Django's loader takes each timestamp apart with a regular expression, although every connection of
ours speaks UTC and ISO. psycopg's makes a new `UUID` of each id, although a list names the same
few conversations, channels and people again and again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.abc import AdaptContext, Buffer
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.uuid import UUIDLoader

MOST_IDS = 20_000  # that one cursor remembers


class QuickMoments(TimestamptzLoader):
    timezone = UTC  # Django looks at it: another zone gets Django's loader

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # before the year 1 or after 9999: psycopg says so
            return super().load(data)


class QuickIds(UUIDLoader):
    """One a cursor. Equal ids are one object, which makes it quick to find them again."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._known: dict[bytes, UUID] = {}

    def load(self, data: Buffer) -> UUID:
        known, said = self._known, bytes(data)
        found = known.get(said)
        if found is None:
            if len(known) >= MOST_IDS:
                known.clear()
            found = known[said] = super().load(data)
        return found


def speak_quickly(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """To be told of each new connection (`connection_created`)."""
    if connection.vendor != "postgresql":
        return
    adapters = connection.connection.adapters
    adapters.register_loader("uuid", QuickIds)
    if connection.timezone == UTC:
        adapters.register_loader("timestamptz", QuickMoments)
