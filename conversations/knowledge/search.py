"""Finding articles: by words somebody typed, and by what a customer asks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Q, QuerySet, Value

from conversations.inbox.models import Conversation, Direction, MessageKind
from conversations.knowledge.models import Article, ArticleState
from crm.values import sort_key
from crm.words import Folded

MOST_SUGGESTED = 5
MOST_WORDS = 80  # of a question
ENOUGH_WORDS = 2  # that an article shares with the question
SAME_LANGUAGE = 1.5
_WORD = re.compile(r"[^\W_]{2,40}")


def published() -> QuerySet[Article]:
    return Article.objects.filter(state=ArticleState.PUBLISHED).defer("search")


def search(words: str) -> QuerySet[Article]:
    """Published articles that hold all the words, in either language, as search engines do:
    "quoted phrases", or, -without. Accents and case don't count."""
    typed = Folded(Value(words))
    query = Q()
    for language in ("english", "french"):
        query |= Q(search=SearchQuery(typed, config=language, search_type="websearch"))
    return published().filter(query)


def suggest(conversation: Conversation, *, most: int = MOST_SUGGESTED) -> list[Article]:
    """Published articles that may answer what was asked last, the best first."""
    words = words_of(_question(conversation))[:MOST_WORDS]
    best = alike(words, language=conversation.language, enough=ENOUGH_WORDS, most=most)
    found = published().select_related("author").in_bulk(best)
    return [found[pk] for pk in best if pk in found]


def _question(conversation: Conversation) -> str:
    """The subject, and what the person wrote last, newest first."""
    said = conversation.messages.filter(
        direction=Direction.IN, kind=MessageKind.REPLY, automated=False
    ).order_by("-occurred_at", "-pk")
    return "\n".join([conversation.subject, *said.values_list("text", flat=True)[:3]])


def words_of(text: str) -> list[str]:
    """The different words of a text, folded, in the order they come."""
    return list(dict.fromkeys(_WORD.findall(sort_key(text[:20_000]))))


# Each word is asked for in both languages; the stop words of either are left out, since the one
# dictionary keeps what the other drops ("le", "the").
_ALIKE = """
WITH asked AS (
    SELECT plainto_tsquery('english', word) || plainto_tsquery('french', word) AS query
    FROM unnest(%(words)s::text[]) AS word
    WHERE numnode(plainto_tsquery('english', word)) > 0
      AND numnode(plainto_tsquery('french', word)) > 0
), whole AS (
    SELECT string_agg('(' || query::text || ')', ' | ')::tsquery AS query, count(*) AS words
    FROM asked
), best AS (
    SELECT a.id, a.search, whole.words, ts_rank(a.search, whole.query)
        * CASE WHEN a.language = %(language)s THEN %(same)s ELSE 1 END AS rank
    FROM conversations_article a JOIN whole ON a.search @@ whole.query
    WHERE a.state = 'published' ORDER BY rank DESC, a.id LIMIT %(looked_at)s
)
SELECT best.id FROM best JOIN asked ON best.search @@ asked.query
GROUP BY best.id, best.rank, best.words
HAVING count(*) >= least(%(enough)s, best.words)
ORDER BY best.rank DESC, best.id LIMIT %(most)s
"""


def alike(
    words: Sequence[str], *, language: str = "", enough: int = 1, most: int = MOST_SUGGESTED
) -> list[uuid.UUID]:
    """Ids of published articles that share at least `enough` words, the most alike first."""
    values: dict[str, Any] = {
        "words": list(words),
        "language": language,
        "same": SAME_LANGUAGE,
        "enough": enough,
        "looked_at": most * 4,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, values)
        return [row[0] for row in cursor.fetchall()]
