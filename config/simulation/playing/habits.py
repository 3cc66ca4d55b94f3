"""How a company behaves in each phase, in its own words: what it does in a usual week, and why.

Phases are those of the study: 1 the company does not speak, 2 it speaks in pockets, 3 it has
agreed on who does what, 4 colleagues of other departments carry a part, 5 inside, outside and
partners answer each other. Every number has a reason of its own, written beside it; none is
taken from the model that the simulation is to judge, and this package may not read it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

DORMANT, TOP = 1, 5
SHARES, AMOUNTS = 0.3, 0.15  # how far companies of one phase differ, in a deviation


@dataclass(frozen=True, slots=True)
class Talk:
    """Conversations. demand: of a hundred heads and a week, in a usual consumer company: shops hear
    of 2 to 7 in a hundred orders, on all channels; people write where they see that others are
    answered, so that it grows with the phase.
    lag: hours until half of the answers are there. days: of a consumer company's week on which
    somebody is there; business is done on five.
    """

    demand: float
    answered: float
    lag: float
    days: int
    closed: float


TALK = {
    1: Talk(1.0, 0.01, 60, 5, closed=0.2),  # an address nobody minds: who wrote does not again
    2: Talk(5.0, 0.55, 22, 5, closed=0.4),  # whoever is there, when there is time
    3: Talk(8.0, 0.92, 5, 6, closed=0.85),  # a desk that is open when the shops are
    4: Talk(14.0, 0.96, 3, 7, closed=0.93),  # a duty also at the weekend
    5: Talk(18.0, 0.97, 2.5, 7, closed=0.95),  # more hands than there are questions
}


@dataclass(frozen=True, slots=True)
class Routing:
    """accepted: share of conversations that are given to a person who says yes; within: hours."""

    accepted: float
    within: float


ROUTING = {
    1: Routing(0.0, 24),
    2: Routing(0.15, 12),  # somebody forwards a mail now and then
    3: Routing(0.88, 2),  # rules name a person; absences and holidays are the rest
    4: Routing(0.95, 1.5),  # somebody stands in for who is away
    5: Routing(0.96, 1),
}


@dataclass(frozen=True, slots=True)
class Carrying:
    """Who answers beside the social team. colleagues: share of the headcount that takes part,
    at least `least` people; load: their share of the conversations; approval: of their answers
    that somebody reads first; trained: of them that go to a course when there is one; relevant:
    share of the headcount that is expected to take part.
    """

    colleagues: float
    least: int
    load: float
    approval: float
    trained: float
    relevant: float


CARRYING = {
    1: Carrying(0.0, 0, 0.0, 0.0, 0.0, 0.01),
    2: Carrying(0.0, 1, 0.25, 0.0, 0.1, 0.02),  # a pocket of its own in another department
    3: Carrying(0.0, 2, 0.2, 0.5, 0.4, 0.03),  # a named contact in each of two departments
    4: Carrying(0.06, 8, 0.4, 0.7, 0.85, 0.1),  # a programme: one in sixteen, read before sent
    5: Carrying(0.14, 14, 0.7, 0.15, 0.97, 0.25),  # a quarter is asked, over half of it does
}


@dataclass(frozen=True, slots=True)
class Channels:
    """open: how many a consumer company keeps; a business one keeps two thirds of them."""

    open: int


CHANNELS = {1: Channels(1), 2: Channels(2), 3: Channels(3), 4: Channels(6), 5: Channels(6)}


@dataclass(frozen=True, slots=True)
class Listening:
    """triaged: share of the mentions that somebody decides about; days: half of them within;
    people: how many share the watch.
    """

    triaged: float
    days: float
    people: int


LISTENING = {
    1: Listening(0.05, 6, 1),
    2: Listening(0.35, 3, 1),  # one person who is curious
    3: Listening(0.9, 0.7, 3),  # a rota: the mentions of the day are looked at the next morning
    4: Listening(0.94, 0.5, 4),
    5: Listening(0.95, 0.5, 5),
}


@dataclass(frozen=True, slots=True)
class Planning:
    """week: publications of a usual week. planned: days ahead, with an audience and an expected
    reaction, read by a second person.
    """

    week: float
    planned: float


PLANNING = {
    1: Planning(0.06, 0.0),  # season's greetings, a vacancy
    2: Planning(1.4, 0.1),  # when there is something to say
    3: Planning(3.0, 0.8),  # a plan for the month; one in five is of the moment
    4: Planning(4.0, 0.85),
    5: Planning(4.5, 0.85),
}


@dataclass(frozen=True, slots=True)
class Learning:
    """compared: share of the expectations somebody comes back to; meetings: a week, in which
    one or two decisions follow.
    """

    compared: float
    meetings: float


LEARNING = {
    1: Learning(0.0, 0.0),
    2: Learning(0.0, 0.0),
    3: Learning(0.2, 0.05),  # the figures of a campaign now and then
    4: Learning(0.85, 0.5),  # half an hour every other week
    5: Learning(0.88, 0.5),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """read: share of those who speak that read and sign it before they do; None: there is none.

    After a fortnight the desk gives no conversation to a colleague who has not signed: who answers
    then does so past the desk.
    """

    read: float | None


POLICY = {1: Policy(None), 2: Policy(None), 3: Policy(0.93), 4: Policy(0.96), 5: Policy(0.97)}


@dataclass(frozen=True, slots=True)
class Practice:
    """threads: of a usual week in the community of practice; circle: who takes part in them."""

    threads: float
    circle: int


PRACTICE = {
    1: Practice(0.0, 0),
    2: Practice(0.08, 4),  # a round of mails when something went wrong
    3: Practice(2.0, 11),  # a weekly round and a question in between
    4: Practice(3.0, 16),
    5: Practice(4.0, 24),
}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """used: share of the answers that take a ready article; written: new ones of a week, until
    the shelf has `shelf` a hundred heads; looked_after: share that is read again within a year.
    """

    used: float
    written: float
    shelf: float
    looked_after: float


KNOWLEDGE = {
    1: Knowledge(0.0, 0.0, 0, 0.0),
    2: Knowledge(0.02, 0.05, 1, 0.0),
    3: Knowledge(0.08, 0.3, 4, 0.3),  # a page of frequent questions
    4: Knowledge(0.5, 6.0, 16, 0.9),  # a push at the beginning: what is asked again is written down
    5: Knowledge(0.55, 6.0, 20, 0.9),
}


@dataclass(frozen=True, slots=True)
class Escalating:
    """There is a rule for sensitive matters, and it is kept in this share; drills: a week."""

    kept: float | None
    drills: float


ESCALATING = {
    1: Escalating(None, 0.0),
    2: Escalating(None, 0.0),
    3: Escalating(0.5, 0.0),  # a page of the policy: who thinks of it calls the lawyer
    4: Escalating(0.97, 0.5),  # the answer is held until it is approved, and this is practised
    5: Escalating(0.98, 0.5),
}


@dataclass(frozen=True, slots=True)
class Networks:
    """social, partner: share of the weeks in which these communities talk, and with how many
    people. trips: share of the conversations that a colleague elsewhere in the house answers
    inside. asked: questions of partners that go inside, of a hundred heads and a week.
    """

    social: float
    partner: float
    people: int
    trips: float
    asked: float


NETWORKS = {
    1: Networks(0.0, 0.0, 0, 0.0, 0.0),
    2: Networks(0.0, 0.0, 0, 0.0, 0.0),
    3: Networks(0.1, 0.0, 2, 0.0, 0.0),
    4: Networks(0.5, 0.05, 3, 0.01, 0.03),  # customers help each other where somebody opened a room
    # a dealer for twenty heads; each asks once a quarter what only the workshop knows
    5: Networks(0.96, 0.93, 6, 0.06, 0.385),
}


@dataclass(frozen=True, slots=True)
class Ideas:
    """noted: share of the conversations that leave an idea; shipped: of them, small things (a
    label, a form, an opening hour) within some weeks.
    """

    noted: float
    shipped: float


IDEAS = {
    1: Ideas(0.0, 0.0),
    2: Ideas(0.0, 0.0),
    3: Ideas(0.002, 0.2),
    4: Ideas(0.005, 0.3),
    5: Ideas(0.045, 0.5),
}

PRACTICES: Mapping[str, Mapping[int, Any]] = {
    "talk": TALK,
    "routing": ROUTING,
    "carrying": CARRYING,
    "channels": CHANNELS,
    "listening": LISTENING,
    "planning": PLANNING,
    "learning": LEARNING,
    "policy": POLICY,
    "practice": PRACTICE,
    "knowledge": KNOWLEDGE,
    "escalating": ESCALATING,
    "networks": NETWORKS,
    "ideas": IDEAS,
}


@dataclass(frozen=True, slots=True)
class Habits:
    """What one company does in one week: each practice at the phase it has come to."""

    talk: Talk
    routing: Routing
    carrying: Carrying
    channels: Channels
    listening: Listening
    planning: Planning
    learning: Learning
    policy: Policy
    practice: Practice
    knowledge: Knowledge
    escalating: Escalating
    networks: Networks
    ideas: Ideas


NAMES = tuple(field.name for field in fields(Habits))
SLOWER = ("lag", "within", "days")  # hours and days: who is better takes fewer


def in_character(habit: Any, z: float) -> Any:
    """A practice as this company does it: better or worse than the usual one by `z` deviations.

    Shares move by their odds, so that none leaves 0 to 1; what is counted or takes time, in
    proportion. Whole numbers (channels, people, days of the week) stay.
    """
    changed = {}
    for field in fields(habit):
        value = getattr(habit, field.name)
        if isinstance(value, float) and 0 < value < 1:
            changed[field.name] = 1 / (1 + math.exp(-math.log(value / (1 - value)) - SHARES * z))
        elif isinstance(value, float):
            sign = -1 if field.name in SLOWER else 1
            changed[field.name] = value * math.exp(sign * AMOUNTS * z)
    return replace(habit, **changed)
