"""S3-CON-1, S3-GOV-2, S4-CON-1, S4-CRM-1 and the departments of S5-COV: who is answered?"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from maturity.facts.counting import (
    Clause,
    Counted,
    Terms,
    View,
    Views,
    holds,
    share_at_least,
)
from maturity.facts.threads import Thread


def is_in_time(thread: Thread, cut: datetime) -> bool:
    answer = thread.answered(cut)
    return answer is not None and thread.due is not None and answer.at <= thread.due


def answers_in_time(views: Views, terms: Terms) -> Counted:
    """Conversations needing an answer, due in W, and those a person answered in time."""
    cases = [(view, thread) for view in views for thread in view.due]
    return Counted(sum(is_in_time(thread, view.unit.cut) for view, thread in cases), len(cases))


def answers_in_time_at_scale(views: Views, terms: Terms) -> Counted:
    k, n, *_ = answers_in_time(views, terms)
    return Counted(k, n, (weakest_channel(views, terms), settled(views, terms)))


def weakest_channel(views: Views, terms: Terms) -> Clause:
    """Every channel with enough cases answers its share; with none it holds."""
    whole: Counter[UUID | None] = Counter()
    part: Counter[UUID | None] = Counter()
    for view in views:
        for thread in view.due:
            whole[thread.channel] += 1
            part[thread.channel] += is_in_time(thread, view.unit.cut)
    return weakest(whole, part, terms)


def weakest(whole: Counter[UUID | None], part: Counter[UUID | None], terms: Terms) -> Clause:
    bar, minimum = terms.pair("channel_share"), terms.number("channel_minimum")
    judged = [share_at_least(part[c], n, bar) for c, n in whole.items() if n >= minimum]
    return Clause(all(c.enter for c in judged), all(c.stay for c in judged))


def settled(views: Views, terms: Terms) -> Clause:
    """Closings after which the contact did not come back within 7 days, each for itself."""
    within = timedelta(days=terms.number("settled_days"))
    quiet = [
        not wrote_within(view, thread, row.at, within)
        for view in views
        for thread, row in view.own.closings.between(
            view.unit.start - within, view.unit.cut - within
        )
        if thread.needs_answer(view.unit.cut)
    ]
    return share_at_least(sum(quiet), len(quiet), terms.pair("settled_share"))


def wrote_within(view: View, thread: Thread, after: datetime, within: timedelta) -> bool:
    """The conversation's contact wrote on its channel, after the moment and within the time."""
    if thread.contact is None or thread.channel is None:
        return False
    times = view.book.inbound.get((thread.contact, thread.channel), [])
    index = bisect_right(times, after)
    return index < len(times) and times[index] <= after + within


def acceptances(view: View) -> Iterator[tuple[Thread, set[UUID]]]:
    """Each case with the departments whose people accepted it in time, by their own act."""
    for thread in view.accept_due:
        departments = {
            view.people.department(row.employee)
            for row in thread.assignments
            if row.own and row.at < view.unit.cut and row.accepted_at and thread.accept_due
            if row.accepted_at <= thread.accept_due
        }
        yield thread, {found for found in departments if found is not None}


def routing_applied(views: Views, terms: Terms) -> Counted:
    """Accepted by the assignee's own act within a working day."""
    cases = [accepted for view in views for _, accepted in acceptances(view)]
    by_department = Counter(found for accepted in cases for found in accepted)
    taking = sum(n >= terms.number("acceptances") for n in by_department.values())
    enough = holds(taking >= terms.number("departments"))
    return Counted(sum(bool(accepted) for accepted in cases), len(cases), (enough,))


def departments_standing(views: Views, terms: Terms) -> Counted:
    """S5-COV of one unit: its departments with relevant staff, those that accept conversations."""
    by_department = Counter(
        found for view in views for _, accepted in acceptances(view) for found in accepted
    )
    relevant = relevant_departments(views)
    standing = sum(by_department[one] >= terms.number("acceptances") for one in relevant)
    return Counted(standing, len(relevant))


def relevant_departments(views: Views) -> set[UUID]:
    return {
        row.department
        for view in views
        for row in view.people.staff_of(view.unit.unit)
        if row.relevant
    }


def counterparts_known(views: Views, terms: Terms) -> Counted:
    """Conversations of returning parties, and those whose own contact had begun one earlier."""
    found = [counterparts(view, view.begun) for view in views]
    return Counted(sum(known for known, _ in found), sum(returning for _, returning in found))


def counterparts(view: View, threads: Iterable[Thread]) -> tuple[int, int]:
    """Of these conversations, those whose contact had begun one, or somebody related had."""
    known = returning = 0
    related = merged_contacts(view)
    for thread in threads:
        if thread.contact is None or thread.began is None:
            continue
        himself = began_before(view, thread.contact, thread.began)
        others = view.shelf.sharing.get(thread.contact, set()) | related[thread.contact]
        known += himself
        returning += himself or any(began_before(view, o, thread.began) for o in others)
    return known, returning


def returning(view: View) -> Iterator[Thread]:
    """Conversations of W whose own contact had begun one earlier."""
    for thread in view.begun:
        if thread.contact and thread.began and began_before(view, thread.contact, thread.began):
            yield thread


def began_before(view: View, contact: UUID, at: datetime) -> bool:
    times = view.book.begun_by.get(contact)
    return times is not None and times[0] < at


def merged_contacts(view: View) -> dict[UUID, set[UUID]]:
    """Contact -> the others it was merged with, as things stood at the cut."""
    groups: dict[UUID, set[UUID]] = defaultdict(set)
    cut = view.unit.cut
    for row in view.shelf.records.merges:
        if row.at < cut and (row.undone_at is None or row.undone_at >= cut):
            group = groups[row.absorbed] | groups[row.into] | {row.absorbed, row.into}
            for contact in group:
                groups[contact] = group
    return groups
