"""Walking the Mondays of a reading, from the newest place on that is remembered.

Where a walk stands after a Monday follows from the figures up to it, the exemptions and the way it
is computed, and from nothing else. All of them are in the name under which a place is remembered:
whatever changes one of them asks for another name, so that nothing has to be taken back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache as once
from pathlib import Path
from typing import Protocol

from django.core.cache import cache
from redis.exceptions import RedisError

from maturity import scoring
from maturity.appraisals import exempting
from maturity.appraisals.exempting import Exempted
from maturity.facts.ledger import Day
from maturity.scoring import walk
from maturity.scoring.definition import Model
from maturity.scoring.walk import Walked, Week

EVERY = 13  # Mondays between two places: a quarter is walked in some hundredths of a second
REMEMBERED = timedelta(days=40).total_seconds()


@dataclass(frozen=True)
class Stride:
    """Where everybody stands. plain: the same without exemptions; None where there was none."""

    walked: Walked
    plain: Walked | None = None


@dataclass(frozen=True)
class Step:
    """One Monday evaluated, with where everybody stood after it."""

    on: date
    day: Day
    stride: Stride
    model: Model

    @property
    def walked(self) -> Walked:
        return self.stride.walked


class Days(Protocol):
    """One reading of the past: what was counted on any day, and the Mondays of the walk."""

    @property
    def model(self) -> Model: ...
    def mondays(self, until: date) -> list[date]: ...
    def day(self, on: date) -> Day: ...


class Places(Protocol):
    """Where walks stood. Names come in the order of the Mondays."""

    def names(self, mondays: Sequence[date]) -> Mapping[int, str]: ...
    def newest(self, names: Mapping[int, str]) -> tuple[int, Stride] | None: ...
    def keep(self, strides: Mapping[str, Stride]) -> None: ...


class Way:
    """The Mondays up to a day, begun at the newest remembered place.

    shown: so many of the last Mondays are walked in any case, to be looked at one by one.
    begun: the first Monday to be walked, and where everybody stood before it.
    """

    def __init__(
        self,
        days: Days,
        until: date,
        exempted: Exempted,
        places: Places | None = None,
        *,
        shown: int = 0,
        begun: tuple[date, Stride] | None = None,
    ) -> None:
        self.days, self.exempted, self.places = days, exempted, places
        self.mondays = days.mondays(until)
        self.names = places.names(self.mondays) if places else {}
        before = {n: name for n, name in self.names.items() if n <= len(self.mondays) - shown}
        found = places.newest(before) if places and before else None
        self.done, self.stride = found or (0, Stride(walk.start(days.model)))
        if begun:
            self.done, self.stride = sum(on < begun[0] for on in self.mondays), begun[1]

    def steps(self) -> Iterator[Step]:
        passed: dict[str, Stride] = {}
        for count, on in enumerate(self.mondays[self.done :], start=self.done + 1):
            day = self.exempted.day(self.days.day(on))
            self.stride = onward(self.days.model, self.stride, day.week)
            if count in self.names:
                passed[self.names[count]] = self.stride
            yield Step(on, day, self.stride, self.days.model)
        if self.places and passed:
            self.places.keep(passed)

    def end(self) -> Stride:
        for _ in self.steps():
            pass
        return self.stride


def turned(before: Stride, own: Stride) -> Stride:
    """Another version of the model takes over: its gates as it has walked them, our stages."""
    plain = None
    if before.plain or own.plain:
        plain = walk.turned(before.plain or before.walked, own.plain or own.walked)
    return Stride(walk.turned(before.walked, own.walked), plain)


def onward(model: Model, stride: Stride, week: Week) -> Stride:
    """One more Monday. Until the first exemption both walks are one."""
    plain = stride.plain
    if plain is None and week.exempt:
        plain = stride.walked
    if plain is not None:
        plain = walk.step(model, plain, replace(week, exempt={}))
    return Stride(walk.step(model, stride.walked, week), plain)


class Remembered:
    """Places in the cache, each a quarter after the one before."""

    def __init__(self, days: Digests, exempted: Exempted) -> None:
        self.days = days
        self.ground = f"{ways()} {days.model.sha256} {exempting.digest(exempted)}"

    def names(self, mondays: Sequence[date]) -> Mapping[int, str]:
        """How many Mondays were walked -> the name of that place, as far as figures are kept."""
        said = hashlib.sha256(self.ground.encode())
        found: dict[int, str] = {}
        for count, on in enumerate(mondays, start=1):
            digest = self.days.digest(on)
            if not digest:
                break
            said.update(f"{on} {digest}\n".encode())
            if count % EVERY == 0:
                found[count] = f"walked:{said.hexdigest()}"
        return found

    def newest(self, names: Mapping[int, str]) -> tuple[int, Stride] | None:
        with suppress(RedisError):
            for some in (list(names)[-1:], list(names)[:-1]):
                found = cache.get_many([names[count] for count in some])
                for count in reversed(some):
                    stride = found.get(names[count])
                    if isinstance(stride, Stride):
                        return count, stride
        return None

    def keep(self, strides: Mapping[str, Stride]) -> None:
        with suppress(RedisError):
            cache.set_many(dict(strides), REMEMBERED)


class Digests(Protocol):
    @property
    def model(self) -> Model: ...
    def digest(self, on: date) -> str: ...


@once
def ways() -> str:
    """A digest of the code that walks: another release never goes on where this one stood."""
    return digest_of(sorted(Path(scoring.__file__).parent.glob("*.py")))


def digest_of(files: Iterable[Path]) -> str:
    said = hashlib.sha256()
    for file in (*files, Path(__file__), Path(exempting.__file__)):
        said.update(file.read_bytes())
    return said.hexdigest()
