"""Prints how one criterion came to its verdict: its cases, counts, thresholds and weeks."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.errors import RelaisError
from maturity.appraisals.explaining import explain
from maturity.appraisals.services import PastReading
from maturity.management.commands.appraise import day

ROWS = 20


class Command(BaseCommand):
    help = "Explains one criterion in a terminal, from raw rows to verdict."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("criterion", help="its id, like S3-CON-1")
        parser.add_argument("--as-of", type=day, default=None, help="YYYY-MM-DD (default: today)")
        parser.add_argument("--unit", default=None, help="one unit by its id")
        parser.add_argument(
            "--reading",
            choices=[one.value for one in PastReading],
            default=PastReading.CORRECTED.value,
            help="known: with what had been recorded by then; corrected: with all known now",
        )
        parser.add_argument("--rows", type=int, default=ROWS, help="how many cases to list")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = explain(
            options["criterion"],
            as_of=options["as_of"] or timezone.localdate(),
            reading=PastReading(options["reading"]),
            unit=options["unit"],
            rows=max(options["rows"], 1),
        )
        try:
            for line in lines:
                self.stdout.write(line)
        except RelaisError as error:
            raise CommandError(str(error)) from error
