"""The way back from a backup, into an empty database only."""

import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config import postgres_tools


class Command(BaseCommand):
    help = "Read FILE, written by `dump`, into an empty database; --replace empties it first."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="drop what is there")

    def handle(self, *_args: Any, file: Path, replace: bool, **_options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"{file} is not a file.")
        if connection.introspection.table_names() and not replace:
            raise CommandError("The database is not empty. --replace drops what is there.")
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        flags = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
        restore = postgres_tools.command("pg_restore", *flags, str(file))
        done = subprocess.run(restore, env=postgres_tools.environment(), check=False)  # noqa: S603 - the server's own
        if done.returncode:
            raise CommandError("pg_restore failed; the database is empty now. Run it again.")
        self.stdout.write("Restored. Now run: manage.py migrate")
