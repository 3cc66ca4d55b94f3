"""Takes a company's past in from a history file (docs/history.md)."""

from __future__ import annotations

import resource
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.history.importing import Import, Summary
from config.history.progress import Progress
from config.history.registry import RECORDS
from crm.errors import Conflict


class Command(BaseCommand):
    help = "Imports a history file, silently: nothing is sent, routed or announced."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl[.gz]")
        parser.add_argument("--dry-run", action="store_true", help="report, write nothing")
        parser.add_argument(
            "--trust-own-acts",
            action="store_true",
            help='believe "own": true (the file comes from a system that authenticated people)',
        )

    def handle(self, *_: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path}: there is no such file")
        began = time.monotonic()
        progress = Progress(self.stderr)
        work = Import(path, trusted=options["trust_own_acts"], progress=progress)
        try:
            summary = work.run(dry=options["dry_run"])
        except (Conflict, DatabaseError, OSError) as error:
            raise CommandError(str(error).strip()) from error
        except KeyboardInterrupt:
            raise CommandError("stopped; run it again to go on where it stopped") from None
        self.stdout.write(table(summary, seconds=time.monotonic() - began))
        if summary.rejected_at:
            raise CommandError(
                f"{summary.rejected.total()} lines rejected, see {summary.rejected_at}"
            )


def table(summary: Summary, *, seconds: float) -> str:
    counts = (summary.new, summary.unchanged, summary.rejected)
    types = [type_ for type_ in [*RECORDS, ""] if any(count[type_] for count in counts)]
    rows = [f"{'':16}{'new':>9}{'known':>9}{'rejected':>10}"]
    rows += [
        f"{type_ or '(unreadable)':16}{summary.new[type_]:9}{summary.unchanged[type_]:9}"
        f"{summary.rejected[type_]:10}"
        for type_ in types
    ]
    totals = [count.total() for count in counts]
    rows.append(f"{'all':16}{totals[0]:9}{totals[1]:9}{totals[2]:10}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    speed = summary.lines / seconds if seconds else 0
    rows.append(f"{summary.lines} lines in {seconds:.1f} s ({speed:.0f} a second), peak {peak} MB")
    return "\n".join(rows)
