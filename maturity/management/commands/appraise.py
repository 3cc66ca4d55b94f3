"""Prints the appraisal of the company, derived from its records."""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.errors import RelaisError
from maturity.appraisals.services import PastReading, appraise


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no date like 2026-10-05") from error


class Command(BaseCommand):
    help = "Says at which stage of social maturity the company is, and why: one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, default=None, help="YYYY-MM-DD (default: today)")
        parser.add_argument(
            "--reading",
            choices=[one.value for one in PastReading],
            default=PastReading.CORRECTED.value,
            help="known: with what had been recorded by then; corrected: with all known now",
        )
        parser.add_argument("--unit", default=None, help="one unit by its id")
        parser.add_argument("--format", choices=["json"], default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = options["as_of"] or timezone.localdate()
        try:
            said = appraise(as_of, reading=PastReading(options["reading"]), unit=options["unit"])
        except RelaisError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
