"""A question that went inside, posts of people outside, and ideas born of their words."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ambassadors.communities.models import Community, Insight, Post, RoundTrip
from conversations.inbox.personal import conversations_of
from crm.access.idempotency import forget_quoting
from crm.journal.lines import id_of
from crm.journal.personal import Holdings, Step, Subject, Table


def posts_of(subject: Subject) -> QuerySet[Post]:
    """Their own, and those that carried their question inside."""
    asked = RoundTrip.objects.filter(conversation__in=conversations_of(subject).values("pk"))
    return Post.objects.filter(
        Q(author_identity__in=subject.identities) | Q(pk__in=asked.values("post"))
    )


def _near(subject: Subject) -> QuerySet[Post]:
    threads = Post.objects.filter(conversation__in=conversations_of(subject).values("pk"))
    return Post.objects.filter(thread__in=threads.values("thread"))


def _insights(subject: Subject) -> QuerySet[Insight]:
    return Insight.objects.filter(conversation__in=conversations_of(subject).values("pk"))


def _forget_answers(subject: Subject) -> int:
    trips = RoundTrip.objects.filter(conversation__in=conversations_of(subject).values("pk"))
    about = (posts_of(subject), _near(subject), _insights(subject), trips)
    return sum(forget_quoting(rows) for rows in about)


HOLDINGS: Holdings = [
    Step("crm.IdempotencyKey (of communities)", _forget_answers),
    Table(
        model=Post,
        of=posts_of,
        blank="title text",
        near=_near,
        written="title text",
        free="key thread",
        buries=lambda row: [("post", id_of(row))],
    ),
    Table(
        model=Insight,
        near=_insights,
        written="text why",
        free="key",
    ),
    Table(model=Community, free="key name purpose only_for"),
    Table(model=RoundTrip, free="key"),
]
