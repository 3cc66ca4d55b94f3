"""A backup of the database in one file."""

import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import postgres_tools


class Command(BaseCommand):
    help = "Write the database into FILE, in pg_dump's custom format."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        draft = file.with_name(file.name + ".new")
        draft.touch(mode=0o600)
        flags = ("--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
        dump = postgres_tools.command("pg_dump", *flags)
        done = subprocess.run(dump, env=postgres_tools.environment(), check=False)  # noqa: S603 - the server's own
        if done.returncode:
            draft.unlink(missing_ok=True)
            raise CommandError("pg_dump failed; nothing was written.")
        draft.replace(file)
        self.stdout.write(f"{file}: {file.stat().st_size} bytes. The files of channels lie apart.")
