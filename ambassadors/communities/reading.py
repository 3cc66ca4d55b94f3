"""Communities, threads and posts as one person may read them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from ambassadors.communities.models import Community, Member, Post, RoundTrip
from conversations.inbox.models import Conversation
from crm.organisation.models import User

Reader = User | AnonymousUser


def communities(reader: Reader) -> QuerySet[Any]:
    """With what the reader is in them (`joined`, `moderated`), `member_count` and `last_at`."""
    theirs = Member.objects.filter(community=OuterRef("pk"), employee__user=reader.pk, left_at=None)
    within = Member.objects.filter(community=OuterRef("pk"), left_at=None)
    newest = Post.objects.filter(community=OuterRef("pk")).order_by("-occurred_at")
    return Community.objects.visible_to(reader).annotate(
        joined=Exists(theirs),
        moderated=Exists(theirs.filter(moderates=True)),
        member_count=_one(within.values("community"), Count("pk"), IntegerField(), empty=0),
        last_at=Subquery(newest.values("occurred_at")[:1]),
    )


def threads(reader: Reader, *, words: str = "") -> QuerySet[Any]:
    """Opening posts, with `last_at`, `post_count`, `asks` (a customer's question stands in it) and
    `answered_at` (when the customer had the answer).

    words: found in the title or in any post of the thread that was not withdrawn.
    """
    found = Post.objects.visible_to(reader).openings()
    same = Post.objects.filter(community=OuterRef("community"), thread=OuterRef("thread"))
    if words:
        said = Q(title__icontains=words) | Q(text__icontains=words)
        found = found.filter(Exists(same.filter(said, withdrawn_at=None)))
    grouped = same.values("community", "thread")
    asked = RoundTrip.objects.filter(post=OuterRef("pk"))
    shown: QuerySet[Any] = with_authors(found).annotate(
        last_at=_one(grouped, Max("occurred_at"), DateTimeField(), empty=F("occurred_at")),
        post_count=_one(grouped, Count("pk"), IntegerField(), empty=1),
        asks=Exists(asked),
        answered_at=Subquery(asked.order_by("-answered_at").values("answered_at")[:1]),
    )
    return shown


def _one(grouped: QuerySet[Any, Any], number: Any, field: Any, *, empty: Any) -> Coalesce:
    """What `number` is over the rows of a group, as a column."""
    found = grouped.order_by().annotate(found=number).values("found")
    return Coalesce(Subquery(found, output_field=field), empty)


def posts(opening: Post) -> QuerySet[Post]:
    """The thread, oldest first."""
    found = Post.objects.filter(community=opening.community_id, thread=opening.thread)
    return with_authors(found).order_by("occurred_at", "pk")


def with_authors(found: QuerySet[Post]) -> QuerySet[Any]:
    """With `returned`: it went back to a customer."""
    return found.select_related(
        "community", "author_employee__department", "author_identity__contact"
    ).annotate(returned=Exists(RoundTrip.objects.filter(answer=OuterRef("pk"))))


def seen_conversations(shown: Collection[Post], reader: Reader) -> set[UUID]:
    """Of the conversations that these posts mention, those that the reader may open."""
    mentioned = {post.conversation_id for post in shown if post.conversation_id}
    if not mentioned:
        return set()
    seen = Conversation.objects.visible_to(reader).filter(pk__in=mentioned)
    return set(seen.values_list("pk", flat=True))


def trips() -> QuerySet[RoundTrip]:
    """Round trips with all that is shown of them."""
    return RoundTrip.objects.select_related(
        "post__community",
        "post__author_employee",
        "answer__author_employee__department",
        "reply__delivery",
        "conversation",
    )
