"""Whose articles are used by whom: credited to authors' departments, shown by groups of five.

One's own article is nobody's reuse, as S4-CAP-1 counts it (docs/criteria.md); an article sent
twice in one conversation was used there once.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F
from django.utils import timezone

from conversations.knowledge.models import Article, ArticleUse
from crm.access.models import Role
from crm.access.services import has_role, staffed_units
from crm.organisation.groups import Group, grouped
from crm.organisation.models import User

SPANS = (30, 90, 365)  # days
MOST_ARTICLES = 20


@dataclass(frozen=True, slots=True)
class Credit:
    """articles: of this group, used by others. within: uses by its own people; beyond: by other
    groups. taken: uses of other people's articles by this group."""

    group: Group
    articles: int
    within: int
    beyond: int
    taken: int


@dataclass(frozen=True, slots=True)
class Reused:
    article: Article
    by: Group
    uses: int
    groups: int


@dataclass(frozen=True, slots=True)
class Reuse:
    """uses: an article in a conversation, answered by somebody else than who wrote it."""

    days: int
    uses: int
    credits: list[Credit]
    best: list[Reused]


def reads_reuse(user: User) -> bool:
    return has_role(user, Role.STAFF, Role.EXECUTIVE)


def reuse_of(reader: User, *, days: int = SPANS[1]) -> Reuse:
    """In conversations of the units that `reader` works for. The same number of queries whatever
    the size of the company."""
    groups, group_of = grouped()
    known = {group.key: group for group in groups}
    pairs = [
        (article, group_of(author), group_of(user), uses)
        for article, author, user, uses in _uses(reader, days)
    ]
    return Reuse(
        days=days,
        uses=sum(uses for *_, uses in pairs),
        credits=[credit for group in groups if (credit := _credit(group, pairs))],
        best=_best(pairs, known, reader),
    )


Pair = tuple[uuid.UUID, str, str, int]


def _uses(reader: User, days: int) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID, int]]:
    """(article, author, who used it, conversations)."""
    units = None if has_role(reader, Role.EXECUTIVE) else staffed_units(reader)
    rows = ArticleUse.objects.filter(
        occurred_at__gte=timezone.now() - timedelta(days=days),
        article__author__isnull=False,
        message__author_employee__isnull=False,
    ).exclude(article__author=F("message__author_employee"))
    if units is not None:
        rows = rows.filter(message__conversation__unit__in=units)
    by_pair = rows.values_list("article", "article__author", "message__author_employee")
    return list(by_pair.annotate(uses=Count("message__conversation", distinct=True)))


def _credit(group: Group, pairs: Sequence[Pair]) -> Credit | None:
    mine = [pair for pair in pairs if pair[1] == group.key]
    within = sum(uses for _, _, user, uses in mine if user == group.key)
    written = sum(uses for *_, uses in mine)
    taken = sum(uses for _, _, user, uses in pairs if user == group.key)
    if not written and not taken:
        return None
    return Credit(group, len({article for article, *_ in mine}), within, written - within, taken)


def _best(pairs: Sequence[Pair], known: dict[str, Group], reader: User) -> list[Reused]:
    """The articles used most, of those that the reader may open."""
    uses: Counter[uuid.UUID] = Counter()
    by: dict[uuid.UUID, str] = {}
    users: dict[uuid.UUID, set[str]] = {}
    for article, author, user, count in pairs:
        uses[article] += count
        by[article] = author
        users.setdefault(article, set()).add(user)
    seen = Article.objects.visible_to(reader).filter(pk__in=uses).defer("search")
    rows: dict[uuid.UUID, Any] = seen.in_bulk()
    best = sorted(rows, key=lambda pk: (-uses[pk], rows[pk].title))[:MOST_ARTICLES]
    return [Reused(rows[pk], known[by[pk]], uses[pk], len(users[pk])) for pk in best]
