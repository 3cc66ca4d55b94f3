"""Plays companies whose phase is known, and says how well their stage tells it."""

from __future__ import annotations

import gzip
import json
import os
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
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
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at a time")
        parser.add_argument("--page", action="store_true", help=f"write docs/{PAGE.name}")
        parser.add_argument(
            "--histories", type=Path, help="a folder: keep each company's history to import it"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        number, years, processes = (options[of] for of in ("companies", "years", "processes"))
        if min(number, years, processes) < 1:
            raise CommandError("at least one company, one year and one process")
        weeks = years * WEEKS_A_YEAR
        told = stories(number, weeks=weeks, seed=options["seed"])
        judge = partial(judge_one, weeks=weeks, folder=options["histories"])
        found = self.judge_all(judge, told, processes=processes)
        if options["page"]:
            model = load()
            head = HEAD.format(version=model.version, sha256=model.sha256[:12])
            PAGE.write_text(page(found, head=head, notes=NOTES), encoding="utf-8")
            self.stdout.write(str(PAGE))
        else:
            self.stdout.write(text(found))

    def judge_all(
        self, judge: Callable[[tuple[int, Story]], Judged], told: list[Story], *, processes: int
    ) -> list[Judged]:
        progress, found = Progress(self.stderr), []
        progress.begin("companies", len(told))
        afresh = get_context("spawn")  # no copy of a process that holds connections
        with ProcessPoolExecutor(processes, afresh, initializer=django.setup) as pool:
            for one in pool.map(judge, enumerate(told)):
                found.append(one)
                progress.step()
        progress.end()
        return found


def judge_one(told: tuple[int, Story], *, weeks: int, folder: Path | None) -> Judged:
    number, story = told
    lines = play(story, weeks=weeks)
    if folder is not None:
        keep(lines, folder / f"{number:03}-{story.kind}.jsonl.gz")
    return judged(story, lines, load(), weeks=weeks)


def keep(lines: list[dict[str, Any]], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
