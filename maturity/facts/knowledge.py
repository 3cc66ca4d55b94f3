"""S4-CAP-1: do answers reuse what a colleague wrote?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from math import ceil
from uuid import UUID

from maturity.facts.clock import months_before
from maturity.facts.counting import Clause, Counted, Terms, View, Views, at_least, share_at_least
from maturity.facts.threads import Human, Thread

Use = tuple[UUID, UUID]  # the article, the sender


def closed_in_window(view: View) -> list[Thread]:
    """Conversations needing an answer whose last closing is in W."""
    closed = {}
    for thread, _ in view.own.closings.between(view.unit.start, view.unit.cut):
        last = max(row.at for row in thread.closings if row.at < view.unit.cut)
        if view.unit.in_window(last) and thread.needs_answer(view.unit.cut):
            closed[thread.id] = thread
    return list(closed.values())


def uses(view: View, thread: Thread) -> Iterator[Use]:
    """Articles of others that a human message lists, in the order of messages and lists."""
    for said in thread.humans:
        if said.at < view.unit.cut:
            yield from dict.fromkeys(uses_in(view, said))


def uses_in(view: View, said: Human) -> Iterator[Use]:
    for use in view.shelf.uses.get(said.row.id, []):
        article = view.shelf.articles.get(use.article)
        if article and article.at <= said.at and article.author != said.employee:
            yield use.article, said.employee


def knowledge_reused(views: Views, terms: Terms) -> Counted:
    """Closed ones with a use, each for its first; one article counts for at most 5 % of them."""
    cases = Counter(
        tuple(uses(view, thread)) for view in views for thread in closed_in_window(view)
    )
    return reused(views, cases, terms)


def reused(views: Views, cases: Counter[tuple[Use, ...]], terms: Terms) -> Counted:
    """cases: the uses of a closed conversation -> how many conversations had these."""
    firsts: Counter[UUID] = Counter()
    everything: Counter[Use] = Counter()
    for found, n in cases.items():
        if found:
            firsts[found[0][0]] += n
        for use in found:
            everything[use] += n
    cap = ceil(round(terms.number("one_article") * cases.total(), 9))
    clauses = shared_articles(everything, terms), freshness(views, everything, terms)
    return Counted(sum(min(n, cap) for n in firsts.values()), cases.total(), clauses)


def shared_articles(everything: Counter[Use], terms: Terms) -> Clause:
    """Articles used twice or more, by two people or more."""
    times: Counter[UUID] = Counter()
    senders: dict[UUID, set[UUID]] = defaultdict(set)
    for (article, sender), n in everything.items():
        times[article] += n
        senders[article].add(sender)
    shared = sum(
        n >= terms.number("uses_each") and len(senders[article]) >= terms.number("senders_each")
        for article, n in times.items()
    )
    return at_least(shared, terms.pair("articles"))


def freshness(views: Views, everything: Counter[Use], terms: Terms) -> Clause:
    """Half of the articles used were written or reviewed in the last 12 months."""
    used = {article for article, _ in everything}
    months = int(terms.number("fresh_months"))
    fresh = {
        article
        for view in views
        for article in used
        if is_fresh(view, article, since(view, months))
    }
    return share_at_least(len(fresh), len(used), terms.pair("fresh_share"))


def since(view: View, months: int) -> datetime:
    return view.unit.clock.midnight(months_before(view.unit.day, months))


def is_fresh(view: View, article: UUID, start: datetime) -> bool:
    reviewed = (row.at for row in view.shelf.reviews.get(article, []))
    times = (view.shelf.articles[article].at, *reviewed)
    return any(start <= at < view.unit.cut for at in times)
