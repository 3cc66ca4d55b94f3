"""Plays companies whose phase is known, and says how well their stage tells it."""

from __future__ import annotations

import gzip
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.history.progress import Progress
from config.simulation.judging import Judged, judged
from config.simulation.page import HEAD, NOTES
from config.simulation.playing.play import play
from config.simulation.playing.stories import Story, stories
from config.simulation.report import page, text
from maturity.scoring.definition import load

PAGE = settings.BASE_DIR / "docs" / "simulation.md"
WEEKS_A_YEAR = 52
SEED = 1


class Command(BaseCommand):
    help = "Plays companies whose phase is known, and compares the stage with it; stores nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--companies", type=int, default=100)
        parser.add_argument("--years", type=int, default=3)
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--page", action="store_true", help=f"write docs/{PAGE.name}")
        parser.add_argument(
            "--histories", type=Path, help="a folder: keep each company's history to import it"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        number, years = options["companies"], options["years"]
        if number < 1 or years < 1:
            raise CommandError("at least one company and one year")
        weeks = years * WEEKS_A_YEAR
        told = stories(number, weeks=weeks, seed=options["seed"])
        found = self.judge_all(told, weeks=weeks, folder=options["histories"])
        if options["page"]:
            model = load()
            head = HEAD.format(version=model.version, sha256=model.sha256[:12])
            PAGE.write_text(page(found, head=head, notes=NOTES), encoding="utf-8")
            self.stdout.write(str(PAGE))
        else:
            self.stdout.write(text(found))

    def judge_all(self, told: list[Story], *, weeks: int, folder: Path | None) -> list[Judged]:
        progress, found, model = Progress(self.stderr), [], load()
        progress.begin("companies", len(told))
        for n, story in enumerate(told):
            lines = play(story, weeks=weeks)
            if folder is not None:
                keep(lines, folder / f"{n:03}-{story.kind}.jsonl.gz")
            found.append(judged(story, lines, model, weeks=weeks))
            progress.step()
        progress.end()
        return found


def keep(lines: list[dict[str, Any]], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
