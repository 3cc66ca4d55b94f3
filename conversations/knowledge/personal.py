"""Articles are written without who asked. What was made of a person's conversation is looked
through once more, for every word of their names; all the rest for what names them alone."""

from __future__ import annotations

from conversations.inbox.personal import conversations_of
from conversations.knowledge.models import (
    Article,
    ArticleFeedback,
    ArticleFlag,
    ArticleReview,
    ArticleVersion,
    HelpCentre,
    ReadyAnswer,
)
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(
        model=Article,
        near=lambda subject: Article.objects.filter(
            conversation__in=conversations_of(subject).values("pk")
        ),
        written="title text comment",
        free="key language tags",
    ),
    Table(
        model=ArticleVersion,
        near=lambda subject: ArticleVersion.objects.filter(
            article__conversation__in=conversations_of(subject).values("pk")
        ),
        written="title text comment",
        free="key language tags",
    ),
    Table(
        model=ArticleFlag,
        near=lambda subject: ArticleFlag.objects.filter(
            conversation__in=conversations_of(subject).values("pk")
        ),
        written="text",
    ),
    Table(model=ArticleReview, free="key"),
    Table(model=HelpCentre, free="slug title welcome"),
    Table(model=ArticleFeedback, free="visitor"),
    Table(model=ReadyAnswer, written="text", free="name language"),
]
