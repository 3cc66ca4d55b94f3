"""What conversations ask, read from their rows: the facts that rules look at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ambassadors.routing.matching import Conditions, Question
from ambassadors.routing.models import Rule, Target, Topic
from conversations.inbox.models import Conversation, Direction, Message
from conversations.knowledge.suggesting import suggest
from crm import language
from crm.contacts.models import Identity
from crm.many import among
from crm.values import whole_words


def conditions(rule: Rule) -> Conditions:
    """Of a saved rule; prefetch `channels`, `articles` and `departments` for many."""
    return Conditions(
        id=rule.pk,
        name=rule.name,
        unit=rule.unit_id,
        channels=frozenset(each.pk for each in rule.channels.all()),
        articles=frozenset(each.pk for each in rule.articles.all()),
        departments=frozenset(each.pk for each in rule.departments.all()),
        **columns(rule),
    )


def columns(rule: Rule) -> dict[str, Any]:
    """What a rule's own row says, saved or not."""
    return {
        "languages": frozenset(rule.languages),
        "topics": frozenset(rule.topics),
        "keywords": frozenset(rule.keywords),
        "relationships": frozenset(rule.relationships),
        "organizations": frozenset(rule.organizations),
        "priorities": frozenset(rule.priorities),
        "to_staff": rule.target == Target.STAFF,
        "required": frozenset(rule.required_topics),
        "preferred": tuple(rule.preferred_topics),
        "relax": timedelta(minutes=rule.relax_minutes),
        "offer": timedelta(minutes=rule.offer_minutes),
        "most_offers": rule.most_offers,
        "patience": timedelta(minutes=rule.patience_minutes),
        "minutes": rule.minutes,
    }


def active_rules() -> list[Conditions]:
    rules = Rule.objects.filter(active=True).prefetch_related("channels", "articles", "departments")
    return [conditions(rule) for rule in rules]


def questions(
    conversations: Sequence[Conversation], rules: Sequence[Conditions]
) -> dict[uuid.UUID, Question]:
    """Topics, and a language that nobody found before, are found once, from the first words, and
    set on the rows (unsaved).

    Words, contacts and articles are looked at only when a rule or a topic asks for them; articles
    cost one query a conversation, the rest is a fixed number.
    """
    topics = [
        (each.name, [whole_words(word) for word in each.keywords]) for each in Topic.objects.all()
    ]
    by_words = any(keywords for _name, keywords in topics) or any(rule.keywords for rule in rules)
    texts = _first_words([each for each in conversations if by_words or not each.language])
    articles = any(rule.articles for rule in rules)
    asked_of = any(rule.relationships or rule.organizations for rule in rules)
    known = _relations(conversations) if asked_of else {}
    found = {}
    for each in conversations:
        text = language.first_words(each.subject, texts.get(each.pk, ""))
        words = whole_words(text) if by_words else ""
        each.language = each.language or language.detect(text)
        each.topics = each.topics or [
            name for name, keywords in topics if any(word in words for word in keywords)
        ]
        suggested = frozenset(article.pk for article in suggest(each)) if articles else frozenset()
        found[each.pk] = _question(each, words, suggested, known.get(each.identity_id, ("", "")))
    return found


def _question(
    each: Conversation, words: str, articles: frozenset[uuid.UUID], relation: tuple[str, str]
) -> Question:
    relationship, organization = relation
    return Question(
        id=each.pk,
        unit=each.unit_id,
        channel=each.channel_id,
        language=each.language,
        topics=frozenset(each.topics),
        words=words,
        articles=articles,
        relationship=relationship,
        organization=organization,
        priority=each.priority,
    )


def _relations(conversations: Sequence[Conversation]) -> dict[int | None, tuple[str, str]]:
    """What each person is to the company, and the organisation they are of, by identity."""
    ids = {each.identity_id for each in conversations if each.identity_id is not None}
    rows = Identity.objects.filter(pk__in=ids).values_list(
        "pk", "contact__relationship", "contact__organization"
    )
    return {pk: (relationship, organization) for pk, relationship, organization in rows}


def _first_words(conversations: Sequence[Conversation]) -> dict[uuid.UUID, str]:
    asked = among(each.pk for each in conversations)
    first = (
        Message.objects.filter(conversation__in=asked, direction=Direction.IN)
        .order_by("conversation_id", "occurred_at", "pk")
        .distinct("conversation_id")
    )
    return dict(first.values_list("conversation_id", "text"))
