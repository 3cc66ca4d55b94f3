"""Plays the month on a simulated clock with one way to choose. The rules are the same for all:
one offer at a time, what is waiting goes in the order of its age, staff in the end."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

from ambassadors.routing import scoring
from ambassadors.routing.scoring import Candidate
from bench.routing import world
from bench.routing.facts import Carried, candidate
from bench.routing.month import BEGIN, DAYS, Month, Question

TICK = timedelta(minutes=5)  # how often what is waiting is tried again
SLOT = timedelta(minutes=30)  # hours, weeks and absences begin and end with one
OFFER = timedelta(minutes=60)
MOST_OFFERS = 8
GIVE_UP = timedelta(hours=12)  # of waiting; then it is left to staff
STAFF = timedelta(hours=1)  # what staff needs, from the next office hour on


@dataclass(slots=True, eq=False)
class Asked:
    """One question's way: who was asked, who took it, when it was answered."""

    question: Question
    people: list[int] = field(default_factory=list)
    taken_by: int | None = None
    answered_at: datetime | None = None
    staff: bool = False


class Chooser(Protocol):
    """The number of the one to ask among `pool`, who may be asked as such; None: nobody fits."""

    def __call__(self, asked: Asked, pool: dict[int, Candidate], at: datetime) -> int | None: ...


Event = tuple[datetime, int, Callable[[datetime], None]]


class Game:
    def __init__(self, month: Month, choose: Chooser) -> None:
        self.choose = choose
        self.company = [Carried(person, world.looks(person)) for person in month.people]
        self.all = [Asked(question) for question in month.questions]
        self.waiting: list[Asked] = []
        self._pool: dict[int, Candidate] = {}
        self._slot = -1
        self._order = count()
        self._events: list[Event] = []

    def play(self) -> None:
        for asked in self.all:
            self.later(asked.question.at, lambda at, asked=asked: self.arrive(asked, at))
        for at in _ticks():
            self.later(at, self.tick)
        while self._events:
            at, _, happen = heapq.heappop(self._events)
            happen(at)

    def later(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen))

    def arrive(self, asked: Asked, at: datetime) -> None:
        if not self.ask(asked, at):
            self.waiting.append(asked)

    def tick(self, at: datetime) -> None:
        """In the order of age, whatever was refused meanwhile."""
        self.waiting.sort(key=lambda asked: asked.question.at)
        self.waiting = [asked for asked in self.waiting if not self.ask(asked, at)]

    def ask(self, asked: Asked, at: datetime) -> bool:
        """Whether somebody has it now: an ambassador to decide, or staff."""
        if len(asked.people) >= MOST_OFFERS or at - asked.question.at >= GIVE_UP:
            self.leave_to_staff(asked, at)
            return True
        pool = self.pool(at)
        chosen = self.choose(asked, pool, at) if pool else None
        if chosen is None:
            return False
        asked.people.append(chosen)
        self.company[chosen].offer(at)
        self._renew(chosen, at)
        self._expect(asked, self.company[chosen], at)
        return True

    def pool(self, at: datetime) -> dict[int, Candidate]:
        """Whoever may be asked now."""
        slot = (at - BEGIN) // SLOT
        if slot != self._slot:
            self._slot, self._pool = slot, {}
            for number in range(len(self.company)):
                self._renew(number, at)
        return self._pool

    def _renew(self, number: int, at: datetime) -> None:
        known = candidate(self.company[number], at)
        if scoring.unavailable(known, at=at):
            self._pool.pop(number, None)
        else:
            self._pool[number] = known

    def _expect(self, asked: Asked, one: Carried, at: datetime) -> None:
        look = world.next_look(one.looks, at)
        overlooked = world.overlooks(one.person, asked.question)
        if look is None or look >= at + OFFER or overlooked:
            self.later(at + OFFER, lambda at: self.refused(asked, one, at))
        elif world.takes(one.person, asked.question):
            self.later(look, lambda at: self.take(asked, one, at))
        else:
            self.later(look, lambda at: self.refused(asked, one, at))

    def refused(self, asked: Asked, one: Carried, at: datetime) -> None:
        one.refuse()
        self._renew(one.person.number, at)
        self.arrive(asked, at)

    def take(self, asked: Asked, one: Carried, at: datetime) -> None:
        asked.taken_by = one.person.number
        done = one.take(at, world.work(one.person, asked.question))
        self._renew(one.person.number, at)
        self.later(done, lambda at: self.answer(asked, one, at))

    def answer(self, asked: Asked, one: Carried, at: datetime) -> None:
        one.answered()
        self._renew(one.person.number, at)
        asked.answered_at = at

    def leave_to_staff(self, asked: Asked, at: datetime) -> None:
        asked.staff = True
        asked.answered_at = world.office(at) + STAFF


class SharedList(Game):
    """Nobody is asked: everybody whom the question suits sees it, the first to come has it."""

    def play(self) -> None:
        for one in self.company:
            for at in one.looks:
                self.later(at, lambda at, one=one: self.look(one, at))
        super().play()

    def ask(self, asked: Asked, at: datetime) -> bool:
        if at - asked.question.at >= GIVE_UP:
            self.leave_to_staff(asked, at)
            return True
        return False

    def look(self, one: Carried, at: datetime) -> None:
        """The oldest one that the person takes. What they leave they do not look at again."""
        number = one.person.number
        known = self.pool(at).get(number)
        if known is None:
            return
        for asked in self.waiting:
            if self.choose(asked, {number: known}, at) is None:
                continue
            asked.people.append(number)
            if world.takes(one.person, asked.question):
                self.waiting.remove(asked)
                one.offer(at)
                self.take(asked, one, at)
                return


def _ticks() -> Iterator[datetime]:
    at = BEGIN
    while at < BEGIN + timedelta(days=DAYS + world.AFTER):
        yield at
        at += TICK
