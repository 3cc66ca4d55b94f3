"""Finding articles: by words somebody typed, and those that share words with a text."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db import connection
from django.db.models import F, QuerySet

from conversations.inbox.finding import id_in
from conversations.knowledge.models import Article, ArticleQuerySet, ArticleState
from crm.asking import AsQuery, question
from crm.bounds import TooSlow, bounded
from crm.values import sort_key

MOST_FOUND = 200
SECONDS = 0.8
_WALKED = 1_000  # newest articles that are read before the index is asked
MOST_SUGGESTED = 5
SAME_LANGUAGE = 1.5
_WORD = re.compile(r"[^\W_]{2,40}")


def published() -> QuerySet[Article]:
    return Article.objects.published().defer("search")


@dataclass(frozen=True, slots=True)
class Found:
    """ids: the best first. is_all: nothing that fits is missing."""

    ids: list[uuid.UUID]
    is_all: bool


def find(
    typed: str, within: ArticleQuerySet, *, most: int = MOST_FOUND, seconds: float = SECONDS
) -> Found:
    """Articles of `within` that hold all the words, in the title first, then the newest.

    The newest are read at first, so that a common word finds something whatever it costs to find
    the rest. A pasted id finds its own.
    """
    number = id_in(typed)
    if number:
        return Found(list(within.filter(pk=number).values_list("pk", flat=True)), is_all=True)
    until = time.monotonic() + seconds
    found: dict[uuid.UUID, None] = {}
    try:
        with bounded(until - time.monotonic()):
            asked = question(typed)
        if not asked:
            return Found([], is_all=True)
        for step in _steps(within.order_by("-occurred_at", "-pk"), asked):
            with bounded(until - time.monotonic()):
                found |= dict.fromkeys(step[:most])
            if len(found) >= most:
                break
        with bounded(until - time.monotonic()):
            ids = _best_first(list(found), asked)
    except TooSlow:
        return Found(list(found)[:most], is_all=False)
    return Found(ids[:most], is_all=len(found) < most)


def _steps(within: ArticleQuerySet, asked: str) -> Iterator[QuerySet[Article, uuid.UUID]]:
    newest = Article.objects.order_by("-occurred_at", "-pk").values("pk")[:_WALKED]
    holding = within.values_list("pk", flat=True)
    yield holding.filter(pk__in=newest, search=AsQuery(asked))
    yield holding.filter(search=AsQuery(_in_title(asked)))
    yield holding.filter(search=AsQuery(asked))


_LEXEME = re.compile(r"('[^']*')(:\*)?")


def _in_title(asked: str) -> str:
    """The same question of titles alone: their words have the weight A."""
    return _LEXEME.sub(lambda match: f"{match[1]}:{'*' if match[2] else ''}A", asked)


def _best_first(ids: Sequence[uuid.UUID], asked: str) -> list[uuid.UUID]:
    by_rank = Article.objects.filter(pk__in=ids).annotate(
        rank=SearchRank(F("search"), AsQuery(asked), normalization=1)
    )
    ordered = by_rank.order_by("-rank", "-occurred_at", "-pk")
    return list(ordered.values_list("pk", flat=True))


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
    WHERE a.state = ANY(%(states)s) ORDER BY rank DESC, a.id LIMIT %(looked_at)s
)
SELECT best.id FROM best JOIN asked ON best.search @@ asked.query
GROUP BY best.id, best.rank, best.words
HAVING count(*) >= least(%(enough)s, best.words)
ORDER BY best.rank DESC, best.id LIMIT %(most)s
"""


def alike(
    words: Sequence[str],
    *,
    language: str = "",
    enough: int = 1,
    most: int = MOST_SUGGESTED,
    states: Sequence[str] = (ArticleState.PUBLISHED,),
    seconds: float = SECONDS,
) -> list[uuid.UUID]:
    """Ids of articles that share at least `enough` words, the most alike first.

    None where finding them would last too long.
    """
    values: dict[str, Any] = {
        "words": list(words),
        "language": language,
        "same": SAME_LANGUAGE,
        "enough": enough,
        "looked_at": most * 4,
        "most": most,
        "states": list(states),
    }
    try:
        with bounded(seconds), connection.cursor() as cursor:
            cursor.execute(_ALIKE, values)
            return [row[0] for row in cursor.fetchall()]
    except TooSlow:
        return []
