"""S3-VAL-1, S4-VAL-1: are publications planned with an expectation, and compared with it?"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from math import floor

from conversations.editorial.measures import PublicationRow
from maturity.facts.counting import Counted, Terms, View, Views, at_least
from maturity.facts.shelf import published_at

Expectation = tuple[str, float]


def expectation(row: PublicationRow) -> Expectation | None:
    """A metric and a number."""
    return (row.metric, row.value) if row.metric and row.value is not None else None


def publications(view: View, start: datetime, cut: datetime) -> list[PublicationRow]:
    rows = view.shelf.published.between(start, cut)
    return [row for row in rows if view.book.unit_of(row.channel) == view.unit.unit]


def is_planned(row: PublicationRow, hours: float) -> bool:
    """Ahead of time by plan and record, with audience and expectation, approved by another."""
    published = published_at(row)
    if published - max(row.planned_at, row.at) < timedelta(hours=hours):
        return False
    if not row.has_audience or expectation(row) is None:
        return False
    is_second_person = row.approved_by is not None and row.approved_by != row.author
    return is_second_person and row.approved_at is not None and row.approved_at <= published


def publications_planned(views: Views, terms: Terms) -> Counted:
    """Good items; one and the same expectation counts for 30 % of the items or once a week."""
    rows = [(v, row) for v in views for row in publications(v, v.unit.start, v.unit.cut)]
    hours = terms.number("hours_ahead")
    times: Counter[Expectation] = Counter()
    weeks: dict[Expectation, set[int]] = defaultdict(set)
    for view, row in rows:
        expected = expectation(row)
        if expected is not None and is_planned(row, hours):
            times[expected] += 1
            weeks[expected].add(view.unit.clock.week(published_at(row)))
    cap = floor(round(terms.number("same_expectation") * len(rows), 9))
    k = sum(min(n, max(cap, len(weeks[expected]))) for expected, n in times.items())
    return Counted(k, len(rows))


def expectations_compared(views: Views, terms: Terms) -> Counted:
    """Planned items compared within 30 days, and the decisions that followed."""
    within = timedelta(days=terms.number("days"))
    cases = [
        (view, row)
        for view in views
        for row in publications(view, view.unit.start - within, view.unit.cut - within)
        if expectation(row) is not None
    ]
    compared = sum(is_compared(view, row, published_at(row) + within) for view, row in cases)
    followed = at_least(sum(decisions(view) for view in views), terms.pair("decisions"))
    return Counted(compared, len(cases), (followed,))


def is_compared(view: View, row: PublicationRow, due: datetime) -> bool:
    return any(c.at <= due for c in view.shelf.comparisons.get(row.id, []))


def decisions(view: View) -> int:
    """Decisions in W that follow another person's comparison of the publication."""
    found = 0
    for row in view.shelf.decisions.between(view.unit.start, view.unit.cut):
        publication = view.shelf.publications.get(row.publication)
        if publication and view.book.unit_of(publication.channel) == view.unit.unit:
            compared = view.shelf.comparisons.get(row.publication, [])
            found += any(c.compared_by != row.by and c.at <= row.at for c in compared)
    return found
