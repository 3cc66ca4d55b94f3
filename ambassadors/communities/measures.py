"""Posts in communities, questions that travelled through them, ideas born outside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db.models import Q

from ambassadors.communities.models import Community, Insight, InsightOutcome, Post, RoundTrip
from crm.journal.measures import Beginning, Moments, recorded_since
from crm.journal.measures import beginnings as beginnings_of
from crm.values import Via

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.organisation.models import User


class PostRow(NamedTuple):
    id: UUID
    at: datetime
    recorded_at: datetime
    community: UUID
    dimension: str
    is_practice: bool
    thread: str
    employee: UUID | None
    contact: UUID | None
    own: bool


class RoundTripRow(NamedTuple):
    id: UUID
    at: datetime
    recorded_at: datetime
    conversation: UUID
    post: UUID
    answered_at: datetime | None
    is_partner: bool


class InsightRow(NamedTuple):
    id: UUID
    at: datetime
    recorded_at: datetime
    conversation: UUID
    author: UUID
    decided_at: datetime | None
    is_shipped: bool
    owner: UUID | None
    told_at: datetime | None


def posts() -> list[PostRow]:
    rows = Post.objects.annotate(own=Q(via=Via.OWN)).order_by("occurred_at", "pk")
    fields = ("id", "occurred_at", "recorded_at", "community_id", "community__dimension")
    where = ("community__practice", "thread")
    who = ("author_employee_id", "author_identity__contact_id", "own")
    return [PostRow(*row) for row in rows.values_list(*fields, *where, *who)]


def round_trips() -> list[RoundTripRow]:
    rows = RoundTrip.objects.order_by("occurred_at", "pk")
    fields = ("id", "occurred_at", "recorded_at", "conversation_id", "post_id")
    return [RoundTripRow(*row) for row in rows.values_list(*fields, "answered_at", "partner")]


def insights() -> list[InsightRow]:
    rows = Insight.objects.annotate(is_shipped=Q(outcome=InsightOutcome.SHIPPED))
    fields = ("id", "occurred_at", "recorded_at", "conversation_id", "author_id")
    course = ("decided_at", "is_shipped", "owner_id", "told_at")
    found = rows.order_by("occurred_at", "pk").values_list(*fields, *course)
    return [InsightRow(*row) for row in found]


def beginnings() -> list[Beginning]:
    return beginnings_of(Community)


def visible_threads(
    user: User | AnonymousUser, ids: Collection[UUID]
) -> dict[UUID, tuple[str, UUID]]:
    """Of these posts, those that `user` may read: the thread's title, its first post's id."""
    rows = Post.objects.visible_to(user).filter(pk__in=ids, withdrawn_at=None)
    places = {
        pk: (community, thread)
        for pk, community, thread in rows.values_list("pk", "community_id", "thread")
    }
    named = Post.objects.filter(community__in={c for c, _ in places.values()}).openings()
    named = named.filter(thread__in={thread for _, thread in places.values()})
    openings = {
        (community, thread): (title, pk)
        for pk, community, thread, title in named.values_list(
            "pk", "community_id", "thread", "title"
        )
    }
    return {pk: openings[place] for pk, place in places.items() if place in openings}


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    return [recorded_since(one, since) for one in (Community, Post, RoundTrip, Insight)]


def undated() -> list[str]:
    """What may be changed of communities without a date: a reading of any day sees it changed."""
    rows = Community.objects.order_by("pk").values_list("pk", "dimension", "practice")
    return [" ".join(map(str, row)) for row in rows]
