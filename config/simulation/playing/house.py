"""A unit as it lives: its people, channels and customers, and how far each practice has come."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from random import Random
from typing import Any

from config.simulation.playing.book import HOUR, MINUTE, OFFICE_DAYS, WEEK, Book, Clock, Facts
from config.simulation.playing.habits import (
    DORMANT,
    NAMES,
    PRACTICES,
    TOP,
    Carrying,
    Habits,
    in_character,
)
from config.simulation.playing.stories import Part, Story

DEPARTMENTS = ("communication", "support", "sales", "product", "logistics", "people")
KINDS = {
    "b2c": ("email", "facebook", "instagram", "whatsapp", "webchat", "mastodon"),
    "b2b": ("email", "webchat", "forum", "mastodon"),
}
WEIGHTS = (5.0, 4.0, 3.0, 2.5, 2.0, 1.5)  # the first channels stay the busiest
HEADS = (250, 600)  # a large company begins at 250 (Recommendation 2003/361/EC)
SHIFT = {"b2c": (4, 80), "b2b": (2, 60)}  # least social team, heads for each of it
BUSINESS = 0.6  # of a consumer company's conversations: fewer, longer relations
SPREAD = 1.5  # weeks before or after the phase's own in which one of its practices begins
AHEAD = 0.15  # share of the practices that a company has before its phase would
OFFICE_DESKS = 0.25  # share of the consumer companies whose desk keeps office days
EXPECTED = 0.27  # share of the heads that may ever be asked to take part
ZONES = ("Europe/Paris", "Europe/Paris", "Europe/Berlin", "America/New_York")
SUMMER, NEW_YEAR = range(30, 35), (51, 0)  # weeks of the year with fewer people about
TIME_TO_READ = 2 * WEEK  # until the desk gives nothing more to who has not signed
UNEQUAL = 0.84  # so that a fifth of the colleagues does half of what all of them do
FADES = 26  # weeks in which the people of a programme that ends stop one after the other
HUNDRED_DAYS = 14  # weeks in which nobody of a bought company is asked for more than their work
COURSE_EVERY = 26  # weeks; who missed one may go to the next


@dataclass(slots=True)
class Person:
    """keenness: how much more or less than the middle one a colleague takes, year after year."""

    id: str
    department: int
    is_social: bool
    keenness: float
    relevant: bool = False
    trained: bool = False
    joined: bool = False
    signed: set[str] = field(default_factory=set)
    means_to: dict[str, datetime] = field(default_factory=dict)  # read that version, when


@dataclass(frozen=True, slots=True)
class Appeared:
    """A publication. came: when its figures are there."""

    id: str
    author: str
    came: datetime
    is_planned: bool


@dataclass(slots=True)
class Article:
    id: str
    author: str
    review: float


def heads(story: Story) -> float:
    """Of the company as it began; a part of it has its share of them."""
    return Random(f"{story.seed}:heads").uniform(*HEADS)  # noqa: S311 - reproducible, no secret


def drawn(story: Story, what: str) -> float:
    """A share that is drawn once for a company and moves no other chance."""
    return Random(f"{story.seed}:{what}").random()  # noqa: S311 - reproducible, no secret


def keenness(story: Story, person: str) -> float:
    chance = Random(f"{story.seed}:{person}:keen")  # noqa: S311 - reproducible, no secret
    return math.exp(UNEQUAL * chance.gauss(0, 1))


class House:
    """One unit. Everything that is drawn once (its size, what it is ahead in) is drawn here."""

    def __init__(self, book: Book, story: Story, part: Part, name: str) -> None:
        self.book, self.story, self.part, self.name = book, story, part, name
        self.chance: Random = book.chance
        self.clock = Clock(book, self.chance.choice(ZONES))
        self.heads = round(heads(story) * part.size)
        self.lag = {name: self.chance.uniform(-SPREAD, SPREAD) for name in NAMES}
        self.ahead = {name for name in NAMES if self.chance.random() < AHEAD}
        self.nature = {name: self.chance.gauss(0, 1) for name in NAMES}
        self.busy = math.exp(self.chance.gauss(0, 0.15))
        self.keeps_office_days = not self.is_consumer or self.chance.random() < OFFICE_DESKS
        self.people: list[Person] = []
        self.customers: list[str] = []
        self.partners: list[str] = []
        self.shelf: list[Article] = []
        self.appeared: list[Appeared] = []  # whose figures are still to come
        self.compared: list[tuple[str, datetime, str]] = []  # publication, when, by whom
        self.policy: str | None = None  # the version in force, of the whole company
        self.coming: tuple[str, datetime] | None = None  # the announced one, and from when on
        self.buyer: House | None = None
        self.policy_since = self.reviews = 0
        self.policy_age = drawn(story, "policy")  # of its life it had lived when we began to look
        self.talks = 0
        self.week = part.begins
        self.policy_at = self.at(0, 7)  # since when it is in force
        self._practices: dict[tuple[str, int], Any] = {}
        self.habits = self.habits_at(part.begins)
        self.found()

    # --- time ---

    def at(self, day: float, hour: float) -> datetime:
        return self.clock.at(self.week, day, hour)

    def cheats(self, how: str) -> bool:
        """From the second year on."""
        return how in self.story.cheats and self.week >= 52

    def begin_week(self, week: int) -> None:
        self.week = week
        self.habits = self.habits_at(week)

    def habits_at(self, week: int) -> Habits:
        lived = {name: round(week - self.lag[name]) for name in NAMES}
        found: dict[str, Any] = {name: self.lived(name, at) for name, at in lived.items()}
        found["carrying"] = self.fading(lived["carrying"])
        return Habits(**found)

    def lived(self, name: str, week: int) -> Any:
        phase = self.part.phase(week)
        if name in self.ahead and DORMANT < phase < TOP:
            phase += 1
        return self.practice(name, phase)

    def has_faded(self) -> bool:
        """The programme is losing its money, or has lost it."""
        lived = [self.part.phase(each) for each in range(self.week + 1)]
        return self.part.phase(self.week + FADES // 2) < max(lived)

    def fading(self, week: int) -> Carrying:
        """The people of a programme that ends stop one by one; the phase's week is their middle."""
        first, last = week - FADES // 2, week + FADES // 2
        usual: Carrying = self.lived("carrying", week)
        if self.part.phase(first) <= self.part.phase(last):
            return usual
        lived = [self.lived("carrying", each) for each in range(first, last)]
        return replace(
            usual,
            colleagues=sum(each.colleagues for each in lived) / FADES,
            load=sum(each.load for each in lived) / FADES,
        )

    def practice(self, name: str, phase: int) -> Any:
        if (name, phase) not in self._practices:
            self._practices[name, phase] = in_character(PRACTICES[name][phase], self.nature[name])
        return self._practices[name, phase]

    def presence(self) -> float:
        """How many of its people are there, of the usual ones."""
        of_year = self.week % 52
        if self.story.is_dip(self.week):
            return 0.2
        if of_year in NEW_YEAR:
            return 0.5
        return 0.8 if of_year in SUMMER else 1.0

    def turns(self, a_week: float) -> int:
        """How often it comes this week, of what stands in the calendar and is kept when there
        are people for it.
        """
        number = math.floor((self.week + 1) * a_week) - math.floor(self.week * a_week)
        return sum(self.book.happens(self.presence()) for _ in range(number))

    def demand(self) -> float:
        """Conversations of this week, on average; customers are away too, but not as many."""
        a_head = self.habits.talk.demand / 100 * (1 if self.is_consumer else BUSINESS)
        size = self.part.size_at(self.week) / max(self.part.size, 0.01)
        away = 0.4 if self.story.is_dip(self.week) else (1 + self.presence()) / 2
        return self.heads * a_head * size * self.busy * away

    def asked(self) -> float:
        """Questions of partners that go inside this week, on average."""
        a_head = self.habits.networks.asked / 100 * (1 if self.is_consumer else BUSINESS)
        return self.heads * a_head * self.presence()

    @property
    def is_consumer(self) -> bool:
        return self.story.profile == "b2c"

    @property
    def days(self) -> int:
        """Of the week, on which somebody answers; a duty at weekends is for all who promise one."""
        days = self.habits.talk.days
        if not self.is_consumer or (self.keeps_office_days and days < 7):
            return OFFICE_DAYS
        return days

    # --- people ---

    def found(self) -> None:
        begun, add = self.at(0, 6), self.book.add
        facts: Facts = {"profile": self.story.profile, "timezone": str(self.clock.zone)}
        add("unit", begun, id=self.name, name=self.name.title(), headcount=self.heads, **facts)
        for n, department in enumerate(DEPARTMENTS):
            add("department", begun, id=self.department(n), name=department, unit=self.name)
        least, heads_each = SHIFT[self.story.profile]
        social = max(least, round(self.heads / heads_each))
        for n in range(social + math.ceil(EXPECTED * self.heads)):
            home = 0 if n < social else 1 + (n - social) % (len(DEPARTMENTS) - 1)
            who = f"{self.name}-e{n:03}"
            self.people.append(Person(who, home, n < social, keenness(self.story, who)))
        self.social, self.colleagues = self.people[:social], self.people[social:]
        for n, person in enumerate(self.people):
            self.employ(person, begun, relevant=n < self.expected())
        self.channels = [f"{self.name}-{kind}" for kind in KINDS[self.story.profile]]
        for channel, kind in zip(self.channels, KINDS[self.story.profile], strict=True):
            add("channel", begun, id=channel, kind=kind, unit=self.name, name=kind, owned=True)
        desk: Facts = {"kind": "internal", "unit": self.name, "name": "Desk", "owned": True}
        add("channel", begun, id=f"{self.name}-desk", **desk)
        for dimension in ("internal", "social", "partner"):
            facts = {"name": dimension, "dimension": dimension}
            practice = dimension == "internal"
            add("community", begun, id=f"{self.name}-{dimension}", practice=practice, **facts)

    def department(self, number: int) -> str:
        return f"{self.name}-{DEPARTMENTS[number]}"

    def employ(self, person: Person, at: datetime, *, relevant: bool) -> None:
        person.relevant = relevant
        facts: Facts = {"name": person.id, "email": f"{person.id}@house.example"}
        home: Facts = {
            "department": self.department(person.department),
            "social_team": person.is_social,
        }
        self.book.add("employee", at, id=person.id, relevant=relevant, **facts, **home)

    def expected(self) -> int:
        """How many are expected to take part, as the programme stands."""
        if self.part.bought and self.week < self.part.begins + HUNDRED_DAYS:
            return len(self.social)
        return max(len(self.social), round(self.habits.carrying.relevant * self.heads))

    def expect(self, at: datetime) -> None:
        number = self.expected()
        for n, person in enumerate(self.people):
            if person.relevant != (n < number):
                self.employ(person, at, relevant=n < number)

    def carriers(self, willing: Iterable[Person] | None = None) -> list[Person]:
        """Colleagues of other departments who answer; of those that are willing, or of all."""
        carrying = self.habits.carrying
        number = max(carrying.least, round(carrying.colleagues * self.heads))
        return list(islice(self.colleagues if willing is None else willing, number))

    def somebody(self, at: datetime, *, by_the_desk: bool) -> Person:
        """Who takes the next conversation; the desk asks another in place of who has not signed."""
        if not by_the_desk:
            return self.anybody(self.carriers())
        willing = (one for one in self.colleagues if not self.is_kept_out(one, at))
        return self.anybody(self.carriers(willing))

    def anybody(self, carriers: list[Person]) -> Person:
        if self.cheats("hero"):
            return self.social[0]
        if carriers and self.book.happens(self.habits.carrying.load):
            (who,) = self.chance.choices(carriers, [one.keenness for one in carriers])
            return who
        return self.chance.choice(self.social)

    def is_diligent(self, share: float, person: Person, what: str) -> bool:
        """Whether somebody is among that share: the same answer each time it is asked."""
        return Random(f"{self.story.seed}:{person.id}:{what}").random() < share  # noqa: S311

    # --- customers ---

    def customer(self, at: datetime, channel: str) -> str:
        """Somebody new, or somebody who has written before."""
        if self.customers and self.book.happens(0.35 if self.is_consumer else 0.7):
            return self.chance.choice(self.customers)
        return self.meet(at, channel, "customer", self.customers)

    def partner(self, at: datetime, channel: str) -> str:
        if len(self.partners) < 12 or self.book.happens(0.1):
            return self.meet(at, channel, "partner", self.partners)
        return self.chance.choice(self.partners)

    def meet(self, at: datetime, channel: str, relationship: str, known: list[str]) -> str:
        who = f"{self.name}-{relationship[0]}{len(known):05}"
        handle = f"{who}@elsewhere.example"
        if self.cheats("staff") and self.book.happens(0.5):
            handle = f"{self.chance.choice(self.people).id}@House.example"
        kind = channel.rpartition("-")[2]
        identities = [{"kind": kind, "handle": handle}]
        facts: Facts = {"name": who, "relationship": relationship, "identities": identities}
        self.book.add("contact", at, id=who, **facts)
        known.append(who)
        return who

    def channel(self) -> str:
        open_ = self.habits.channels.open
        number = open_ if self.is_consumer else max(1, round(open_ * 2 / 3))
        (found,) = self.chance.choices(self.channels[:number], WEIGHTS[:number])
        return found

    # --- what a person does before speaking ---

    def prepare(self, person: Person, at: datetime) -> None:
        """Reads the policy, where there is one, and goes to the training, where that is asked."""
        carrying = self.habits.carrying
        course = f"training{self.week // COURSE_EVERY}"
        if not person.trained and self.is_diligent(carrying.trained, person, course):
            person.trained = True
            self.book.add("training", at - 2 * HOUR, employee=person.id, course="answering")
        self.sign(person, at - 90 * MINUTE)

    def sign(self, person: Person, at: datetime) -> None:
        """By that moment: earlier where somebody meant to, and had asked nobody to wait.

        Whose main work it is to answer signs at the latest when the desk gives them no more.
        """
        read = self.read
        for version, since in self.versions():
            if read is None or version in person.signed:
                continue
            person.joined = True
            if self.is_diligent(read, person, version):
                signs = min(at, person.means_to.get(version, at))
            elif person.is_social and at >= since + TIME_TO_READ:
                signs = at
            else:
                continue
            session = f"{person.id}-{signs:%Y%m%d}"
            self.acknowledge(person, signs, version=version, session=session)

    @property
    def read(self) -> float | None:
        """Share of those who speak that sign; the buyer's rules bind from the first day on."""
        return (self.buyer or self).habits.policy.read

    def versions(self) -> list[tuple[str, datetime]]:
        """What there is to sign, and since when it is in force, or will be."""
        found = [(self.policy, self.policy_at)] if self.policy else []
        return [*found, self.coming] if self.coming else found

    def is_kept_out(self, person: Person, at: datetime) -> bool:
        """Has had time to read what is in force, and will not."""
        version, read = self.policy, self.read
        if person.is_social or version is None or read is None or version in person.signed:
            return False
        is_late = at >= self.policy_at + TIME_TO_READ
        return is_late and not self.is_diligent(read, person, version)

    def catch_up(self, until: datetime) -> None:
        """Whoever has not spoken reads what is new on the day they meant to."""
        for person in self.people:
            if any(person.means_to.get(version, until) < until for version, _ in self.versions()):
                self.sign(person, until)

    def acknowledge(self, person: Person, at: datetime, *, version: str, session: str) -> None:
        person.signed.add(version)
        facts: Facts = {"policy": "Charter", "version": version, "employee": person.id}
        self.book.add("acknowledgement", at, own=True, session=session, **facts)
