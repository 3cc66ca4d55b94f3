"""Writes the history of an invented company, to try Relais with (docs/history.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.sample.company import SEED, generate, write


class Command(BaseCommand):
    help = "Generates two years of an invented company as a history file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument(
            "--until", type=date.fromisoformat, help="the last day; default: yesterday"
        )
        parser.add_argument("--out", type=Path, default=Path("sample-company.jsonl.gz"))

    def handle(self, *_: Any, **options: Any) -> None:
        yesterday = timezone.now().date() - timedelta(days=1)
        until = options["until"] or yesterday
        if until > yesterday:
            raise CommandError("--until must lie in the past")
        lines = generate(seed=options["seed"], until=until)
        write(options["out"], lines)
        self.stdout.write(f"{len(lines)} lines in {options['out']}")
