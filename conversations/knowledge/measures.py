"""Articles, their reviews, and where they were used again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from conversations.knowledge.models import Article, ArticleReview, ArticleUse
from crm.journal.measures import (
    Moments,
    Reach,
    among,
    reach,
    recorded_before,
    recorded_since,
)


class ArticleRow(NamedTuple):
    article: UUID
    at: datetime
    recorded_at: datetime
    author: UUID


class ReviewRow(NamedTuple):
    article: UUID
    at: datetime
    recorded_at: datetime


class UseRow(NamedTuple):
    """position: the order in which the message lists its articles."""

    message: UUID
    position: int
    article: UUID
    at: datetime
    recorded_at: datetime


def articles() -> list[ArticleRow]:
    rows = Article.objects.order_by("occurred_at", "pk")
    fields = ("id", "occurred_at", "recorded_at", "author_id")
    return [ArticleRow(*row) for row in rows.values_list(*fields)]


def reviews() -> list[ReviewRow]:
    rows = ArticleReview.objects.order_by("occurred_at", "pk")
    fields = ("article_id", "occurred_at", "recorded_at")
    return [ReviewRow(*row) for row in rows.values_list(*fields)]


def uses(conversations: Collection[UUID] | None = None) -> list[UseRow]:
    """In the order in which each message lists them; of these conversations, or of all."""
    rows = ArticleUse.objects.order_by("message_id", "position", "pk")
    fields = ("message_id", "position", "article_id", "occurred_at", "recorded_at")
    found = among(rows.values_list(*fields), "message__conversation", conversations)
    return [UseRow(*row) for some in found for row in some]


def written(until: datetime) -> int:
    """How many articles there were: shown, and no criterion looks at it."""
    return Article.objects.filter(occurred_at__lt=until).count()


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    return [recorded_since(one, since) for one in (Article, ArticleReview, ArticleUse)]


def reaches(*, known_at: datetime | None = None) -> list[Reach]:
    """How far back uses go."""
    return [reach(recorded_before(ArticleUse.objects.all(), known_at))]
