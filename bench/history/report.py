"""How fast a history is taken in, beside COPY of the rows that it became.

The same run, the same server: what the import wrote is copied out, and copied into empty tables
with the same columns, constraints and indexes.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from bench.page.report import history

HOUSE = ("crm", "conversations", "ambassadors")


def main(*, lines: int) -> None:
    call_command("flush", interactive=False, verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "history.jsonl"
        written = write(file, lines)
        print(f"{written:,} lines written", flush=True)
        before, began = peak(), time.perf_counter()
        call_command(
            "import_history", str(file), "--trust-own-acts", stdout=io.StringIO(), stderr=sys.stderr
        )
        taken = time.perf_counter() - began
    print(f"{written:,} lines in {taken:.1f} s: {written / taken:,.0f} a second")
    print(f"peak memory {peak()} MB, {before} MB before it began")
    rows, copied = copy_again()
    print(f"{rows:,} rows of {len(filled())} tables by COPY in {copied:.1f} s")
    print(f"{rows / copied:,.0f} rows a second by COPY; it takes {copied / taken:.2f} of the time")


def write(file: Path, lines: int) -> int:
    """A company of five years, about as many lines."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for entry in history(lines):
            out.write(json.dumps(entry) + "\n")
            count += 1
    return count


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def filled() -> list[str]:
    """Tables that the import wrote to."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in HOUSE]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables
            )
        )
        return [row[0] for row in cursor.fetchall()]


def copy_again() -> tuple[int, float]:
    """(rows, seconds) of COPY alone, one table after the other."""
    total, seconds = 0, 0.0
    for table in filled():
        with tempfile.TemporaryFile() as file, transaction.atomic():
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as out:
                    for block in out:
                        file.write(block)
                cursor.execute(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)")
                file.seek(0)
                began = time.perf_counter()
                with cursor.copy("COPY bench_copy FROM STDIN (FORMAT binary)") as into:
                    while block := file.read(1 << 20):
                        into.write(block)
                total += cursor.rowcount
                seconds += time.perf_counter() - began
            transaction.set_rollback(True)
    return total, seconds
