"""How a test that commits is cleaned up after: the filled tables are emptied, the others left.

Django truncates every table, which makes some thousand files anew each time, and then writes
what it knows of the models again.
"""

from collections.abc import Sequence
from typing import Any

from django.core.management.color import Style
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

KEPT = {"django_content_type", "auth_permission"}  # the same after each `migrate`
_truncating = DatabaseOperations.sql_flush


def sql_flush(
    self: DatabaseOperations, style: Style, tables: Sequence[str], **options: Any
) -> list[str]:
    """Needs a superuser, who alone may delete without regard to keys and triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if not cursor.fetchone()[0]:
            return _truncating(self, style, tables, **options)
        quoted = {name: self.quote_name(name) for name in tables if name not in KEPT}
        asked = [f"(SELECT '{name}' FROM {table} LIMIT 1)" for name, table in quoted.items()]  # noqa: S608
        cursor.execute(" UNION ALL ".join(asked))
        filled = [quoted[name] for (name,) in cursor.fetchall()]
    return [
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table}" for table in filled),  # noqa: S608
    ]
