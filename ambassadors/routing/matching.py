"""Which rule a question meets, and whom that rule asks for: pure decisions over plain facts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ambassadors.routing.scoring import Need
from crm.values import sort_key, whole_words


@dataclass(frozen=True, slots=True)
class Question:
    """What a rule may look at. words: subject and first message, folded, a space around each."""

    id: uuid.UUID
    unit: uuid.UUID
    channel: uuid.UUID
    language: str = ""
    topics: frozenset[str] = frozenset()
    words: str = " "
    articles: frozenset[uuid.UUID] = frozenset()
    relationship: str = ""
    organization: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """A rule without its row, saved or not: conditions, and whom it asks for.

    An empty condition holds for all. `id` is None while the rule was never saved.
    """

    id: int | None
    name: str
    unit: uuid.UUID | None = None
    channels: frozenset[uuid.UUID] = frozenset()
    languages: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    articles: frozenset[uuid.UUID] = frozenset()
    relationships: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    to_staff: bool = False
    required: frozenset[str] = frozenset()
    preferred: tuple[str, ...] = ()
    departments: frozenset[uuid.UUID] = frozenset()
    relax: timedelta = timedelta(minutes=60)
    offer: timedelta = timedelta(minutes=60)
    most_offers: int = 5
    patience: timedelta = timedelta(minutes=480)
    minutes: int = 10


@dataclass(frozen=True, slots=True)
class Wishes:
    """need: what is asked of people now. dropped: topics given up so far, first given up first."""

    need: Need
    dropped: Sequence[str] = ()


def first_fitting(rules: Iterable[Conditions], question: Question) -> Conditions | None:
    return next((rule for rule in rules if not unmet(rule, question)), None)


def unmet(rule: Conditions, question: Question) -> str:
    """The first condition that the question does not meet, as a word; "" when it meets all."""
    checks = (
        (rule.unit is None or rule.unit == question.unit, "unit"),
        (not rule.channels or question.channel in rule.channels, "channel"),
        (not rule.languages or question.language in rule.languages, "language"),
        (not rule.topics or bool(rule.topics & question.topics), "topic"),
        (not rule.keywords or _said(rule.keywords, question.words), "keyword"),
        (not rule.articles or bool(rule.articles & question.articles), "article"),
        (not rule.relationships or question.relationship in rule.relationships, "relationship"),
        (not rule.organizations or _from(rule.organizations, question), "organisation"),
        (not rule.priorities or question.priority in rule.priorities, "priority"),
    )
    return next((word for met, word in checks if not met), "")


def _said(keywords: Iterable[str], words: str) -> bool:
    return any(whole_words(keyword) in words for keyword in keywords)


def _from(organizations: Iterable[str], question: Question) -> bool:
    return sort_key(question.organization) in {sort_key(name) for name in organizations}


def wishes(rule: Conditions, question: Question, *, waited: timedelta) -> Wishes:
    """After each `relax` of waiting one wish less: preferred topics from the last to the first,
    then the topics found in the question. What is required stays."""
    steps = max(0, waited // rule.relax)
    kept = max(0, len(rule.preferred) - steps)
    need = Need(
        topics=question.topics,
        language=question.language,
        seed=str(question.id),
        required=rule.required | frozenset(rule.preferred[:kept]),
        minutes=rule.minutes,
    )
    dropped = list(reversed(rule.preferred[kept:]))
    if question.topics and steps > len(rule.preferred):
        need = replace(need, strict=False)
        dropped += sorted(question.topics)
    return Wishes(need, dropped)


def last_wishes(rule: Conditions, question: Question) -> Need:
    """What is still asked for when every wish was given up."""
    return wishes(rule, question, waited=rule.relax * (len(rule.preferred) + 1)).need
