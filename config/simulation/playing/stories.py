"""What is played: which phases, from which week on, and what befalls the company meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from config.simulation.playing.habits import DORMANT, TOP

SUMMERS = 52  # weeks from one to the next
FIRST_SUMMER = 30  # weeks from the beginning of a year to its summer


@dataclass(frozen=True, slots=True)
class Part:
    """A unit. phases: (from week, phase). size: its share of the company's business; from
    `leaves` on it is smaller, since another part left it. bought: it was another company before.
    """

    phases: tuple[tuple[int, int], ...]
    size: float = 1.0
    begins: int = 0
    leaves: tuple[int, float] | None = None
    bought: bool = False

    def phase(self, week: int) -> int:
        since = max(week, self.begins)
        return max((begun, phase) for begun, phase in self.phases if begun <= since)[1]

    def size_at(self, week: int) -> float:
        if self.begins > week:
            return 0.0
        return self.leaves[1] if self.leaves and week >= self.leaves[0] else self.size


@dataclass(frozen=True, slots=True)
class Story:
    """One company. outages: weeks (from, to) in which no source was read. dips: weeks in which
    next to nobody is there. cheats: how it pretends (`cheating.py`).
    """

    kind: str
    profile: str
    seed: int
    parts: tuple[Part, ...]
    outages: tuple[tuple[int, int], ...] = ()
    dips: tuple[tuple[int, int], ...] = ()
    cheats: frozenset[str] = field(default_factory=frozenset)

    def truth(self, week: int) -> int:
        """The phase of the part that most customers meet."""
        return max(self.parts, key=lambda part: part.size_at(week)).phase(week)

    def changes(self) -> list[int]:
        """Weeks in which something real changed: a phase, a unit, a source."""
        found = {begun for part in self.parts for begun, _ in part.phases}
        found |= {part.begins for part in self.parts}
        found |= {week for outage in self.outages for week in outage}
        return sorted(found)

    def is_out(self, week: int) -> bool:
        return any(first <= week < last for first, last in self.outages)

    def is_dip(self, week: int) -> bool:
        return any(first <= week < last for first, last in self.dips)


def steps(chance: Random, phases: Sequence[int], weeks: int) -> tuple[tuple[int, int], ...]:
    """One phase after the other, each for about the same time."""
    length = weeks / len(phases)
    return tuple(
        (round(n * length + (chance.uniform(-3, 3) if n else 0)), phase)
        for n, phase in enumerate(phases)
    )


def steady(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    return {"parts": (Part(((0, phase),)),)}


def climb(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """Three steps up in three years: each begins when the one before has become a habit."""
    first = min(phase, TOP - 3)
    return {"parts": (Part(steps(chance, range(first, first + 4), weeks)),)}


def decay(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """People leave and are not replaced: a step down every year, as a programme loses its money."""
    first = max(phase, DORMANT + 2)
    return {"parts": (Part(steps(chance, range(first, first - 3, -1), weeks)),)}


def dip(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """Five weeks of every summer."""
    dips = tuple((week, week + 5) for week in range(FIRST_SUMMER, weeks, SUMMERS))
    return {"parts": (Part(((0, phase),)),), "dips": dips}


def acquisition(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """A smaller company is bought in the second year; a year later it has learnt something."""
    bought = round(weeks * chance.uniform(0.35, 0.45))
    came_as = max(DORMANT, phase - chance.choice((1, 2)))
    learns = bought + round(weeks * 0.3)
    phases = ((bought, came_as), (learns, min(came_as + 1, phase)))
    smaller = Part(phases, size=chance.uniform(0.15, 0.35), begins=bought, bought=True)
    return {"parts": (Part(((0, phase),)), smaller)}


def split(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """A part of the business gets an organisation of its own; the larger part stays."""
    week, share = round(weeks * chance.uniform(0.4, 0.5)), chance.uniform(0.25, 0.4)
    stays = Part(((0, phase),), leaves=(week, 1 - share))
    return {"parts": (stays, Part(((week, phase),), size=share, begins=week))}


def outage(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """A token lapses over a holiday, and nobody who could renew it is there."""
    week = round(weeks * chance.uniform(0.35, 0.6))
    return {"parts": (Part(((0, phase),)),), "outages": ((week, week + chance.randint(3, 6)),)}


CHEATS = (
    {"bots", "relabelled"},
    {"session", "backdated"},
    {"hero", "mass"},
    {"staff", "session", "relabelled"},
)


def gaming(chance: Random, phase: int, weeks: int) -> dict[str, object]:
    """A company that speaks in pockets and would like to look better from the second year on."""
    return {"parts": (Part(((0, 2),)),), "cheats": frozenset(chance.choice(CHEATS))}


PLAYS = {
    "steady": steady,
    "climb": climb,
    "decay": decay,
    "dip": dip,
    "acquisition": acquisition,
    "split": split,
    "outage": outage,
    "gaming": gaming,
}
# Of twenty companies; each kind is there early, so that a small number shows all of them.
ROUND = (
    "steady", "climb", "decay", "dip", "acquisition", "split", "outage", "gaming",
    "steady", "climb", "steady", "decay", "climb", "steady", "climb", "acquisition",
    "steady", "dip", "decay", "steady",
)  # fmt: skip
PHASES = {
    "steady": (1, 2, 3, 4, 5),
    "climb": (1, 2),
    "decay": (5, 4, 3),
    "dip": (3, 4, 5, 2),
    "acquisition": (3, 4, 5),
    "split": (3, 4, 5),
    "outage": (2, 3, 4, 5),
    "gaming": (2,),
}


def stories(number: int, *, weeks: int, seed: int) -> list[Story]:
    """The first so many companies: kinds in turn, each kind's phases in turn, then profiles."""
    told: dict[str, int] = dict.fromkeys(PLAYS, 0)
    found = []
    for n in range(number):
        kind = ROUND[n % len(ROUND)]
        turn, phases = told[kind], PHASES[kind]
        told[kind] += 1
        again = turn // len(phases) if len(phases) > 1 else 0  # the other profile in a next turn
        profile = ("b2c", "b2b")[(turn + again) % 2]
        chance = Random(f"{seed}:{n}")  # noqa: S311 - reproducible, no secret
        play = PLAYS[kind](chance, phases[turn % len(phases)], weeks)
        found.append(Story(kind, profile, chance.randrange(10**9), **play))  # type: ignore[arg-type]
    return found
