"""Conversations: somebody writes, somebody takes it, answers, closes; or nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.simulation.playing.book import DAY, HOUR, MINUTE, Facts
from config.simulation.playing.house import House, Person

SENSITIVE = 0.05  # of the conversations name a lawyer, an injury, a journalist
GOES_ON = 0.25  # of the answers are followed by another question
COMES_BACK = 0.07  # of the closed ones are not settled
RICHER = 2.5  # times as often an idea comes from somebody who buys for a company
NOT_CORRECT = 0.01  # of the answers are put right later


@dataclass(slots=True)
class Talk:
    id: str
    channel: str
    contact: str
    began: datetime
    partner: bool = False


def talk(house: House) -> None:
    """The conversations of one week."""
    number = house.book.number(house.demand())
    profile = house.story.profile
    for began in sorted(house.clock.someone_writes(house.week, profile) for _ in range(number)):
        begin(house, began, asks_inside=house.book.happens(house.habits.networks.trips))
    for _ in range(house.book.number(house.asked())):
        began = house.clock.someone_writes(house.week, "b2b")
        begin(house, began, asks_inside=True, partner=True)


def begin(house: House, began: datetime, *, asks_inside: bool, partner: bool = False) -> None:
    house.talks += 1
    channel = house.channel()
    contact = (house.partner if partner else house.customer)(began, channel)
    one = Talk(f"{house.name}-v{house.talks}", channel, contact, began, partner)
    writes(house, one, began)
    if house.cheats("bots"):
        answer(house, one, house.social[0], began + MINUTE, automated=True, text="We are on it!")
    by_the_desk = house.book.happens(given_out(house))
    who = house.somebody(began, by_the_desk=by_the_desk)
    taken = take(house, one, who) if by_the_desk else began
    if house.book.happens(house.habits.talk.answered * min(1.0, 0.2 + house.presence())):
        reply(house, one, who, taken, asks_inside=asks_inside)
    elif house.cheats("relabelled"):
        late, by = began + 6 * DAY, house.social[0].id
        house.book.add("needs_answer", late, conversation=one.id, value=False, by=by)


def writes(house: House, one: Talk, at: datetime) -> None:
    facts: Facts = {"conversation": one.id, "channel": one.channel, "direction": "in"}
    house.book.add("message", at, author=one.contact, text="?", **facts)


def answer(
    house: House, one: Talk, who: Person, at: datetime, *, automated: bool = False, **facts: Any
) -> str:
    where: Facts = {"conversation": one.id, "channel": one.channel, "direction": "out"}
    how: Facts = {"own": not automated, "automated": automated or None, "author": who.id}
    words: Facts = {"text": f"About {one.id}, {len(house.book.lines)}"} | facts
    return house.book.add("message", at, **where, **how, **words)


def given_out(house: House) -> float:
    """Share of the conversations that are given to a person who says yes."""
    if house.cheats("hero"):
        return 0.95
    return house.habits.routing.accepted * min(1.0, 0.5 + house.presence())


def take(house: House, one: Talk, who: Person) -> datetime:
    """When somebody had it in hand."""
    within = house.book.about(house.habits.routing.within, 0.8)
    taken = house.clock.later(one.began, within, days=house.days)
    facts: Facts = {"conversation": one.id, "employee": who.id, "by": "rule"}
    house.book.add("assignment", one.began, own=True, accepted_at=taken, **facts)
    return taken


def reply(house: House, one: Talk, who: Person, taken: datetime, *, asks_inside: bool) -> None:
    habits, book = house.habits.talk, house.book
    at = house.clock.later(taken, book.about(habits.lag), days=house.days)
    house.prepare(who, at)
    if asks_inside:
        at = travel(house, one, who, taken)
    if house.habits.escalating.kept is not None and book.happens(SENSITIVE):
        at = escalate(house, one.id, at, rule="sensitive")
    said = answer(house, one, who, at, **with_article(house, who), **with_approval(house, who))
    if book.happens(NOT_CORRECT):
        book.add("correction", at + DAY, message=said, kind="corrected")
    if book.happens(GOES_ON):
        again = at + timedelta(hours=book.about(3))
        writes(house, one, again)
        at = house.clock.later(again, book.about(habits.lag), days=house.days)
        answer(house, one, who, at)
    if book.happens(habits.closed):
        close(house, one, who, at)
    if book.happens(house.habits.ideas.noted * (1 if house.is_consumer else RICHER)):
        idea(house, one, who, at)


def close(house: House, one: Talk, who: Person, at: datetime) -> None:
    closed = house.clock.later(at, house.book.about(2))
    house.book.add("close", closed, own=True, conversation=one.id, by=who.id)
    if house.book.happens(COMES_BACK):
        writes(house, one, closed + timedelta(hours=house.book.chance.uniform(2, 140)))


def with_article(house: House, who: Person) -> Facts:
    """A colleague's article, where one fits; the often asked ones are taken more often."""
    if house.cheats("mass"):
        return {"text": "Thank you for your message, we value your opinion."}
    if not house.book.happens(house.habits.knowledge.used):
        return {}
    fit = [one.id for one in house.shelf if one.author != who.id]
    return {"articles": [fit[int(len(fit) * house.chance.random() ** 1.4)]]} if fit else {}


def with_approval(house: House, who: Person) -> Facts:
    if who.is_social or not house.book.happens(house.habits.carrying.approval):
        return {}
    return {"approval_required": True, "approved_by": house.social[0].id}


def escalate(house: House, talk_: str, at: datetime, *, rule: str, drill: bool = False) -> datetime:
    """The rule was hit: who must be asked is reached and approves, or is not; when it goes out.

    Who must be asked is on call with the desk.
    """
    book, kept = house.book, house.habits.escalating.kept or 0.0
    is_kept = book.happens(kept)
    hours = book.about(1.5) if is_kept else 60 + book.about(20)
    reached = house.clock.later(at, hours, days=house.days)
    approved = house.clock.later(reached, book.about(1, 0.6), days=house.days)
    facts: Facts = {"conversation": talk_, "rule": rule, "role": "legal", "drill": drill}
    by: Facts = {"approved_by": house.social[1].id, "approved_at": approved, "reached_at": reached}
    book.add("escalation", at, **facts, **by)
    return approved + 5 * MINUTE if is_kept else at + HOUR


def travel(house: House, one: Talk, who: Person, taken: datetime) -> datetime:
    """The question goes inside and its answer comes back; when the answer goes out."""
    book, thread = house.book, f"{one.id}-inside"
    elsewhere = [p for p in house.colleagues if p.department != who.department]
    knows = house.chance.choice(elsewhere[: max(12, len(house.carriers()))])
    asked = house.clock.later(taken, 0.3)
    first = post(house, "internal", thread, who.id, asked)
    said = house.clock.later(asked, book.about(6))
    post(house, "internal", thread, knows.id, said)
    back = house.clock.later(said, book.about(0.7))
    facts: Facts = {"conversation": one.id, "post": first, "partner": one.partner}
    book.add("round_trip", asked, answered_at=back + MINUTE, **facts)
    return back


def post(house: House, dimension: str, thread: str, author: str, at: datetime) -> str:
    own = "-e" in author
    facts: Facts = {"community": f"{house.name}-{dimension}", "thread": thread, "author": author}
    return house.book.add("post", at, own=own, text="…", **facts)


def idea(house: House, one: Talk, who: Person, at: datetime) -> None:
    """Somebody who makes the thing decides; small ones take weeks."""
    book, owner = house.book, house.chance.choice(house.colleagues[:20])
    noted = at + HOUR
    decided = house.clock.later(noted, 24 * house.chance.uniform(7, 42))
    told = house.clock.later(decided, 24 * book.about(2))
    outcome = "shipped" if book.happens(house.habits.ideas.shipped) else "rejected"
    facts: Facts = {"conversation": one.id, "author": who.id, "text": "…", "owner": owner.id}
    book.add("insight", noted, decided_at=decided, told_at=told, outcome=outcome, **facts)
