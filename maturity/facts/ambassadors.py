"""S4-AMB-1, S5-AMB-1, S5-AMB-2: do people outside the social team carry conversations?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

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
from maturity.facts.threads import Human, Thread


def ambassadors_answers(views: Views) -> Iterator[tuple[View, Thread, Human]]:
    """The human answers in W of people outside the social team."""
    for view in views:
        for thread, said in view.answers:
            if view.people.is_ambassador(said.employee):
                yield view, thread, said


def is_handled(view: View, thread: Thread, person: UUID, answered: datetime) -> bool:
    """After their answer they closed it themselves, or it was assigned to somebody else."""
    cut = view.unit.cut
    closed = any(
        row.own and row.employee == person and answered < row.at < cut for row in thread.closings
    )
    return closed or any(
        row.employee != person and answered < row.at < cut for row in thread.assignments
    )


def ambassadors_carrying(views: Views, terms: Terms) -> Counted:
    """People with enough conversations handled, in enough different weeks."""
    weeks: dict[tuple[UUID, UUID], set[int]] = defaultdict(set)
    handled: dict[UUID, set[UUID]] = defaultdict(set)
    homes: dict[UUID, UUID | None] = {}
    for view, thread, said in ambassadors_answers(views):
        homes[said.employee] = view.people.department(said.employee)
        weeks[said.employee, thread.id].add(said.week)
        if is_handled(view, thread, said.employee, said.at):
            handled[said.employee].add(thread.id)
    carrying = [
        person
        for person, threads in handled.items()
        if len(threads) >= terms.number("conversations")
        if len(set().union(*(weeks[person, t] for t in threads))) >= terms.number("weeks")
    ]
    departments = {homes[person] for person in carrying}
    return Counted(len(carrying), clauses=(at_least(len(departments), terms.pair("departments")),))


def workforce_empowered(views: Views, terms: Terms) -> Counted:
    """Active ambassadors of the relevant employees, at least 20 % of the headcount."""
    weeks: dict[UUID, list[int]] = defaultdict(list)
    homes: dict[UUID, UUID | None] = {}
    for view, _, said in ambassadors_answers(views):
        weeks[said.employee].append(said.week)
        homes[said.employee] = view.people.department(said.employee)
    active = [
        person
        for person, found in weeks.items()
        if len(found) >= terms.number("answers") and len(set(found)) >= terms.number("weeks")
    ]
    relevant = {
        row.employee: row.department
        for view in views
        for row in view.people.staff_of(view.unit.unit)
        if row.relevant
    }
    asked = set(relevant.values())
    reached = asked & {homes[person] for person in active}
    spread = share_at_least(len(reached), len(asked), terms.pair("departments_share"))
    floor = ceil(round(terms.number("headcount_share") * terms.headcount, 9))
    return Counted(len(active), max(len(relevant), floor), (spread,))


def ambassadors_trusted(views: Views, terms: Terms) -> Counted:
    """Ambassadors' answers sent without approval by trained people who knew the policy."""
    grace = timedelta(days=terms.model.grace_days)
    answers = [(view, said) for view, _, said in ambassadors_answers(views)]
    trusted = sum(is_trusted(view, said, grace) for view, said in answers)
    clauses = training(answers, terms), corrections(answers, terms)
    return Counted(trusted, len(answers), clauses)


def is_trusted(view: View, said: Human, grace: timedelta) -> bool:
    trained = view.shelf.trained.get(said.employee)
    if said.row.needs_approval or trained is None or trained > said.at:
        return False
    versions = view.shelf.accepted_versions(said.at, grace)
    signed = (view.shelf.signed_at(said.employee, name, v) for name, v in versions.items())
    return bool(versions) and all(at is not None and at <= said.at for at in signed)


def training(answers: list[tuple[View, Human]], terms: Terms) -> Clause:
    speaking = {said.employee: view for view, said in answers}
    trained = sum(view.shelf.is_trained(who, view.unit.cut) for who, view in speaking.items())
    return share_at_least(trained, len(speaking), terms.pair("trained_share"))


def corrections(answers: list[tuple[View, Human]], terms: Terms) -> Clause:
    """At most 3 % were corrected, withdrawn or escalated late."""
    wrong = 0
    for view, said in answers:
        corrected = view.shelf.corrected.get(said.row.id)
        wrong += corrected is not None and corrected < view.unit.cut
    return holds(bool(answers) and wrong / len(answers) <= terms.number("corrections_share"))
