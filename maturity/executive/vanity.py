"""Numbers that people ask for and that no gate looks at: shown apart, with that sentence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

from conversations.editorial import measures as editorial
from conversations.knowledge import measures as knowledge

DAYS = 91
KEPT = 600  # seconds
MOST_METRICS = 6


@dataclass(frozen=True)
class Vanity:
    """published and reactions: of the last 91 days; articles: all there were."""

    published: int
    articles: int
    reactions: Sequence[tuple[str, float]]


def vanity(as_of: date) -> Vanity:
    key = f"vanity:{as_of.isoformat()}"
    with suppress(RedisError):
        found = cache.get(key)
        if isinstance(found, Vanity):
            return found
    made = counted(as_of)
    with suppress(RedisError):
        cache.set(key, made, KEPT)
    return made


def counted(as_of: date) -> Vanity:
    end = datetime.combine(as_of, time(), UTC)
    start = end - timedelta(days=DAYS)
    return Vanity(
        published=editorial.published(start, end),
        articles=knowledge.written(end),
        reactions=editorial.reactions(start, end)[:MOST_METRICS],
    )
