"""The measures of conversations from daily rows: the same numbers as by a scan of the records.

Their cost grows with days, people, channels and articles, not with messages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from math import ceil
from typing import TypeVar
from uuid import UUID

from maturity.facts import conversation, governance, knowledge, voice
from maturity.facts.counting import (
    Clause,
    Counted,
    Terms,
    View,
    Views,
    at_least,
    holds,
    share_at_least,
)
from maturity.facts.daily import Answered, UnitDays, days_of
from maturity.facts.shelf import published_at
from maturity.facts.threads import Thread

Found = TypeVar("Found")


def span(view: View) -> tuple[UnitDays, int, int]:
    """The unit's rows, and W in days."""
    unit = view.unit
    start = unit.clock.day(unit.start).toordinal()
    return days_of(view), start, unit.day.toordinal()


def once_a_view(count: Callable[[View], Found]) -> Callable[[View], Found]:
    """A view is looked at for its unit, and again for the company."""

    @wraps(count)
    def counted(view: View) -> Found:
        if count not in view.once:
            view.once[count] = count(view)
        found: Found = view.once[count]
        return found

    return counted


def weeks_of_presence(views: Views, terms: Terms) -> Counted:
    weeks: Counter[int] = Counter()
    for view in views:
        days, start, end = span(view)
        for row, n in days.said.between(start, end):
            if row.owned:
                weeks[row.week] += n
        weeks.update(voice.own_publications(view))
    return Counted(len(weeks), sample=weeks.total())


def parties_heard(views: Views, terms: Terms) -> Counted:
    return Counted(len(set().union(*map(parties, views))))


@once_a_view
def parties(view: View) -> set[int]:
    days, start, end = span(view)
    return days.parties(start, end)


def traceable_voice(views: Views, terms: Terms) -> Counted:
    n: Counter[bool] = Counter()
    for view in views:
        days, start, end = span(view)
        for row, times in days.sent.between(start, end):
            n[row.own] += times
    return Counted(n[True], n.total())


def channels_multiplied(views: Views, terms: Terms) -> Counted:
    parties: dict[int, set[int]] = defaultdict(set)
    weeks: dict[int, set[int]] = defaultdict(set)
    kinds: dict[int, str] = {}
    for view in views:
        for (channel, kind), answered in answered_parties(view).items():
            parties[channel] |= answered
            kinds[channel] = kind
        days, start, end = span(view)
        for said, _ in days.said.between(start, end):
            weeks[said.channel].add(said.week)
    return voice.carried(parties, weeks, kinds, terms)


@once_a_view
def answered_parties(view: View) -> dict[tuple[int, str], set[int]]:
    """(channel, its kind) -> contacts whose conversation has an answer; all by their numbers."""
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    days, start, end = span(view)
    for begun, _ in days.begun.between(start, end):
        if begun.answered < end:
            found[begun.channel, begun.kind].add(begun.contact)
    return found


def needing(view: View) -> int:
    """Conversations needing an answer, due in W."""
    whole, _ = by_channel([view])
    return whole.total()


def answers_in_time(views: Views, terms: Terms) -> Counted:
    whole, part = by_channel(views)
    return Counted(part.total(), whole.total())


def by_channel(views: Views) -> tuple[Counter[UUID | None], Counter[UUID | None]]:
    whole: Counter[UUID | None] = Counter()
    part: Counter[UUID | None] = Counter()
    for view in views:
        days, start, end = span(view)
        for row, n in days.due.between(start, end):
            whole[row.channel] += n
            part[row.channel] += n * row.in_time
    return whole, part


def answers_in_time_at_scale(views: Views, terms: Terms) -> Counted:
    whole, part = by_channel(views)
    weakest = conversation.weakest(whole, part, terms)
    return Counted(part.total(), whole.total(), (weakest, settled(views, terms)))


def settled(views: Views, terms: Terms) -> Clause:
    found: Counter[bool] = Counter()
    for view in views:
        days, start, end = span(view)
        for row, n in days.settled.between(start, end):
            if row.begun < end <= row.until:
                found[row.quiet] += n
    return share_at_least(found[True], found.total(), terms.pair("settled_share"))


def acceptances(view: View) -> Iterator[tuple[set[UUID], int]]:
    """Departments that accepted a case in time, and how many such cases there are."""
    days, start, end = span(view)
    for row, n in days.accepting.between(start, end):
        if row.until >= end:
            homes = {view.people.department(who) for who, day in row.accepted if day < end}
            yield {home for home in homes if home is not None}, n


def accepting(views: Views) -> tuple[Counter[UUID], int, int]:
    """Cases a department accepted; accepted cases; all cases."""
    departments: Counter[UUID] = Counter()
    k = whole = 0
    for view in views:
        for homes, n in acceptances(view):
            departments.update(dict.fromkeys(homes, n))
            k, whole = k + n * bool(homes), whole + n
    return departments, k, whole


def routing_applied(views: Views, terms: Terms) -> Counted:
    departments, k, whole = accepting(views)
    taking = sum(n >= terms.number("acceptances") for n in departments.values())
    return Counted(k, whole, (holds(taking >= terms.number("departments")),))


def units_coordinating(views: Views, terms: Terms) -> Counted:
    departments, _, _ = accepting(views)
    relevant = conversation.relevant_departments(views)
    standing = sum(departments[one] >= terms.number("acceptances") for one in relevant)
    return Counted(standing, len(relevant))


def counterparts_known(views: Views, terms: Terms) -> Counted:
    known = returning = 0
    for view in views:
        days, start, end = span(view)
        for row, n in days.returning.between(start, end):
            known += n * row.himself
            returning += n * (row.himself or row.others)
        again, back = conversation.counterparts(view, in_window(view, days))
        known, returning = known + again, returning + back
    return Counted(known, returning)


def in_window(view: View, days: UnitDays) -> list[Thread]:
    """Conversations of contacts that were merged, each by itself: what is merged depends on D."""
    return [thread for thread in days.merged if view.unit.in_window(thread.began)]


def speakers_acknowledged(views: Views, terms: Terms) -> Counted:
    return governance.acknowledged(views, speakers, terms)


def speakers(view: View) -> Iterator[tuple[UUID, datetime]]:
    days, start, end = span(view)
    yield from days.speakers(start, end)
    for published in view.shelf.published.between(view.unit.start, view.unit.cut):
        if view.book.unit_of(published.channel) == view.unit.unit:
            yield published.author, published_at(published)


def knowledge_reused(views: Views, terms: Terms) -> Counted:
    cases: Counter[tuple[knowledge.Use, ...]] = Counter()
    for view in views:
        days, start, end = span(view)
        for row, n in days.closed.between(start, end):
            if row.next >= end and row.begun < end <= row.until:
                cases[tuple((a, who) for a, who, day in row.uses if day < end)] += n
    return knowledge.reused(views, cases, terms)


@once_a_view
def answered(view: View) -> list[tuple[Answered, int]]:
    """Rows of people outside the social team with an answer in W, each once."""
    days, start, end = span(view)
    return [
        (row, n)
        for day in range(start, end)
        for row, n in days.answered.by_day.get(day, Counter()).items()
        if not any(start <= earlier < day for earlier, _, _ in row.answers)
        and view.people.is_ambassador(row.employee)
    ]


def ambassadors_carrying(views: Views, terms: Terms) -> Counted:
    conversations: Counter[UUID] = Counter()
    weeks: dict[UUID, set[int]] = defaultdict(set)
    homes: dict[UUID, UUID | None] = {}
    for view in views:
        _, start, end = span(view)
        for row, n in answered(view):
            inside = [one for one in row.answers if start <= one[0] < end]
            if any(passed < end for _, _, passed in inside):
                conversations[row.employee] += n
                weeks[row.employee] |= {week for _, week, _ in inside}
            homes[row.employee] = view.people.department(row.employee)
    carrying = [
        who
        for who, n in conversations.items()
        if n >= terms.number("conversations") and len(weeks[who]) >= terms.number("weeks")
    ]
    departments = {homes[who] for who in carrying}
    return Counted(len(carrying), clauses=(at_least(len(departments), terms.pair("departments")),))


def workforce_empowered(views: Views, terms: Terms) -> Counted:
    said: Counter[UUID] = Counter()
    weeks: dict[UUID, set[int]] = defaultdict(set)
    homes: dict[UUID, UUID | None] = {}
    for view in views:
        _, start, end = span(view)
        for row, n in answered(view):
            inside = [week for day, week, _ in row.answers if start <= day < end]
            said[row.employee] += n * len(inside)
            weeks[row.employee] |= set(inside)
            homes[row.employee] = view.people.department(row.employee)
    active = [
        who
        for who, n in said.items()
        if n >= terms.number("answers") and len(weeks[who]) >= terms.number("weeks")
    ]
    relevant = {
        row.employee: row.department
        for view in views
        for row in view.people.staff_of(view.unit.unit)
        if row.relevant
    }
    asked = set(relevant.values())
    reached = asked & {homes[who] for who in active}
    spread = share_at_least(len(reached), len(asked), terms.pair("departments_share"))
    floor = ceil(round(terms.number("headcount_share") * terms.headcount, 9))
    return Counted(len(active), max(len(relevant), floor), (spread,))


def ambassadors_trusted(views: Views, terms: Terms) -> Counted:
    k = n = wrong = 0
    speaking: dict[UUID, View] = {}
    for view in views:
        days, start, end = span(view)
        for row, times in days.trusted.between(start, end):
            if view.people.is_ambassador(row.employee):
                speaking[row.employee] = view
                k, n = k + times * row.free, n + times
                wrong += times * (row.corrected < end)
    trained = sum(view.shelf.is_trained(who, view.unit.cut) for who, view in speaking.items())
    share = share_at_least(trained, len(speaking), terms.pair("trained_share"))
    few = holds(bool(n) and wrong / n <= terms.number("corrections_share"))
    return Counted(k, n, (share, few))


FROM_DAYS: Mapping[str, Callable[[Views, Terms], Counted]] = {
    measure.__name__: measure
    for measure in (
        weeks_of_presence,
        parties_heard,
        traceable_voice,
        channels_multiplied,
        answers_in_time,
        answers_in_time_at_scale,
        routing_applied,
        units_coordinating,
        counterparts_known,
        speakers_acknowledged,
        knowledge_reused,
        ambassadors_carrying,
        workforce_empowered,
        ambassadors_trusted,
    )
}
