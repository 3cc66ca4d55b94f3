"""The cases of a criterion one by one: what was looked at, whether it counts, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from maturity.facts import (
    ambassadors,
    conversation,
    editorial,
    governance,
    knowledge,
    listening,
    networks,
    voice,
)
from maturity.facts.counting import Terms, View
from maturity.facts.shelf import published_at
from maturity.facts.threads import is_own_act

MINUTE = "%Y-%m-%d %H:%M:%S"


class Case(NamedTuple):
    """One record, week, person or channel. counts: it is in k; because: in the unit's clock."""

    at: datetime
    what: str
    counts: bool
    because: str


Cases = Iterator[Case]


def clock(view: View, at: datetime | None) -> str:
    return view.unit.clock.local(at).strftime(MINUTE) if at else "never"


def days_with_heartbeat(view: View, terms: Terms) -> Cases:
    days = int(terms.number("days"))
    found = {s: listening.source_days(view, s, days) for _, s in listening.watched([view])}
    best = max(found.values(), default=0)
    for source, n in found.items():
        last = view.shelf.beats[source].between(view.unit.days_before(days), view.unit.cut)
        if last:
            because = f"{n} days of the last {days}, last heard at {clock(view, last[-1].at)}"
            yield Case(last[-1].at, f"source {source}", n == best, because)


def mentions(view: View, terms: Terms) -> Cases:
    in_pace = "triages_a_minute" in terms.criterion.numbers
    unit = view.unit
    for row in view.shelf.mentions.between(unit.start - listening.LONGEST_DEADLINE, unit.cut):
        due = row.at + timedelta(days=terms.number("days")) if not in_pace else None
        due = due or unit.clock.add_working_days(row.at, int(terms.number("working_days")))
        if not (view.shelf.is_of(row.source, unit.unit) and unit.in_window(due)):
            continue
        acts = [act for act in view.shelf.triages.get(row.mention, []) if act.at <= due]
        acts = [act for act in acts if act.in_pace or not in_pace]
        done = f"triaged by {acts[0].employee} at {clock(view, acts[0].at)}" if acts else "nobody"
        yield Case(row.at, f"mention {row.mention}", bool(acts), f"due {clock(view, due)}, {done}")


def weeks_of_presence(view: View, terms: Terms) -> Cases:
    said = Counter(one.week for one in view.human if view.owns(one.row.channel))
    shown = Counter(voice.own_publications(view))
    first = {one.week: one.at for one in reversed(view.human)}
    for week in sorted(said.keys() | shown.keys()):
        because = f"{said[week]} human messages, {shown[week]} publications"
        yield Case(first.get(week, view.unit.start), f"week {week}", True, because)


def parties_heard(view: View, terms: Terms) -> Cases:
    seen: set[UUID] = set()
    for row in view.own.inbound.between(view.unit.start, view.unit.cut):
        if row.contact is None or row.contact in seen or not view.owns(row.channel):
            continue
        seen.add(row.contact)
        is_external = view.book.shape.is_external(row.contact, row.channel)
        because = f"wrote on {row.channel}" if is_external else "has an employee's address"
        yield Case(row.at, f"contact {row.contact}", is_external, because)


def outbound(view: View, terms: Terms) -> Cases:
    for row in view.own.outbound.between(view.unit.start, view.unit.cut):
        because = "automated" if row.automated else f"by {row.employee or 'nobody named'}"
        because += "" if row.own else ", not in person"
        yield Case(row.at, f"message {row.id}", is_own_act(row), because)


def answers(view: View, terms: Terms) -> Cases:
    for thread in view.due:
        answer = thread.answered(view.unit.cut)
        said = f"answered at {clock(view, answer.at)}" if answer else "no human answer"
        in_time = conversation.is_in_time(thread, view.unit.cut)
        because = f"due {clock(view, thread.due)}, {said}"
        yield Case(thread.began or view.unit.start, f"conversation {thread.id}", in_time, because)


def acceptances(view: View, terms: Terms) -> Cases:
    for thread, accepted in conversation.acceptances(view):
        by = " and ".join(f"department {one}" for one in sorted(accepted, key=str))
        because = f"due {clock(view, thread.accept_due)}, accepted by {by or 'nobody in time'}"
        began = thread.began or view.unit.start
        yield Case(began, f"conversation {thread.id}", bool(accepted), because)


def speakers(view: View, terms: Terms) -> Cases:
    latest: dict[UUID, datetime] = {}
    for who, at in governance.speakers(view):
        latest[who] = max(at, latest.get(who, at))
    grace = timedelta(days=terms.model.grace_days)
    for who, at in latest.items():
        signed = governance.has_signed(view, who, at, grace)
        because = "acknowledged before" if signed else "had not acknowledged every policy in force"
        yield Case(at, f"employee {who}", signed, f"spoke last at {clock(view, at)}, {because}")


def meetings(view: View, terms: Terms) -> Cases:
    found: dict[tuple[int, UUID, str], set[UUID]] = defaultdict(set)
    first: dict[tuple[int, UUID, str], datetime] = {}
    homes: dict[UUID, UUID | None] = {}
    for post, author in networks.employees_posts(view):
        if post.is_practice:
            key = view.unit.clock.week(post.at), post.community, post.thread
            first.setdefault(key, post.at)
            found[key].add(author)
            homes[author] = view.people.department(author)
    for key, people in found.items():
        departments = len({homes[one] for one in people})
        because = f"{len(people)} people of {departments} departments"
        yield Case(first[key], f"week {key[0]}, thread {key[2]}", departments > 1, because)


def publications(view: View, terms: Terms) -> Cases:
    hours = terms.number("hours_ahead")
    for row in editorial.publications(view, view.unit.start, view.unit.cut):
        ahead = published_at(row) - max(row.planned_at, row.at)
        expected = f"{row.metric} {row.value}" if editorial.expectation(row) else "nothing"
        because = f"planned {ahead} ahead, expects {expected}, approved by {row.approved_by}"
        is_good = editorial.is_planned(row, hours)
        yield Case(published_at(row), f"publication {row.id}", is_good, because)


def comparisons(view: View, terms: Terms) -> Cases:
    within = timedelta(days=terms.number("days"))
    rows = editorial.publications(view, view.unit.start - within, view.unit.cut - within)
    for row in rows:
        if editorial.expectation(row) is not None:
            due = published_at(row) + within
            compared = editorial.is_compared(view, row, due)
            because = f"{'compared' if compared else 'not compared'} by {clock(view, due)}"
            yield Case(published_at(row), f"publication {row.id}", compared, because)


def channels(view: View, terms: Terms) -> Cases:
    parties: dict[UUID, set[UUID]] = defaultdict(set)
    weeks: dict[UUID, set[int]] = defaultdict(set)
    for thread in view.begun:
        is_answered = thread.is_external and thread.answered(view.unit.cut) is not None
        if thread.channel and thread.contact and is_answered:
            parties[thread.channel].add(thread.contact)
    for said in view.human:
        weeks[said.row.channel].add(said.week)
    for channel in sorted(parties.keys() | weeks.keys(), key=str):
        heard, active = len(parties[channel]), len(weeks[channel])
        enough = heard >= terms.number("parties") and active >= terms.number("weeks")
        because = f"{heard} parties answered, {active} active weeks"
        yield Case(view.unit.start, f"channel {channel}", enough, because)


def closed(view: View, terms: Terms) -> Cases:
    for thread in knowledge.closed_in_window(view):
        first = next(knowledge.uses(view, thread), None)
        because = f"first used article {first[0]}" if first else "no article of somebody else"
        last = max(row.at for row in thread.closings if row.at < view.unit.cut)
        yield Case(last, f"conversation {thread.id}", first is not None, because)


def carriers(view: View, terms: Terms) -> Cases:
    handled: dict[UUID, set[UUID]] = defaultdict(set)
    weeks: dict[UUID, set[int]] = defaultdict(set)
    first: dict[UUID, datetime] = {}
    for _, thread, said in ambassadors.ambassadors_answers([view]):
        first.setdefault(said.employee, said.at)
        if ambassadors.is_handled(view, thread, said.employee, said.at):
            handled[said.employee].add(thread.id)
            weeks[said.employee].add(said.week)
    for who, at in first.items():
        n = len(handled[who])
        enough = n >= terms.number("conversations") and len(weeks[who]) >= terms.number("weeks")
        because = f"handled {n} conversations, in {len(weeks[who])} weeks"
        yield Case(at, f"employee {who}", enough, because)


def active(view: View, terms: Terms) -> Cases:
    said: dict[UUID, list[tuple[datetime, int]]] = defaultdict(list)
    for _, _, one in ambassadors.ambassadors_answers([view]):
        said[one.employee].append((one.at, one.week))
    for who, answers in said.items():
        weeks = len({week for _, week in answers})
        enough = len(answers) >= terms.number("answers") and weeks >= terms.number("weeks")
        because = f"{len(answers)} human answers in {weeks} weeks"
        yield Case(answers[0][0], f"employee {who}", enough, because)


def trusted(view: View, terms: Terms) -> Cases:
    grace = timedelta(days=terms.model.grace_days)
    for _, thread, said in ambassadors.ambassadors_answers([view]):
        free = ambassadors.is_trusted(view, said, grace)
        because = "approval" if said.row.needs_approval else "without approval"
        because += "" if view.shelf.is_trained(said.employee, said.at) else ", not trained before"
        yield Case(said.at, f"message {said.row.id} of {thread.id}", free, because)


def escalations(view: View, terms: Terms) -> Cases:
    for hit, due in governance.hits(view):
        kept = governance.is_respected(view, hit, due)
        because = f"due {clock(view, due)}, reached {clock(view, hit.reached_at)}"
        because += f", approved {clock(view, hit.approved_at)}"
        yield Case(hit.at, f"conversation {hit.conversation}", kept, because)


def counterparts(view: View, terms: Terms) -> Cases:
    for thread in view.begun:
        if thread.contact and thread.began:
            known = conversation.began_before(view, thread.contact, thread.began)
            because = "of a contact who began one before" if known else "the contact's first one"
            yield Case(thread.began, f"conversation {thread.id}", known, because)


def dimensions(view: View, terms: Terms) -> Cases:
    weeks: dict[str, set[int]] = defaultdict(set)
    people: dict[str, set[UUID]] = defaultdict(set)
    for post, author in networks.posts_seen(view):
        weeks[post.dimension].add(view.unit.clock.week(post.at))
        people[post.dimension].add(author)
    bar = terms.pair("weeks")
    for dimension, who in sorted(people.items()):
        enough = len(who) >= terms.number("people") and len(weeks[dimension]) >= bar.enter
        because = f"{len(who)} people, {len(weeks[dimension])} active weeks"
        yield Case(view.unit.start, f"dimension {dimension}", enough, because)


def ideas(view: View, terms: Terms) -> Cases:
    good = {row.id for row in networks.shipped(view, int(terms.number("days")))}
    for row in view.shelf.records.insights:
        if row.at < view.unit.cut and networks.is_ours(view, row.conversation):
            because = f"decided {clock(view, row.decided_at)}, told {clock(view, row.told_at)}"
            yield Case(row.at, f"insight {row.id}", row.id in good, because)


def departments(view: View, terms: Terms) -> Cases:
    taken = Counter(d for _, accepted in conversation.acceptances(view) for d in accepted)
    staff = view.people.staff_of(view.unit.unit)
    for one in sorted({row.department for row in staff if row.relevant}, key=str):
        because = f"accepted {taken[one]} conversations in time"
        enough = taken[one] >= terms.number("acceptances")
        yield Case(view.unit.start, f"department {one}", enough, because)


CASES: Mapping[str, Callable[[View, Terms], Cases]] = {
    "healthy_days": days_with_heartbeat,
    "mentions_triaged": mentions,
    "mentions_triaged_soon": mentions,
    "weeks_of_presence": weeks_of_presence,
    "parties_heard": parties_heard,
    "traceable_voice": outbound,
    "answers_in_time": answers,
    "answers_in_time_at_scale": answers,
    "speakers_acknowledged": speakers,
    "routing_applied": acceptances,
    "weeks_of_practice": meetings,
    "publications_planned": publications,
    "expectations_compared": comparisons,
    "channels_multiplied": channels,
    "knowledge_reused": closed,
    "ambassadors_carrying": carriers,
    "escalations_respected": escalations,
    "counterparts_known": counterparts,
    "workforce_empowered": active,
    "ambassadors_trusted": trusted,
    "dimensions_alive": dimensions,
    "ideas_shipped": ideas,
    "units_coordinating": departments,
}

CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "mentions_triaged_soon": ("two people have triaged five mentions each",),
    "speakers_acknowledged": ("every policy in force is dated or reviewed within 18 months",),
    "routing_applied": ("two departments have accepted five conversations each",),
    "weeks_of_practice": ("enough departments post", "enough people post"),
    "channels_multiplied": ("kinds of channels",),
    "answers_in_time_at_scale": (
        "every channel with enough cases answers its share",
        "share of closings after which nobody came back within 7 days",
    ),
    "knowledge_reused": (
        "articles used twice by two people",
        "share of the articles used that are fresh",
    ),
    "ambassadors_carrying": ("departments they come from",),
    "expectations_compared": ("decisions that follow another person's comparison",),
    "workforce_empowered": ("share of the departments that one of them comes from",),
    "ambassadors_trusted": (
        "share of the ambassadors who are trained",
        "at most 3 % corrected, withdrawn or escalated late",
    ),
    "dimensions_alive": ("round trips", "round trips with partners"),
    "ideas_shipped": ("departments of the owners", "authors"),
}
