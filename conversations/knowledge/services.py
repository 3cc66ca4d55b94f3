"""Verbs of knowledge: write an article, review it, count where it was used."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.inbox.models import (
    Conversation,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
)
from conversations.knowledge import search
from conversations.knowledge.likeness import runs_of, was_used
from conversations.knowledge.models import Article, ArticleReview, ArticleUse, UseCheck
from crm.errors import Invalid
from crm.journal.services import record
from crm.organisation.people import employee_of
from crm.values import Actor

LONGEST_TEXT = 50_000
LONGEST_TITLE = 200
CANDIDATES = 50
# How far back the sweep looks for messages whose alarm clock was lost
LOOKED_BACK = timedelta(days=30)
_ARRIVED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


def write_article(
    title: str,
    *,
    text: str,
    by: Actor,
    language: str = "en",
    tags: Sequence[str] = (),
    conversation: Conversation | None = None,
    at: datetime | None = None,
) -> Article:
    """A published article. conversation: the exchange it was learnt in.

    Raises Invalid for an empty or endless title or text, Forbidden for who is no employee.
    """
    title, text = title.strip(), text.replace("\r\n", "\n").strip()
    if not title or not text:
        raise Invalid(_("an article has a title and a text"), code="empty")
    if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        raise Invalid(_("the title or the text is too long"), code="too_long")
    with transaction.atomic():
        article = Article.objects.create(
            title=title,
            text=text,
            author=employee_of(by.user),
            language=language,
            tags=list(dict.fromkeys(tags)),
            conversation=conversation,
            via=by.via,
            occurred_at=at or timezone.now(),
        )
        record("article_written", article, by=by, at=article.occurred_at)
    return article


def review(article: Article, *, by: Actor, at: datetime | None = None) -> ArticleReview:
    """Says that the article is still right."""
    with transaction.atomic():
        reviewed = ArticleReview.objects.create(
            article=article, by=employee_of(by.user), via=by.via, occurred_at=at or timezone.now()
        )
        record("article_reviewed", article, by=by, at=reviewed.occurred_at)
    return reviewed


def count_uses(message_id: uuid.UUID) -> None:
    """Finds the articles whose text stands in what was sent, once a message.

    What the author claimed is looked at first, but a claim alone is no use.
    """
    message = _sent().filter(pk=message_id).first()
    if message is None:
        return
    with transaction.atomic():
        __, first = UseCheck.objects.get_or_create(message=message)
        if first:
            ArticleUse.objects.bulk_create(
                [
                    ArticleUse(
                        article=article,
                        message=message,
                        position=position,
                        occurred_at=message.sent_at or message.occurred_at,
                    )
                    for position, article in enumerate(_used(message))
                ],
                ignore_conflicts=True,
            )


def _used(message: Message) -> list[Article]:
    """Claimed ones first, in the order they were claimed."""
    runs = runs_of(message.text)
    words = search.words_of(message.text)
    ids = dict.fromkeys([*message.articles, *search.alike(words, most=CANDIDATES)])
    known = search.published().filter(occurred_at__lte=message.occurred_at).in_bulk(ids)
    claimed = set(message.articles)
    return [
        known[pk]
        for pk in ids
        if pk in known and was_used(known[pk].text, runs, claimed=pk in claimed)
    ]


def _sent() -> models.QuerySet[Message]:
    """Replies of ours that went out and were not looked at; never imported ones."""
    return Message.objects.filter(
        direction=Direction.OUT,
        kind=MessageKind.REPLY,
        sent_at__isnull=False,
        delivery__attempt__gt=0,
        delivery__state__in=_ARRIVED,
    ).exclude(pk__in=UseCheck.objects.values("pk"))


def uncounted(*, at: datetime, most: int = 200) -> list[uuid.UUID]:
    """Messages that no alarm clock reached, oldest first."""
    due = _sent().filter(sent_at__gte=at - LOOKED_BACK).order_by("sent_at")
    return list(due.values_list("pk", flat=True)[:most])
