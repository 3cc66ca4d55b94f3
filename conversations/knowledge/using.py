"""Uses: articles whose words stand in what was really sent."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import models, transaction

from conversations.inbox.models import DeliveryState, Direction, Message, MessageKind
from conversations.knowledge import search
from conversations.knowledge.likeness import runs_of, was_used
from conversations.knowledge.models import (
    Article,
    ArticleState,
    ArticleUse,
    ArticleVersion,
    UseCheck,
    VersionOutcome,
)

CANDIDATES = 50
# How far back the sweep looks for messages whose alarm clock was lost
LOOKED_BACK = timedelta(days=30)
_ARRIVED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


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
                        article_id=article,
                        message=message,
                        position=position,
                        occurred_at=message.sent_at or message.occurred_at,
                    )
                    for position, article in enumerate(_used(message))
                ],
                ignore_conflicts=True,
            )


def _used(message: Message) -> list[uuid.UUID]:
    """Claimed ones first, in the order they were claimed."""
    runs = runs_of(message.text)
    words = search.words_of(message.text)
    ids = dict.fromkeys([*message.articles, *search.alike(words, most=CANDIDATES)])
    texts = texts_at(ids, message.occurred_at)
    claimed = set(message.articles)
    return [pk for pk in ids if pk in texts and was_used(texts[pk], runs, claimed=pk in claimed)]


def texts_at(ids: Collection[uuid.UUID], moment: datetime) -> dict[uuid.UUID, str]:
    """What these articles said to who wrote an answer at that moment.

    A later version can't be written after an answer so that it was used in it.
    """
    out = Article.objects.filter(pk__in=ids, state=ArticleState.PUBLISHED, published_at__lte=moment)
    texts = dict(out.values_list("pk", "text"))
    versions = ArticleVersion.objects.filter(
        article__in=texts, outcome=VersionOutcome.PUBLISHED, decided_at__lte=moment
    )
    return texts | dict(versions.order_by("number").values_list("article", "text"))


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
