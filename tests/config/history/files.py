"""Lines and files of small histories, imported as an operator does it."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection

HISTORIES = Path(__file__).resolve().parents[4] / "shared" / "histories"
AT = "2026-01-05T09:00:00+01:00"


def line(type_: str, id_: str, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "id": id_, "at": AT} | fields


COMPANY: list[dict[str, Any]] = [
    line("unit", "u1", name="Nord", profile="b2c", timezone="Europe/Paris"),
    line("department", "d1", name="Support", unit="u1"),
    line("employee", "e1", name="Éva Mô", email="eva@nord.example", department="d1",
         social_team=False, relevant=True),
    line("employee", "e2", name="Luc", email="luc@nord.example", department="d1",
         social_team=True, relevant=True),
    line("channel", "ch1", kind="email", unit="u1", name="Contact", owned=True),
    line("channel", "ch2", kind="internal", unit="u1", name="Inside", owned=True),
    line("source", "s1", kind="listening", unit="u1", name="Feed"),
    line("contact", "c1", name="Ana", relationship="customer",
         identities=[{"kind": "email", "handle": "Ana@Client.example"}]),
]  # fmt: skip


def message(
    id_: str, conversation: str, direction: str, author: str, at: str, **fields: Any
) -> Any:
    return line("message", id_, conversation=conversation, channel="ch1", direction=direction,
                author=author, text=f"text of {id_}") | {"at": at} | fields  # fmt: skip


def write(path: Path, lines: list[Any]) -> Path:
    made = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    path.write_bytes(b"\n".join(made) + b"\n")
    return path


def take(path: Path, lines: list[Any], *options: str) -> list[dict[str, Any]]:
    """Imports the lines; answers what was rejected."""
    file = write(path / "history.jsonl", lines)
    return import_file(file, *options)


def import_file(file: Path, *options: str) -> list[dict[str, Any]]:
    try:
        call_command(
            "import_history", str(file), *options, stdout=io.StringIO(), stderr=io.StringIO()
        )
    except CommandError:
        report = file.with_name("history.rejected.jsonl")
        return [json.loads(said) for said in report.read_text().splitlines()]
    return []


def counts() -> dict[str, int]:
    tables = [t for t in connection.introspection.table_names() if not t.startswith("django_")]
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found
