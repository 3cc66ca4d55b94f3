"""Keeping the facts of days: every day that is over, in both readings, and anew what changed.

Each handful of days is one transaction. A run that is stopped has kept whole days; the next one
goes on with those that are missing. A second run beside it does nothing.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from maturity.appraisals.past import Past
from maturity.appraisals.versions import in_force, look_at_next, succession
from maturity.facts import kept, spans
from maturity.facts.models import Reading
from maturity.scoring.definition import Model

LOCK = 0x6D617466  # one keeping of facts at a time in a database
HANDFUL = 20  # days
SLICE = 120.0  # seconds that the worker counts before it leaves the rest to its next turn
DAY = timedelta(days=1)
MONDAY = 0
Told = Callable[[int, int], None]  # days done, days to do


class Keeping:
    """What is to be counted, the most asked for first."""

    def __init__(self, model: Model, *, now: datetime, every_day: bool = True) -> None:
        self.every_day = every_day
        self.corrected = Past(Reading.CORRECTED, model, now=now)
        self.corrected.span = spans.LONG
        self.known = Past(Reading.KNOWN, model, now=now, corrected=self.corrected)
        self.last = self.newest_over(now.date() + DAY)

    def newest_over(self, day: date) -> date | None:
        """The last day whose midnight is behind every unit."""
        until = self.corrected.looks.until
        for back in range(7):
            on = day - back * DAY
            cut = kept.last_cut(self.corrected.units_at(on, as_of=on))
            if cut is not None and kept.is_over(cut, at=until):
                return on
        return None

    def missing(self) -> list[tuple[Past, date]]:
        """The newest day, then Mondays, then the days between them; newest first."""
        if self.last is None:
            return []
        begins = self.corrected.at(self.last).begins
        if begins is None:
            return []
        days = [self.last - n * DAY for n in range((self.last - begins).days + 1)]
        days.sort(key=lambda day: (day != self.last, day.weekday() != MONDAY))
        if not self.every_day:
            days = [day for day in days if day == self.last or day.weekday() == MONDAY]
        return [*self.missing_of(self.corrected, days), *self.missing_of(self.known, days)]

    def missing_of(self, past: Past, days: list[date]) -> list[tuple[Past, date]]:
        found = kept.days_in_force(past.reading, past.model, days, looks=past.looks)
        return [(past, day) for day in days if day not in found and self.is_known(past, day)]

    def is_known(self, past: Past, day: date) -> bool:
        """Something was known by then; of a day of which nothing was, nothing is kept."""
        return past.reading == Reading.CORRECTED or past.structure.cut(day) is not None

    def run(self, todo: list[tuple[Past, date]], *, until: float, told: Told) -> int:
        """Counts and keeps, for as long as there is time; answers how many days."""
        done = 0
        for start in range(0, len(todo), HANDFUL):
            if time.monotonic() > until:
                break
            for past, day in todo[start : start + HANDFUL]:
                self.count(past, day)
                done += 1
                told(done, len(todo))
            for past in (self.corrected, self.known):
                past.keep()
        if done:
            self.corrected.looks.keep()
        return done

    def count(self, past: Past, day: date) -> None:
        if day == self.last and past is self.corrected:
            past.count_with_evidence(day)
        else:
            past.count(day)


def keep_facts(
    *,
    at: datetime | None = None,
    every_day: bool = True,
    seconds: float = SLICE,
    told: Told = lambda *_: None,
) -> int:
    """Brings the kept facts up to date; answers how many days were counted."""
    with only_one_keeps() as is_ours:
        if not is_ours:
            return 0
        now, until, done = at or timezone.now(), time.monotonic() + seconds, 0
        with rarely_collected():
            for model, all_days in models(every_day=every_day):
                keeping = Keeping(model, now=now, every_day=all_days)
                if todo := keeping.missing():
                    done += keeping.run(todo, until=until, told=told)
        return done


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Millions of rows stay alive as long as a span does: looking for garbage among them again and
    again took a quarter of the time. `Past` collects when it lets a span go."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def models(*, every_day: bool) -> list[tuple[Model, bool]]:
    """The version in force; of the ones before it and of the next one, what the walk looks at."""
    versions, beside = succession(), look_at_next()
    today = in_force(timezone.localdate(), versions)
    others = [one.model for one in versions if one.model.sha256 != today.sha256]
    others += [beside.model] if beside else []
    return [(today, every_day), *((other, False) for other in others)]


@contextmanager
def only_one_keeps() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = cursor.fetchone()
    is_ours = bool(row and row[0])
    try:
        yield is_ours
    finally:
        if is_ours and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
