"""Ways to choose whom to ask. All ask only people who may be asked, by the product's own
judgement: what differs is the order, nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ambassadors.routing import scoring
from ambassadors.routing.scoring import Candidate, Need
from bench.routing.play import Asked


def ours(asked: Asked, pool: dict[int, Candidate], at: datetime) -> int | None:
    """The product's ranking."""
    people = (one for number, one in pool.items() if number not in asked.people)
    ranking = scoring.rank(people, need_of(asked, at), at=at)
    return ranking.eligible[0].employee_id.int if ranking.eligible else None


class RoundRobin:
    """The next one in a fixed circle."""

    def __init__(self) -> None:
        self.last = -1

    def __call__(self, asked: Asked, pool: dict[int, Candidate], at: datetime) -> int | None:
        order = sorted(pool, key=lambda number: (number <= self.last, number))
        chosen = next((number for number in order if may(asked, pool[number], number, at)), None)
        self.last = self.last if chosen is None else chosen
        return chosen


def first_come(asked: Asked, pool: dict[int, Candidate], at: datetime) -> int | None:
    """The first of a fixed list."""
    return next((number for number in sorted(pool) if may(asked, pool[number], number, at)), None)


def may(asked: Asked, known: Candidate, number: int, at: datetime) -> bool:
    known = replace(known, already_asked=number in asked.people)
    return not scoring.unfit(known, need_of(asked, at))


def need_of(asked: Asked, at: datetime) -> Need:
    question = asked.question
    topics = frozenset({question.topic} - {""})
    return Need(topics=topics, language=question.language, seed=str(question.number))
