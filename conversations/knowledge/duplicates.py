"""Articles that say already what somebody is about to write."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from conversations.knowledge.likeness import runs_of
from conversations.knowledge.models import Article, ArticleState
from conversations.knowledge.search import alike, words_of
from crm.organisation.models import User

MOST = 5
LOOKED_AT = 20
READ = 4_000  # characters of what is being written
MOST_WORDS = 60
IN_TITLE = 0.6  # of the words of the shorter title
IN_TEXT = 0.3  # of the words of the shorter text
_STATES = (ArticleState.PUBLISHED, ArticleState.REVIEW, ArticleState.DRAFT)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """percent: how much of the shorter one of the two stands in the other."""

    article: Article
    percent: int


def duplicates(
    title: str, text: str, *, user: User, but: uuid.UUID | None = None, language: str = ""
) -> list[Duplicate]:
    """Articles this person can see that are much like it, the most alike first."""
    words = list(dict.fromkeys([*words_of(title), *words_of(text[:READ])]))[:MOST_WORDS]
    ids = alike(words, language=language, enough=2, most=LOOKED_AT, states=_STATES)
    seen = Article.objects.visible_to(user).exclude(pk__in=[but] if but else [])
    found = [
        Duplicate(article, round(100 * share))
        for article in seen.select_related("author").defer("search").filter(pk__in=ids)
        if (share := _share(title, text[:READ], article)) > 0
    ]
    return sorted(found, key=lambda each: (-each.percent, each.article.title))[:MOST]


def _share(title: str, text: str, article: Article) -> float:
    """How alike the two are, 0 where that is nothing to speak of."""
    said, there = set(words_of(text)), set(words_of(article.text[:READ]))
    in_title = _overlap(set(words_of(title)), set(words_of(article.title)))
    in_text = max(_overlap(said, there), _runs(text, article.text[:READ]))
    if in_title < IN_TITLE and in_text < IN_TEXT:
        return 0
    return min(1.0, max(in_text, (in_title + in_text) / 2))


def _overlap(some: set[str], others: set[str]) -> float:
    telling = {word for word in some if len(word) > 3}
    there = {word for word in others if len(word) > 3}
    least = min(len(telling), len(there))
    return len(telling & there) / least if least > 1 else 0.0


def _runs(some: str, other: str) -> float:
    own, others = runs_of(some), runs_of(other)
    least = min(len(own), len(others))
    return len(own & others) / least if least else 0.0
