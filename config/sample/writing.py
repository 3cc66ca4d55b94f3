"""Lines of the sample's history, and its clock: everything from one seeded source of chance."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from config.sample.people import CITIES, PRODUCTS, SIZES

ZONE = ZoneInfo("Europe/Paris")
MORNING, NIGHT = 8, 21  # hours between which anybody writes
OPENS, CLOSES = 9, 19  # hours in which people of the company work
CLOSING_TIME = time(21, 0)  # the last hour of the last day: in the past in every zone
PREFIX = {
    "contact": "c",
    "message": "m",
    "needs_answer": "n",
    "assignment": "g",
    "close": "x",
    "mention": "w",
    "triage": "y",
    "publication": "b",
    "reaction": "o",
    "decision": "j",
    "acknowledgement": "k",
    "training": "t",
    "post": "q",
    "article": "a",
    "article_review": "r",
    "escalation": "z",
    "round_trip": "rt",
    "insight": "i",
    "correction": "f",
}
PHRASES: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8")
)


class Book:
    """Collects lines; what would lie after the last day is left out."""

    def __init__(self, chance: Random, *, first: date, last: date) -> None:
        self.chance = chance
        self.first = first
        self.end = datetime.combine(last, CLOSING_TIME, ZONE)
        self.lines: list[dict[str, Any]] = []
        self._numbers: Counter[str] = Counter()

    def add(self, type_: str, at: datetime, *, own: bool = False, **fields: Any) -> str:
        """Writes a line and answers its id, "" when it is not to be."""
        if at > self.end:
            return ""
        line: dict[str, Any] = {"type": type_}
        if "id" not in fields and type_ in PREFIX:
            self._numbers[type_] += 1
            line["id"] = f"{PREFIX[type_]}{self._numbers[type_]}"
        line |= {name: fields.pop("id") for name in ("id",) if name in fields}
        line["at"] = at.isoformat()
        if own:
            line["own"] = True
        line |= {name: _said(value) for name, value in fields.items() if value is not None}
        self.lines.append(line)
        return str(line.get("id", ""))

    # --- chance ---

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def pick(self, some: Sequence[Any]) -> Any:
        return some[int(self.chance.random() * len(some))]

    def about(self, mean: float) -> int:
        """A whole number around `mean`, at least 0."""
        whole = mean * (0.6 + 0.8 * self.chance.random())
        return int(whole) + self.happens(whole - int(whole))

    def moment(self, week: int, *, office: bool = False) -> datetime:
        """A moment of that week; people outside write late and on Sundays too."""
        day = self.first + timedelta(
            days=week * 7 + int(self.chance.random() * (5 if office else 7))
        )
        hour = OPENS + self.chance.random() * ((CLOSES if office else 22.5) - OPENS)
        return self.on(day, hour)

    def on(self, day: date, hour: float) -> datetime:
        midnight = datetime.combine(day, time(), ZONE)
        local = midnight + timedelta(seconds=int(hour * 3600))
        return _settled(local)

    def after(self, moment: datetime, low: float, high: float) -> datetime:
        """Some hours later, by elapsed time."""
        hours = low + (high - low) * self.chance.random() ** 2  # sooner rather than later
        later = moment.timestamp() + int(hours * 3600)
        return datetime.fromtimestamp(later, ZONE)

    def by_day(self, moment: datetime) -> datetime:
        """That moment, or the next morning: nobody writes at night."""
        if MORNING <= moment.hour < NIGHT:
            return moment
        day = moment.date() + timedelta(days=moment.hour >= NIGHT)
        return self.on(day, MORNING + self.chance.random())

    # --- words ---

    def words(self, language: str) -> dict[str, str]:
        """What fills the gaps in the phrases of one conversation."""
        known = {
            "order": f"BV-{20000 + int(self.chance.random() * 70000)}",
            "city": self.pick(CITIES),
            "size": self.pick(SIZES),
            "days": str(3 + int(self.chance.random() * 9)),
            "count": str(5 * (2 + int(self.chance.random() * 12))),
        }
        for kind in ("", "tent", "pack", "sleep", "wear"):
            product = self.pick([one for one in PRODUCTS if kind in ("", one.kind)])
            end = f"_{kind}" if kind else ""
            french = language == "fr"
            known[f"the{end}"] = product.fr if french else product.en
            known[f"my{end}"] = product.my_fr if french else product.en.replace("the ", "my ")
        return known

    def say(self, text: str, words: dict[str, str]) -> str:
        said = text.format(**words)
        return said[0].upper() + said[1:]


def _settled(local: datetime) -> datetime:
    """A wall time that the clocks jump over in spring is read as the one that follows."""
    return datetime.fromtimestamp(local.timestamp(), ZONE)


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
