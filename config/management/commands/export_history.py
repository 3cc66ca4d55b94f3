"""Writes everything the history format has a word for into a file (docs/history.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.history.exporting import export


class Command(BaseCommand):
    help = "Exports the history of the company, live records included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl[.gz]")

    def handle(self, *_: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            counts, left = export(path)
        except (OSError, DatabaseError) as error:
            raise CommandError(str(error).strip()) from error
        for type_, count in counts.items():
            self.stdout.write(f"{type_:16}{count:9}")
        self.stdout.write(f"{'all':16}{counts.total():9}")
        if left:
            self.stderr.write("Not in the file, because the format has no field for it:")
            for what, count in left.items():
                self.stderr.write(f"{count:9} {what}")
