"""S3-GOV-3, S5-NET-1, S5-VAL-1: do departments meet, and do inside and outside answer?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from uuid import UUID

from ambassadors.communities.measures import InsightRow, PostRow, RoundTripRow
from maturity.facts.counting import Clause, Counted, Terms, View, Views, at_least, holds
from maturity.scoring.definition import Bar

Pair = tuple[UUID, ...]


def employees_posts(view: View) -> Iterator[tuple[PostRow, UUID]]:
    """Own posts of the unit's employees in W, with the author."""
    for post in view.shelf.posts.between(view.unit.start, view.unit.cut):
        if post.employee and post.own and view.people.unit(post.employee) == view.unit.unit:
            yield post, post.employee


def weeks_of_practice(views: Views, terms: Terms) -> Counted:
    """Weeks in which two departments met in a thread; those of one same pair count half."""
    homes: dict[UUID, UUID | None] = {}
    threads: dict[tuple[int, UUID, str], set[UUID]] = defaultdict(set)
    for view in views:
        for post, author in employees_posts(view):
            if post.is_practice:
                homes[author] = view.people.department(author)
                week = view.unit.clock.week(post.at)
                threads[week, post.community, post.thread].add(author)
    pairs: dict[int, set[Pair]] = defaultdict(set)
    for (week, _, _), people in threads.items():
        pairs[week] |= meetings(people, homes)
    departments = holds(len(set(homes.values())) >= terms.number("departments"))
    members = holds(len(homes) >= terms.number("members"))
    return Counted(weeks_counted(pairs, terms), clauses=(departments, members))


def meetings(people: set[UUID], homes: dict[UUID, UUID | None]) -> set[Pair]:
    """Pairs of people of two departments."""
    return {
        pair
        for pair in combinations(sorted(people, key=str), 2)
        if homes[pair[0]] != homes[pair[1]]
    }


def weeks_counted(pairs: dict[int, set[Pair]], terms: Terms) -> int:
    several = sum(len(met) > 1 for met in pairs.values())
    alone = Counter(next(iter(met)) for met in pairs.values() if len(met) == 1)
    cap = int(terms.number("weeks_a_pair"))
    return several + sum(min(weeks, cap) for weeks in alone.values())


def posts_seen(view: View) -> Iterator[tuple[PostRow, UUID]]:
    """The unit's employees' own posts, and every contact's."""
    yield from employees_posts(view)
    for post in view.shelf.posts.between(view.unit.start, view.unit.cut):
        if post.contact:
            yield post, post.contact


def dimensions_alive(views: Views, terms: Terms) -> Counted:
    """Dimensions with enough active weeks and people; round trips through them."""
    weeks: dict[str, set[int]] = defaultdict(set)
    people: dict[str, set[UUID]] = defaultdict(set)
    for view in views:
        for post, author in posts_seen(view):
            weeks[post.dimension].add(view.unit.clock.week(post.at))
            people[post.dimension].add(author)
    crowd, bar = terms.number("people"), terms.pair("weeks")
    crowded = [len(weeks[one]) for one, who in people.items() if len(who) >= crowd]
    return Counted(
        sum(active >= bar.enter for active in crowded),
        k_stay=sum(active >= bar.stay for active in crowded),
        clauses=travelled(views, terms),
    )


def travelled(views: Views, terms: Terms) -> tuple[Clause, Clause]:
    days = int(terms.number("working_days"))
    trips = [trip for view in views for trip in round_trips(view, days)]
    partners: Bar = terms.pair("partner_round_trips")
    return (
        at_least(len(trips), terms.pair("round_trips")),
        at_least(sum(trip.is_partner for trip in trips), partners),
    )


def round_trips(view: View, days: int) -> Iterator[RoundTripRow]:
    """Questions answered in W, in time, after a post of another department."""
    for trip in view.shelf.records.round_trips:
        answered = trip.answered_at
        if answered is None or not view.unit.in_window(answered) or trip.at >= view.unit.cut:
            continue
        in_time = answered <= view.unit.clock.add_working_days(trip.at, days)
        if in_time and is_ours(view, trip.conversation) and was_helped(view, trip):
            yield trip


def is_ours(view: View, conversation: UUID) -> bool:
    thread = view.book.threads.get(conversation)
    if thread is None:
        return False
    return view.book.unit_of(thread.place(view.unit.cut)) == view.unit.unit


def was_helped(view: View, trip: RoundTripRow) -> bool:
    """Somebody of another department than the first answer's author posted in the thread."""
    answer = view.book.threads[trip.conversation].answered(view.unit.cut)
    first = view.shelf.post.get(trip.post)
    if answer is None or first is None or trip.answered_at is None:
        return False
    home = view.people.department(answer.employee)
    return any(
        post.own and post.at <= trip.answered_at and view.people.department(post.employee) != home
        for post in view.shelf.threads[first.community, first.thread]
        if post.employee
    )


def ideas_shipped(views: Views, terms: Terms) -> Counted:
    """Insights decided shipped by an owner outside the social team, originator told."""
    days = int(terms.number("days"))
    found = [(view, row) for view in views for row in shipped(view, days)]
    departments = {view.people.department(row.owner) for view, row in found if row.owner}
    people = {row.author for _, row in found}
    return Counted(
        len(found),
        clauses=(
            at_least(len(departments), terms.pair("departments")),
            at_least(len(people), terms.pair("people")),
        ),
    )


def shipped(view: View, days: int) -> Iterator[InsightRow]:
    start, cut = view.unit.days_before(days), view.unit.cut
    for row in view.shelf.records.insights:
        thread = view.book.threads.get(row.conversation)
        if thread is None or thread.began is None or max(thread.began, row.at) >= cut:
            continue
        decided = row.is_shipped and row.decided_at and start <= row.decided_at < cut
        told = row.told_at is not None and row.told_at < cut
        is_owned = view.people.is_ambassador(row.owner) and is_ours(view, row.conversation)
        if decided and told and is_owned:
            yield row
