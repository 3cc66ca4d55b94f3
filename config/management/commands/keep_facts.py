"""Counts the facts of all days that are over, once (docs/maturity.md)."""

from __future__ import annotations

import resource
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.history.progress import Progress
from maturity.appraisals.keeping import keep_facts


class Command(BaseCommand):
    help = "Keeps the facts of every day in both readings; run it again to go on where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mondays", action="store_true", help="only what the walk looks at")

    def handle(self, *_: Any, **options: Any) -> None:
        began = time.monotonic()
        progress = Progress(self.stderr)

        def told(done: int, all_of_them: int) -> None:
            if done == 1:
                progress.begin("counting", all_of_them)
            progress.reach(done)

        done = keep_facts(every_day=not options["mondays"], seconds=float("inf"), told=told)
        if done:
            progress.end()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        seconds = time.monotonic() - began
        self.stdout.write(f"{done} days counted in {seconds:.1f} s, peak {peak} MB")
