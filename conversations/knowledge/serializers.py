"""How articles are written in the API."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from conversations.inbox.models import Conversation
from conversations.inbox.serializers import EmployeeWords
from conversations.knowledge import services
from conversations.knowledge.models import (
    Article,
    ArticleFlag,
    ArticleState,
    ArticleVersion,
    FlagOutcome,
    VersionOutcome,
    Visibility,
)
from conversations.knowledge.models.article import LONGEST_TITLE
from crm.access.tokens import person
from crm.journal.lines import LONGEST_ID
from crm.strict import Body, Id, Text, Whole

LANGUAGE = r"^[a-z]{2,3}\Z"


class ArticleWords(serializers.ModelSerializer[Article]):
    """conversation: the exchange it was learnt in, when you can see it. version: the newest one;
    waiting: the one that waits for a review. flags: open ones."""

    state = serializers.ChoiceField(choices=ArticleState.choices)
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    author = EmployeeWords()
    owner = EmployeeWords(source="carer")
    unit = serializers.SerializerMethodField()
    conversation = serializers.SerializerMethodField()
    uses = serializers.IntegerField(source="used", default=0)
    flags = serializers.IntegerField(source="flagged", default=0)
    version = serializers.IntegerField(source="number")
    waiting = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Article
        fields = [
            "id", "title", "text", "language", "tags", "visibility", "unit", "state", "version",
            "waiting", "comment", "author", "owner", "conversation", "uses", "flags", "created_at",
            "published_at", "review_on", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_unit(self, article: Article) -> str | None:
        return article.unit.source_id if article.unit else None

    def get_conversation(self, article: Article) -> uuid.UUID | None:
        seen: set[uuid.UUID] = self.context["seen"]
        return article.conversation_id if article.conversation_id in seen else None


class SuggestionWords(serializers.ModelSerializer[Article]):
    class Meta:
        model = Article
        fields = ["id", "title", "text", "language"]


class DuplicateWords(serializers.Serializer[Any]):
    """percent: how much of the shorter one of the two stands in the other."""

    id = serializers.UUIDField(source="article.pk")
    title = serializers.CharField(source="article.title")
    state = serializers.ChoiceField(choices=ArticleState.choices, source="article.state")
    percent = serializers.IntegerField()


class VersionWords(serializers.ModelSerializer[ArticleVersion]):
    """outcome: what became of it in its review."""

    id = serializers.UUIDField()
    by = EmployeeWords()
    decided_by = EmployeeWords(allow_null=True)
    outcome = serializers.ChoiceField(choices=VersionOutcome.choices)
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    submitted_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = ArticleVersion
        fields = [
            "id", "number", "by", "title", "text", "language", "tags", "visibility", "outcome",
            "comment", "submitted_at", "decided_by", "decided_at",
        ]  # fmt: skip
        read_only_fields = fields


class FlagWords(serializers.ModelSerializer[ArticleFlag]):
    """outcome: "" while it is open, `fixed` by a new version, `dismissed`."""

    id = serializers.UUIDField()
    by = EmployeeWords()
    outcome = serializers.CharField()
    flagged_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = ArticleFlag
        fields = ["id", "by", "text", "outcome", "flagged_at", "closed_at"]
        read_only_fields = fields


class _Content(Body):
    title = Text(max_length=LONGEST_TITLE, required=False)
    text = Text(max_length=services.LONGEST_TEXT, required=False)
    language = serializers.RegexField(LANGUAGE, required=False)
    tags = serializers.ListField(
        child=Text(max_length=services.LONGEST_TAG),
        required=False,
        max_length=services.MOST_TAGS,
    )
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)


class ChangedArticle(_Content):
    unit = Text(max_length=LONGEST_ID, required=False, allow_null=True)


class ProposedArticle(_Content):
    pass


class NewArticle(ChangedArticle):
    title = Text(max_length=LONGEST_TITLE)
    text = Text(max_length=services.LONGEST_TEXT)
    conversation = Id(required=False, allow_null=True, default=None)


class WrittenWords(Body):
    """What somebody is writing."""

    title = Text(max_length=LONGEST_TITLE, allow_blank=True, default="")
    text = Text(max_length=services.LONGEST_TEXT, allow_blank=True, default="")


class ReadVersion(Body):
    number = Whole(min_value=1)


class SentBackVersion(ReadVersion):
    comment = Text(max_length=services.LONGEST_COMMENT)


class NewFlag(Body):
    text = Text(max_length=services.LONGEST_COMMENT)
    conversation = Id(required=False, allow_null=True, default=None)


def with_words(articles: QuerySet[Article]) -> QuerySet[Article]:
    """With all that the words of an article need."""
    flagged = Count("flags", filter=Q(flags__outcome=FlagOutcome.OPEN), distinct=True)
    rows = articles.select_related("author", "owner", "unit").defer("search")
    return rows.annotate(used=Count("uses", distinct=True), flagged=flagged)


def words(articles: Sequence[Article], request: Request) -> Any:
    learnt_in = {each.conversation_id for each in articles if each.conversation_id}
    seen = Conversation.objects.visible_to(person(request)).filter(pk__in=learnt_in)
    context = {"seen": set(seen.values_list("pk", flat=True)) if learnt_in else set()}
    return ArticleWords(articles, many=True, context=context).data
