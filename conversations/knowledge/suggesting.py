"""Which articles may answer a question: rare words count most, kindred ones count too.

`ts_rank` alone takes every word for equally telling; here each is weighed by how few articles
hold it (as BM25 does), once for each word that was asked, in the title more than in the text. A
kindred word is never more telling than the one that was asked. Measured by `bench suggestions`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from conversations.inbox.models import Conversation, Direction, MessageKind
from conversations.knowledge.kindred import kindred_of
from conversations.knowledge.models import Article
from conversations.knowledge.search import published, words_of
from crm.bounds import TooSlow, bounded

MOST = 5
SECONDS = 0.8
MOST_WORDS = 60  # of a question
KINDRED = 0.3  # what a kindred word is worth beside the one that was asked
COUNTED = 20_000  # articles in which a word is counted: beyond it says nothing
READ = 4_000  # articles that are compared
OTHER_LANGUAGE = 0.5
LEAST = 0.3  # the least score worth showing
SMALL = 10  # in fewer articles than this no word is told from another
_HALF = 6  # words asked again when all of them last too long

# The stop words of either language are left out, since the one dictionary keeps what the other
# drops ("le", "the"). {D, C, B, A}: text unstemmed, text, unused, title.
_RANKED = """
WITH form AS (
    SELECT asked, factor,
        plainto_tsquery('english', word) || plainto_tsquery('french', word) AS query
    FROM unnest(%(asked)s::int[], %(words)s::text[], %(factors)s::float[])
        AS form (asked, word, factor)
    WHERE numnode(plainto_tsquery('english', word)) > 0
      AND numnode(plainto_tsquery('french', word)) > 0
), counted AS MATERIALIZED (
    SELECT form.*, (SELECT count(*) FROM (
        SELECT FROM conversations_article a
        WHERE a.search @@ form.query AND a.state = 'published' LIMIT %(counted)s) AS a_few) AS n
    FROM form
), total AS (
    SELECT count(*) AS n FROM (
        SELECT FROM conversations_article WHERE state = 'published' LIMIT %(counted)s) AS a_few
), rare AS (
    SELECT counted.*,
        ln(1 + (greatest(total.n, %(small)s, counted.n) - counted.n + 0.5) / (counted.n + 0.5))
            AS rarity
    FROM counted, total WHERE counted.n > 0
), weighed AS (
    SELECT asked, query, n, factor * least(rarity, first_value(CASE WHEN factor = 1 THEN rarity END)
        OVER (PARTITION BY asked ORDER BY factor DESC)) AS weight
    FROM rare
), picked AS (
    SELECT query FROM (
        SELECT query, sum(n) OVER (ORDER BY weight DESC, query) AS so_far,
            row_number() OVER (ORDER BY weight DESC, query) AS place FROM weighed) AS rarest_first
    WHERE so_far <= %(read)s OR place = 1
), candidate AS MATERIALIZED (
    SELECT a.id, a.search, a.language FROM conversations_article a
    WHERE a.state = 'published' AND a.search @@ (
        SELECT string_agg('(' || query::text || ')', ' | ')::tsquery FROM picked)
    LIMIT %(read)s
), found AS (
    SELECT c.id, c.language, w.asked,
        max(w.weight * ts_rank('{0, 0.5, 0.5, 1}', c.search, w.query)) AS score
    FROM candidate c JOIN weighed w ON c.search @@ w.query GROUP BY c.id, c.language, w.asked
)
SELECT id FROM found GROUP BY id, language
HAVING sum(score) >= %(least)s
ORDER BY sum(score) * CASE WHEN language = %(language)s OR %(language)s = '' THEN 1
    ELSE %(other)s END DESC, id
LIMIT %(most)s
"""


def suggest(conversation: Conversation, *, most: int = MOST) -> list[Article]:
    """Published articles that may answer what was asked last, the best first."""
    best = ranked(asked_in(conversation), language=conversation.language, most=most)
    found = published().select_related("author").in_bulk(best)
    return [found[pk] for pk in best if pk in found]


def asked_in(conversation: Conversation) -> str:
    """The subject, and what the person wrote last, newest first."""
    said = conversation.messages.filter(
        direction=Direction.IN, kind=MessageKind.REPLY, automated=False
    ).order_by("-occurred_at", "-pk")
    return "\n".join([conversation.subject, *said.values_list("text", flat=True)[:3]])


def ranked(
    question: str,
    *,
    language: str = "",
    most: int = MOST,
    kindred: bool = True,
    seconds: float = SECONDS,
) -> list[uuid.UUID]:
    """Ids of the articles that answer it best. Longest words alone where all last too long;
    none where that lasts too long as well."""
    words = words_of(question)[:MOST_WORDS]
    until = time.monotonic() + seconds
    telling = sorted(words, key=len, reverse=True)[:_HALF]
    for some, share in ((words, 0.6), (telling, 1.0)):
        values = _forms(some, kindred=kindred) | {
            "language": language[:2],
            "most": most,
            "counted": COUNTED,
            "read": READ,
            "small": SMALL,
            "least": LEAST,
            "other": OTHER_LANGUAGE,
        }
        try:
            with bounded((until - time.monotonic()) * share), connection.cursor() as cursor:
                cursor.execute(_RANKED, values)
                return [row[0] for row in cursor.fetchall()]
        except TooSlow:
            continue
    return []


def _forms(words: Sequence[str], *, kindred: bool) -> dict[str, Any]:
    """Each asked word and those akin to it, numbered by the asked one."""
    forms = [(number, word, 1.0) for number, word in enumerate(words)]
    if kindred:
        said = set(words)
        forms += [
            (number, other, KINDRED)
            for number, word in enumerate(words)
            for other in kindred_of(word)
            if other not in said
        ]
    columns = zip(*forms, strict=True) if forms else ((), (), ())
    return dict(zip(("asked", "words", "factors"), map(list, columns), strict=True))
