"""API v1: articles, and which of them may answer a conversation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.urls import path
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.inbox.api import InConversation
from conversations.inbox.models import Conversation
from conversations.inbox.serializers import EmployeeWords, Nothing
from conversations.knowledge import services
from conversations.knowledge.models import Article, ArticleState
from conversations.knowledge.search import published, search, suggest
from crm.access.idempotency import once
from crm.access.permissions import ReadAllWriteAnswering
from crm.access.tokens import actor_of
from crm.errors import Invalid
from crm.strict import Body, Id, Text

MOST_TAGS = 20


class ArticleWords(serializers.ModelSerializer[Article]):
    """conversation: the exchange it was learnt in, when you can see it."""

    state = serializers.ChoiceField(choices=ArticleState.choices)
    author = EmployeeWords()
    conversation = serializers.SerializerMethodField()
    uses = serializers.IntegerField(source="used", default=0)
    created_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Article
        fields = [
            "id", "title", "text", "language", "tags", "state", "author", "conversation", "uses",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_conversation(self, article: Article) -> uuid.UUID | None:
        seen: set[uuid.UUID] = self.context["seen"]
        return article.conversation_id if article.conversation_id in seen else None


class SuggestionWords(serializers.ModelSerializer[Article]):
    class Meta:
        model = Article
        fields = ["id", "title", "text", "language"]


class NewArticle(Body):
    title = Text(max_length=services.LONGEST_TITLE)
    text = Text(max_length=services.LONGEST_TEXT)
    language = serializers.RegexField(r"^[a-z]{2,3}\Z", default="en")
    tags = serializers.ListField(
        child=Text(max_length=60), required=False, default=list, max_length=MOST_TAGS
    )
    conversation = Id(required=False, allow_null=True, default=None)


class ArticleFilters(FilterSet):
    """search: words, "phrases", or, -without; accents and case don't count."""

    search = CharFilter(method="words", max_length=500)
    language = CharFilter(field_name="language")

    class Meta:
        model = Article
        fields: list[str] = []

    def words(self, articles: QuerySet[Article], name: str, value: str) -> QuerySet[Article]:
        return articles.filter(pk__in=search(value).order_by().values("pk"))


def _with_words(articles: QuerySet[Article]) -> QuerySet[Article]:
    return articles.select_related("author").annotate(used=Count("uses"))


def words(articles: Sequence[Article], request: Request) -> Any:
    learnt_in = {each.conversation_id for each in articles if each.conversation_id}
    seen = Conversation.objects.visible_to(request.user).filter(pk__in=learnt_in)
    context = {"seen": set(seen.values_list("pk", flat=True)) if learnt_in else set()}
    return ArticleWords(articles, many=True, context=context).data


class _Articles(GenericAPIView[Article]):
    permission_classes = [ReadAllWriteAnswering]
    serializer_class = ArticleWords
    queryset = Article.objects.none()

    def get_queryset(self) -> QuerySet[Article]:
        return _with_words(published())


class Articles(_Articles, ListAPIView[Article]):
    """Published articles, the newest first."""

    filterset_class = ArticleFilters
    ordered_by = "-occurred_at"

    @extend_schema(operation_id="articles_list")
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(words(page or [], request))

    @extend_schema(
        operation_id="articles_create", request=NewArticle, responses={201: ArticleWords}
    )
    def post(self, request: Request) -> Response:
        """Publishes an article, learnt in a conversation or not."""
        return once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        body = NewArticle(data=request.data)
        body.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(body.validated_data)
        said["conversation"] = _seen(said["conversation"], request)
        written = services.write_article(said.pop("title"), by=actor_of(request), **said)
        article = self.get_queryset().get(pk=written.pk)
        return Response(words([article], request)[0], status=201)


def _seen(pk: UUID | None, request: Request) -> Conversation | None:
    if pk is None:
        return None
    found = Conversation.objects.visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise Invalid("there is no such conversation", code="unknown_conversation")
    return found


@extend_schema_view(get=extend_schema(operation_id="articles_retrieve"))
class OneArticle(_Articles, RetrieveAPIView[Article]):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(words([self.get_object()], request)[0])


class Review(_Articles):
    @extend_schema(operation_id="articles_review", request=Nothing, responses=ArticleWords)
    def post(self, request: Request, pk: UUID) -> Response:
        """Says that the article is still right."""
        article = self.get_object()
        return once(request, lambda: self._review(request, article))

    def _review(self, request: Request, article: Article) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        services.review(article, by=actor_of(request))
        return Response(words([article], request)[0])


class SuggestionPage(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = SuggestionWords(many=True)


class Suggestions(InConversation):
    @extend_schema(operation_id="conversations_suggestions", responses=SuggestionPage)
    def get(self, request: Request, pk: UUID) -> Response:
        """Articles that may answer what was asked last, the best first; one short page."""
        found = SuggestionWords(suggest(self.conversation), many=True).data
        return Response({"next": None, "previous": None, "results": found})


urlpatterns = [
    path("articles/", Articles.as_view()),
    path("articles/<uuid:pk>/", OneArticle.as_view()),
    path("articles/<uuid:pk>/review/", Review.as_view()),
    path("conversations/<uuid:pk>/suggestions/", Suggestions.as_view()),
]
