"""History lines of articles and reviews, and of the messages that use articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Model

from conversations.inbox.models import Message
from conversations.inbox.records import MESSAGE_FIELDS, MessageRecord, needs_author
from conversations.knowledge.models import Article, ArticleReview, ArticleUse
from crm.journal.lines import (
    LONGEST_ID,
    Field,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Texts,
    Unfit,
    id_of,
    text,
)
from crm.journal.models import Keyed
from crm.journal.records import AT_ONCE, Record, write
from crm.organisation.models import Employee

ARTICLE = Record(
    "article",
    Article,
    title=Text(longest=200, blank=False),
    text=Text(),
    author=Reference(to=Employee),
    language=Text(longest=8, blank=False),
    tags=Texts(longest=60, optional=True),
)

ARTICLE_REVIEW = Record(
    "article_review",
    ArticleReview,
    article=Reference(to=Article),
    by=Reference(to=Employee),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used(Field):
    """Ids of articles, each once, in the order of the line."""

    def clean(self, value: Json) -> Json:
        if not isinstance(value, list):
            raise Unfit("must be a list of ids")
        return list(dict.fromkeys(text(id_, longest=LONGEST_ID, blank=False) for id_ in value))

    def references(self, value: Json) -> Iterator[tuple[type[Keyed], str]]:
        return ((Article, id_) for id_ in value)

    def column(self, value: Json, known: Known) -> Any:
        return [known.pk(Article, id_) for id_ in value]

    def shown(self, row: Model, name: str) -> Json | None:
        return None  # the message's record shows the uses


class MessageWithArticles(MessageRecord):
    def settle(self, fresh: list[tuple[Line, Message]], known: Known) -> None:
        super().settle(fresh, known)
        uses = [
            ArticleUse(
                article_id=article, message=row, position=position, occurred_at=row.occurred_at
            )
            for _, row in fresh
            for position, article in enumerate(row.articles)
        ]
        write(uses)

    def lines(self) -> Iterator[dict[str, Json]]:
        rows = self.rows().iterator(chunk_size=AT_ONCE)
        while some := list(islice(rows, AT_ONCE)):
            used = uses_of(some)
            for row in some:
                articles = used.get(row.pk)
                yield self.shown(row) | ({"articles": articles} if articles else {})


def uses_of(messages: Sequence[Message]) -> dict[Any, list[str]]:
    used: dict[Any, list[str]] = defaultdict(list)
    uses = ArticleUse.objects.filter(message__in=messages).select_related("article")
    for use in uses.order_by("message_id", "position", "pk"):
        used[use.message_id].append(id_of(use.article))
    return used


MESSAGE = MessageWithArticles(
    "message", Message, check=needs_author, **MESSAGE_FIELDS, articles=Used(optional=True)
)
