"""`python -m bench routing`: the table of one month, every way to choose in the same run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from bench.routing import choosers
from bench.routing.facts import Carried, most_weekly, week_of
from bench.routing.month import DEPARTMENTS, PEOPLE, QUESTIONS, SEED, Month, month
from bench.routing.play import Asked, Game, SharedList

HEAD = (
    "way to choose",
    "wait p50",
    "wait p90",
    "Gini of load",
    "of counts",
    "asked each",
    "to staff",
    "stranded",
    "over a cap",
    "seconds",
)


def main(*, questions: int = QUESTIONS) -> None:
    drawn = month(questions=questions)
    print(
        f"{PEOPLE} ambassadors, {DEPARTMENTS} departments, {questions} questions in a month, "
        f"seed {SEED}"
    )
    print(" | ".join(HEAD))
    for name, game in games(drawn).items():
        begin = time.perf_counter()
        game.play()
        print(" | ".join([name, *judged(game), f"{time.perf_counter() - begin:.0f}"]), flush=True)


def games(drawn: Month) -> dict[str, Game]:
    return {
        "ours": Game(drawn, choosers.ours),
        "round robin": Game(drawn, choosers.RoundRobin()),
        "first come, by list": Game(drawn, choosers.first_come),
        "first come, shared list": SharedList(drawn, choosers.first_come),
    }


def judged(game: Game) -> list[str]:
    waits = sorted(hours(asked) for asked in game.all if asked.answered_at)
    return [
        f"{quantile(waits, 0.5):.2f} h",
        f"{quantile(waits, 0.9):.2f} h",
        f"{gini([share(one) for one in game.company]):.3f}",
        f"{gini([len(one.taken) for one in game.company]):.3f}",
        f"{sum(len(asked.people) for asked in game.all) / len(game.all):.2f}",
        f"{sum(asked.staff for asked in game.all)}",
        f"{sum(asked.answered_at is None for asked in game.all)}",
        f"{sum(over_a_cap(one) for one in game.company)}",
    ]


def hours(asked: Asked) -> float:
    """From the question to its answer."""
    assert asked.answered_at is not None  # noqa: S101 - the caller chose those that have one
    return (asked.answered_at - asked.question.at).total_seconds() / 3600


def share(one: Carried) -> float:
    """What the person took of what they offered to take in a week."""
    return len(one.taken) / most_weekly(one.person)


def over_a_cap(one: Carried) -> bool:
    """Counted from what happened, not from what the router believed."""
    weeks = Counter(week_of(one.person, at) for at in one.taken)
    return one.over > 0 or any(taken > most_weekly(one.person) for taken in weeks.values())


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def gini(loads: Sequence[float]) -> float:
    """0: all carry the same; 1: one carries everything."""
    ordered, total = sorted(loads), sum(loads)
    ranked = sum((place + 1) * load for place, load in enumerate(ordered))
    return 2 * ranked / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)
