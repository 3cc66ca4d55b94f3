"""The records behind a criterion: which ones, since when, and a hash of all their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maturity.facts import ambassadors, conversation, editorial, governance, knowledge, networks
from maturity.facts.counting import View, Views
from maturity.facts.shelf import published_at
from maturity.facts.threads import Thread

MOST_LINKS = 50


@dataclass(frozen=True, slots=True)
class Trace:
    """One record that a criterion looked at. kind: conversation, mention, publication, ..."""

    kind: str
    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """Up to 50 newest records, and the whole set by its count, span and hash."""

    count: int
    oldest: datetime | None
    newest: datetime | None
    records: tuple[Trace, ...]
    digest: str


def of_threads(threads: Callable[[View], Iterator[Thread]]) -> Callable[[View], Iterator[Trace]]:
    def traces(view: View) -> Iterator[Trace]:
        for thread in threads(view):
            if thread.began is not None:
                yield Trace("conversation", thread.id, thread.began)

    return traces


def days_of(view: View, criterion: str) -> int:
    return int(view.model.by_id[criterion].number("days"))


def heartbeats(view: View) -> Iterator[Trace]:
    start = view.unit.days_before(days_of(view, "S1-INS"))
    for source, beats in view.shelf.beats.items():
        if view.shelf.is_of(source, view.unit.unit):
            for beat in beats.between(start, view.unit.cut)[-1:]:
                yield Trace("source", source, beat.at)


def mentions(view: View) -> Iterator[Trace]:
    for row in view.shelf.mentions.between(view.unit.start, view.unit.cut):
        if view.shelf.is_of(row.source, view.unit.unit):
            yield Trace("mention", row.mention, row.at)


def human_messages(view: View) -> Iterator[Trace]:
    for said in view.human:
        yield Trace("conversation", said.row.conversation, said.at)


def outbound(view: View) -> Iterator[Trace]:
    for row in view.own.outbound.between(view.unit.start, view.unit.cut):
        yield Trace("conversation", row.conversation, row.at)


def inbound(view: View) -> Iterator[Trace]:
    for row in view.own.inbound.between(view.unit.start, view.unit.cut):
        yield Trace("conversation", row.conversation, row.at)


def spoken(view: View) -> Iterator[Trace]:
    for who, at in governance.speakers(view):
        yield Trace("employee", who, at)


def escalations(view: View) -> Iterator[Trace]:
    for hit, _ in governance.hits(view):
        yield Trace("conversation", hit.conversation, hit.at)


def published(view: View) -> Iterator[Trace]:
    for row in editorial.publications(view, view.unit.start, view.unit.cut):
        yield Trace("publication", row.id, published_at(row))


def posts(view: View) -> Iterator[Trace]:
    for post, _ in networks.employees_posts(view):
        yield Trace("post", post.id, post.at)


def ambassadors_answers(view: View) -> Iterator[Trace]:
    for _, thread, said in ambassadors.ambassadors_answers([view]):
        yield Trace("conversation", thread.id, said.at)


def insights(view: View) -> Iterator[Trace]:
    for row in networks.shipped(view, days_of(view, "S5-VAL-1")):
        yield Trace("conversation", row.conversation, row.at)


TRACES: Mapping[str, Callable[[View], Iterator[Trace]]] = {
    "healthy_days": heartbeats,
    "mentions_triaged": mentions,
    "mentions_triaged_soon": mentions,
    "weeks_of_presence": human_messages,
    "parties_heard": inbound,
    "traceable_voice": outbound,
    "answers_in_time": of_threads(lambda view: iter(view.due)),
    "answers_in_time_at_scale": of_threads(lambda view: iter(view.due)),
    "speakers_acknowledged": spoken,
    "routing_applied": of_threads(lambda view: iter(view.accept_due)),
    "units_coordinating": of_threads(lambda view: iter(view.accept_due)),
    "weeks_of_practice": posts,
    "publications_planned": published,
    "expectations_compared": published,
    "channels_multiplied": human_messages,
    "knowledge_reused": of_threads(lambda view: iter(knowledge.closed_in_window(view))),
    "ambassadors_carrying": ambassadors_answers,
    "workforce_empowered": ambassadors_answers,
    "ambassadors_trusted": ambassadors_answers,
    "escalations_respected": escalations,
    "counterparts_known": of_threads(conversation.returning),
    "dimensions_alive": posts,
    "ideas_shipped": insights,
}


def gather(metric: str, views: Views) -> Evidence:
    """Each record once, by its newest time."""
    found: dict[tuple[str, UUID], datetime] = {}
    for view in views:
        for trace in TRACES[metric](view):
            key = trace.kind, trace.id
            found[key] = max(trace.at, found.get(key, trace.at))
    traces = [Trace(kind, record, at) for (kind, record), at in found.items()]
    traces.sort(key=lambda trace: (trace.at, str(trace.id)), reverse=True)
    ids = "\n".join(sorted(f"{trace.kind} {trace.id}" for trace in traces))
    return Evidence(
        count=len(traces),
        oldest=traces[-1].at if traces else None,
        newest=traces[0].at if traces else None,
        records=tuple(traces[:MOST_LINKS]),
        digest=hashlib.sha256(ids.encode()).hexdigest(),
    )
