"""The figures of a simulation, and the page that tells them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from config.simulation.judging import SETTLED, Judged, Segment, weeks_lived
from config.simulation.playing.stories import PLAYS

STAGES = (None, 1, 2, 3, 4, 5)
YEAR = 52
MISSING = float("inf")
TARGETS = {"exact": 0.85, "b2c": 15.0, "b2b": 26.0}


@dataclass(frozen=True)
class Figures:
    """confusion: (played, derived) -> company weeks at rest."""

    judged: Sequence[Judged]

    def confusion(self, kind: str | None = None) -> Counter[tuple[int, int | None]]:
        found: Counter[tuple[int, int | None]] = Counter()
        for one in self.judged:
            if kind in (None, one.story.kind):
                found.update(one.at_rest())
        return found

    def segments(self) -> Iterator[tuple[Judged, Segment]]:
        for one in self.judged:
            for segment in one.segments():
                yield one, segment

    def delays(self, profile: str) -> dict[tuple[int, int], list[float]]:
        """Weeks until each promotion; one that never came is infinite."""
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        for one, segment in self.segments():
            if segment.is_promotion and one.story.profile == profile and segment.before:
                delay = MISSING if segment.delay is None else float(segment.delay)
                found[segment.before, segment.after].append(delay)
        return dict(sorted(found.items()))

    def demotions(self, profile: str) -> dict[tuple[int, int], list[float]]:
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        for one, segment in self.segments():
            if one.story.profile == profile and (segment.before or 0) > segment.after:
                delay = MISSING if segment.delay is None else float(segment.delay)
                found[segment.before or 0, segment.after].append(delay)
        return dict(sorted(found.items()))

    def flips_a_year(self) -> float:
        years = sum(one.weeks for one in self.judged) / YEAR
        return sum(segment.steps for _, segment in self.segments()) / years if years else 0.0

    def needed_a_year(self) -> float:
        years = sum(one.weeks for one in self.judged) / YEAR
        return sum(segment.needed for _, segment in self.segments()) / years if years else 0.0

    def restless(self) -> list[tuple[Judged, Segment]]:
        """Changes after which the stage moved more often than it had to."""
        return [(one, segment) for one, segment in self.segments() if segment.excess]


def agreement(confusion: Counter[tuple[int, int | None]]) -> tuple[int, int, int]:
    """Weeks that are exact, that are at most one stage off, and all."""
    exact = sum(n for (played, found), n in confusion.items() if played == found)
    near = sum(n for (played, found), n in confusion.items() if found and abs(played - found) <= 1)
    return exact, near, confusion.total()


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def weeks(value: float) -> str:
    return "never" if value == MISSING else f"{value:g}"


def held(is_held: bool) -> str:
    return "yes" if is_held else "**no**"


def summary(figures: Figures) -> Iterator[str]:
    exact, near, whole = agreement(figures.confusion())
    restless = figures.restless()
    yield "| what | must be | is | holds |"
    yield "|---|---|---|---|"
    is_exact = bool(whole) and exact / whole >= TARGETS["exact"]
    yield f"| exact, at rest | 85 % | {percent(exact, whole)} | {held(is_exact)} |"
    is_near = held(near == whole)
    yield f"| at most one stage off, at rest | always | {percent(near, whole)} | {is_near} |"
    all_ = sum(1 for _ in figures.segments())
    most = f"{len(restless)} of {all_} with more" if restless else f"never more, of {all_}"
    yield f"| changes of stage for a real change | one a step | {most} | {held(not restless)} |"
    for profile in ("b2c", "b2b"):
        for (before, after), delays in figures.delays(profile).items():
            middle = median(delays)
            is_soon = middle <= TARGETS[profile]
            what = f"median weeks from {before} to {after}, {profile.upper()} ({len(delays)})"
            yield f"| {what} | {TARGETS[profile]:g} | {weeks(middle)} | {held(is_soon)} |"


def matrix(confusion: Counter[tuple[int, int | None]]) -> Iterator[str]:
    names = [str(stage or "unassessed") for stage in STAGES]
    yield f"| played | {' | '.join(names)} | exact |"
    yield "|---" * (len(names) + 2) + "|"
    for played in STAGES[1:]:
        row = [confusion[played, found] for found in STAGES if played]
        if sum(row) and played:
            cells = " | ".join(str(n) if n else "" for n in row)
            yield f"| {played} | {cells} | {percent(confusion[played, played], sum(row))} |"


def kinds(figures: Figures) -> Iterator[str]:
    yield "| kind | companies | exact | at most one off | changes of stage | steps played |"
    yield "|---|---|---|---|---|---|"
    for kind in PLAYS:
        ones = [one for one in figures.judged if one.story.kind == kind]
        if ones:
            exact, near, whole = agreement(figures.confusion(kind))
            segments = [segment for one in ones for segment in one.segments()]
            moved, needed = (
                sum(getattr(one, name) for one in segments) for name in ("steps", "needed")
            )
            shares = f"{percent(exact, whole)} | {percent(near, whole)}"
            yield f"| {kind} | {len(ones)} | {shares} | {moved} | {needed} |"


def all_delays(figures: Figures) -> Iterator[str]:
    yield "| from, to | profile | changes | median | longest |"
    yield "|---|---|---|---|---|"
    for profile in ("b2c", "b2b"):
        for found in (figures.delays(profile), figures.demotions(profile)):
            for (before, after), delays in found.items():
                figure = f"{weeks(median(delays))} | {weeks(max(delays))}"
                yield f"| {before} to {after} | {profile.upper()} | {len(delays)} | {figure} |"


def movers(figures: Figures) -> Iterator[str]:
    """What took the stage down in these, the most frequent first."""
    found: Counter[str] = Counter()
    for one, segment in figures.restless():
        for change in one.transitions:
            is_inside = segment.begins < weeks_lived(change.at) <= segment.ends
            if is_inside and change.to and (change.came_from or 0) > change.to:
                found.update(change.causes)
    yield "| cause | steps down |"
    yield "|---|---|"
    for cause, n in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"| {cause} | {n} |"


def oddities(figures: Figures) -> Iterator[str]:
    """Every change after which the stage moved more often than it had to, and what moved it."""
    for one, segment in figures.restless():
        moves = ", ".join(
            f"{change.came_from} to {change.to} in week {weeks_lived(change.at)} "
            f"({' '.join(change.causes)})"
            for change in one.transitions
            if segment.begins < weeks_lived(change.at) <= segment.ends
            and change.to
            and (change.came_from or 0) > change.to
        )
        name = f"{one.story.kind}, {one.story.profile.upper()}, phase {segment.after}"
        when = f"weeks {segment.begins} to {segment.ends}"
        yield f"- {name}, {when}, {segment.steps} changes, down: {moves}"


def body(figures: Figures) -> Iterator[str]:
    number, lines = len(figures.judged), sum(one.lines for one in figures.judged)
    span = figures.judged[0].weeks if figures.judged else 0
    yield f"{number} companies, {span} weeks each, {lines:,} lines of history.\n"
    yield "## What must hold\n"
    yield from summary(figures)
    yield "\n## The confusion matrix\n"
    yield f"Company weeks at rest: at least {SETTLED} weeks after the last change, outages apart.\n"
    yield from matrix(figures.confusion())
    yield "\n## By kind of story\n"
    yield from kinds(figures)
    yield (
        f"\nChanges of stage a year and company: {figures.flips_a_year():.2f}; "
        f"steps that were played: {figures.needed_a_year():.2f}.\n"
    )
    yield "## Delays in weeks\n"
    yield from all_delays(figures)
    odd = list(oddities(figures))
    if odd:
        yield "\n## Where the stage moved more often than it had to\n"
        yield from movers(figures)
        yield ""
        yield from odd


def page(judged: Sequence[Judged], *, head: str, notes: str) -> str:
    return "\n".join([head, *body(Figures(judged)), "", notes])


def text(judged: Iterable[Judged]) -> str:
    return "\n".join(body(Figures(list(judged))))
