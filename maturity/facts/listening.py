"""S1-INS, S1-LIS, S3-LIS-1: are we connected, and do people look at what is said?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from maturity.facts.counting import Counted, Terms, View, Views, holds
from maturity.facts.shelf import TriageAct

LONGEST_DEADLINE = timedelta(days=31)


def healthy_days(views: Views, terms: Terms) -> Counted:
    """Days with a heartbeat among the last 28, of the best single source of any unit."""
    days = int(terms.number("days"))
    best = max((source_days(view, source, days) for view, source in watched(views)), default=0)
    return Counted(best, days)


def watched(views: Views) -> Iterator[tuple[View, UUID]]:
    for view in views:
        for source in view.shelf.beats:
            if view.shelf.is_of(source, view.unit.unit):
                yield view, source


def source_days(view: View, source: UUID, days: int) -> int:
    unit = view.unit
    beats = view.shelf.beats[source].between(unit.days_before(days), unit.cut)
    return len({unit.clock.day(beat.at) for beat in beats})


Deadline = Callable[[View, datetime], datetime]
Case = tuple[UUID, list[TriageAct]]


def cases(views: Views, deadline: Deadline) -> list[Case]:
    """Mentions by their deadline in W, each once, with the triages in time."""
    found: dict[UUID, list[TriageAct]] = {}
    for view in views:
        start, cut = view.unit.start, view.unit.cut
        for mention in view.shelf.mentions.between(start - LONGEST_DEADLINE, cut):
            due = deadline(view, mention.at)
            if view.shelf.is_of(mention.source, view.unit.unit) and start <= due < cut:
                acts = view.shelf.triages.get(mention.mention, [])
                found.setdefault(mention.mention, []).extend(a for a in acts if a.at <= due)
    return list(found.items())


def mentions_triaged(views: Views, terms: Terms) -> Counted:
    """Mentions with a person's outcome within 14 days."""
    within = timedelta(days=terms.number("days"))
    found = cases(views, lambda _, at: at + within)
    return Counted(sum(bool(acts) for _, acts in found), len(found))


def mentions_triaged_soon(views: Views, terms: Terms) -> Counted:
    """Within 3 working days; at most ten triages of a person in one clock minute count."""
    days = int(terms.number("working_days"))
    found = cases(views, lambda view, at: view.unit.clock.add_working_days(at, days))
    counting = [[act for act in acts if act.in_pace] for _, acts in found]
    triaged: Counter[UUID] = Counter()
    for acts in counting:
        triaged.update({act.employee for act in acts})
    each = terms.number("triages_each")
    triagers = sum(mentions >= each for mentions in triaged.values())
    enough = holds(triagers >= terms.number("triagers"))
    return Counted(sum(bool(acts) for acts in counting), len(found), (enough,))
