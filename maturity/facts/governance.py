"""S3-GOV-1, S4-GOV-1: is the policy read before one speaks, and held when it matters?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from ambassadors.governance.measures import EscalationRow
from maturity.facts.clock import months_before
from maturity.facts.counting import Counted, Terms, View, Views, holds
from maturity.facts.shelf import published_at

LONGEST_DEADLINE = timedelta(days=31)


def speakers(view: View) -> Iterator[tuple[UUID, datetime]]:
    """Everybody who spoke or published in W on any channel of the unit, and when."""
    start, cut = view.unit.start, view.unit.cut
    for row in view.own.outbound.between(start, cut):
        if row.employee and not row.automated:
            yield row.employee, row.at
    for published in view.shelf.published.between(start, cut):
        if view.book.unit_of(published.channel) == view.unit.unit:
            yield published.author, published_at(published)


def speakers_acknowledged(views: Views, terms: Terms) -> Counted:
    """Speakers who acknowledged every policy in force before they last spoke."""
    return acknowledged(views, speakers, terms)


def acknowledged(
    views: Views, spoke: Callable[[View], Iterator[tuple[UUID, datetime]]], terms: Terms
) -> Counted:
    latest: dict[UUID, tuple[datetime, View]] = {}
    for view in views:
        for who, at in spoke(view):
            if who not in latest or at > latest[who][0]:
                latest[who] = at, view
    grace = timedelta(days=terms.model.grace_days)
    signed = sum(has_signed(view, who, at, grace) for who, (at, view) in latest.items())
    months = int(terms.number("reviewed_months"))
    return Counted(signed, len(latest), (holds(all(is_reviewed(v, months) for v in views)),))


def has_signed(view: View, who: UUID, before: datetime, grace: timedelta) -> bool:
    versions = view.shelf.accepted_versions(view.unit.cut, grace)
    signed = (view.shelf.signed_at(who, name, counting) for name, counting in versions.items())
    return bool(versions) and all(at is not None and at < before for at in signed)


def is_reviewed(view: View, months: int) -> bool:
    """There is a policy, and each one in force is dated or reviewed in those months."""
    unit = view.unit
    start = unit.clock.midnight(months_before(unit.day, months))
    in_force = view.shelf.in_force(unit.cut)
    return bool(in_force) and all(now.is_fresh(start, unit.cut) for now, _ in in_force.values())


def escalations_respected(views: Views, terms: Terms) -> Counted:
    """Hits whose role was reached in time, answered by nobody before the approval."""
    cases = [(view, hit, due) for view in views for hit, due in hits(view)]
    kept = sum(is_respected(view, hit, due) for view, hit, due in cases)
    return Counted(kept, len(cases))


def hits(view: View) -> Iterator[tuple[EscalationRow, datetime]]:
    """Escalations of the unit by their deadline in W."""
    unit = view.unit
    for hit in view.shelf.escalations.between(unit.start - LONGEST_DEADLINE, unit.cut):
        thread = view.book.threads.get(hit.conversation)
        if thread is None or view.book.unit_of(thread.place(unit.cut)) != unit.unit:
            continue
        due = unit.answer_due(hit.at, view.model)
        if unit.in_window(due):
            yield hit, due


def is_respected(view: View, hit: EscalationRow, due: datetime) -> bool:
    approved, reached = hit.approved_at, hit.reached_at
    if approved is None or approved >= view.unit.cut:
        return False
    spoken = view.book.threads[hit.conversation].spoken_out
    too_early = any(hit.at < at < approved for at in spoken)
    return reached is not None and reached <= due and not too_early
