"""API v1: articles, their life, and which of them may answer a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.inbox.api import SEARCH_COMPLETE, InConversation
from conversations.inbox.models import Conversation
from conversations.inbox.rights import must_answer
from conversations.inbox.serializers import Nothing
from conversations.knowledge import examples, flags, services
from conversations.knowledge.duplicates import duplicates
from conversations.knowledge.models import (
    Article,
    ArticleFlag,
    ArticleState,
    ArticleVersion,
    Visibility,
)
from conversations.knowledge.search import find
from conversations.knowledge.serializers import (
    ArticleWords,
    ChangedArticle,
    DuplicateWords,
    FlagWords,
    NewArticle,
    NewFlag,
    ProposedArticle,
    ReadVersion,
    SentBackVersion,
    SuggestionWords,
    VersionWords,
    WrittenWords,
    with_words,
    words,
)
from conversations.knowledge.suggesting import suggest
from crm.access.filters import unit_filter
from crm.access.idempotency import once
from crm.access.permissions import Answering, ReadAllWriteAnswering
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.journal.lines import having
from crm.organisation.models import Unit
from crm.strict import Body


class ArticleFilters(FilterSet):
    """search: all the words, their beginnings and stems, "phrases", -without; the 200 best.
    Without `state`, what is published."""

    search = CharFilter(method="words", max_length=500)
    state = ChoiceFilter(choices=ArticleState.choices, method="in_state")
    language = CharFilter(field_name="language", max_length=8)
    visibility = ChoiceFilter(choices=Visibility.choices)
    unit = unit_filter()
    tag = CharFilter(method="tagged", max_length=60)

    class Meta:
        model = Article
        fields: list[str] = []

    @property
    def qs(self) -> QuerySet[Article]:
        rows: QuerySet[Article] = super().qs
        said = self.data.get("state") if self.data else None
        return rows if said else rows.filter(state=ArticleState.PUBLISHED)

    def in_state(self, rows: QuerySet[Article], name: str, value: str) -> QuerySet[Article]:
        return rows.filter(state=value)

    def tagged(self, rows: QuerySet[Article], name: str, value: str) -> QuerySet[Article]:
        return rows.filter(tags__contains=[value])

    def words(self, rows: QuerySet[Article], name: str, value: str) -> QuerySet[Article]:
        state = self.data.get("state") or ArticleState.PUBLISHED
        seen = Article.objects.visible_to(person(self.request)).filter(state=state)
        found = find(value, seen)
        self.request.finds_are_all = found.is_all
        return rows.filter(pk__in=found.ids)


class _Articles(GenericAPIView[Article]):
    permission_classes = [ReadAllWriteAnswering]
    serializer_class = ArticleWords
    queryset = Article.objects.none()
    ordered_by = "-occurred_at"

    def get_queryset(self) -> QuerySet[Article]:
        return with_words(Article.objects.visible_to(person(self.request)))

    def shown(self, pk: UUID, status: int = 200) -> Response:
        article = with_words(Article.objects.filter(pk=pk)).get()
        return Response(words([article], self.request)[0], status=status)


def _seen(pk: UUID | None, request: Request) -> Conversation | None:
    """The conversation that a body names, where this person can see it."""
    if pk is None:
        return None
    found = Conversation.objects.visible_to(person(request)).filter(pk=pk).first()
    if found is None:
        raise Invalid("there is no such conversation", code="unknown_conversation")
    return found


class Articles(_Articles, ListAPIView[Article]):
    """Articles you can see, the newest first; published ones where no state is asked for."""

    filterset_class = ArticleFilters

    @extend_schema(operation_id="articles_list", parameters=[SEARCH_COMPLETE])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        response = self.get_paginated_response(words(page or [], request))
        are_all = getattr(request, "finds_are_all", None)
        if are_all is not None:
            response["Search-Complete"] = "true" if are_all else "false"
        return response

    @extend_schema(
        operation_id="articles_create", request=NewArticle, responses={201: ArticleWords}
    )
    def post(self, request: Request) -> Response:
        """A draft, learnt in a conversation or not; `submit` hands it in for a review."""
        return once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        said = _said(NewArticle, request)
        said["conversation"] = _seen(said["conversation"], request)
        written = services.write_article(said.pop("title"), by=actor_of(request), **said)
        return self.shown(written.pk, status=201)


def _said(form: type[Body], request: Request) -> dict[str, Any]:
    body = form(data=request.data or {})
    body.is_valid(raise_exception=True)
    said: dict[str, Any] = dict(body.validated_data)
    if said.get("unit"):
        said["unit"] = Unit.objects.filter(having([said["unit"]])).first()
        if said["unit"] is None:
            raise Invalid("there is no such unit", code="unknown_unit")
    return said


@extend_schema_view(get=extend_schema(operation_id="articles_retrieve"))
class OneArticle(_Articles, RetrieveAPIView[Article]):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(words([self.get_object()], request)[0])

    @extend_schema(
        operation_id="articles_update",
        request=ChangedArticle,
        responses=ArticleWords,
        examples=[examples.CHANGE],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Other words of a draft, by who writes it."""
        article = self.get_object()
        services.edit(article, by=actor_of(request), **_said(ChangedArticle, request))
        return self.shown(article.pk)


@extend_schema_view(get=extend_schema(operation_id="articles_versions"))
class Versions(ListAPIView[ArticleVersion]):
    """What was handed in for review, word for word."""

    serializer_class = VersionWords
    queryset = ArticleVersion.objects.none()

    def get_queryset(self) -> QuerySet[ArticleVersion]:
        seen = Article.objects.visible_to(person(self.request))
        article = get_object_or_404(seen, pk=self.kwargs["pk"])
        return article.versions.select_related("by", "decided_by")


class Flags(ListAPIView[ArticleFlag]):
    """What colleagues found wrong in the article."""

    permission_classes = [ReadAllWriteAnswering]
    serializer_class = FlagWords
    queryset = ArticleFlag.objects.none()

    def article(self) -> Article:
        seen = Article.objects.visible_to(person(self.request))
        return get_object_or_404(seen, pk=self.kwargs["pk"])

    def get_queryset(self) -> QuerySet[ArticleFlag]:
        return ArticleFlag.objects.filter(article=self.article()).select_related("by")

    @extend_schema(operation_id="articles_flags")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="articles_flag",
        request=NewFlag,
        responses={201: FlagWords},
        examples=[examples.FLAG],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Says what is wrong in it; its owner is told."""
        article = self.article()
        return once(request, lambda: self._flag(request, article))

    def _flag(self, request: Request, article: Article) -> Response:
        said = _said(NewFlag, request)
        said["conversation"] = _seen(said["conversation"], request)
        made = flags.flag(article, by=actor_of(request), **said)
        return Response(FlagWords(made).data, status=201)


class DismissedFlag(_Articles):
    @extend_schema(operation_id="articles_flag_dismiss", request=Nothing, responses=FlagWords)
    def post(self, request: Request, pk: UUID, flag: UUID) -> Response:
        """The article is right as it is: for its owner and the staff."""
        found = get_object_or_404(ArticleFlag, pk=flag, article=self.get_object())
        return once(request, lambda: self._dismiss(request, found))

    def _dismiss(self, request: Request, flag: ArticleFlag) -> Response:
        _said(Nothing, request)
        return Response(FlagWords(flags.dismiss(flag, by=actor_of(request))).data)


Verb = Callable[..., object]


class _Act(_Articles):
    """One verb. form: what its body says."""

    verb: Verb
    form: type[Body] = Nothing

    def act(self, request: Request) -> Response:
        article = self.get_object()
        return once(request, lambda: self._act(request, article))

    def _act(self, request: Request, article: Article) -> Response:
        type(self).verb(article, by=actor_of(request), **_said(self.form, request))
        return self.shown(article.pk)


def _act(
    name: str,
    verb: Verb,
    says: str,
    *,
    form: type[Body] = Nothing,
    example: OpenApiExample | None = None,
) -> Any:
    """A view of its own for one verb, so that each address has its own document."""

    def post(self: _Act, request: Request, pk: UUID) -> Response:
        return self.act(request)

    post.__doc__ = says
    documented = extend_schema(
        operation_id=f"articles_{name}",
        request=form,
        responses=ArticleWords,
        examples=[example] if example else None,
    )(post)
    body = {"verb": staticmethod(verb), "form": form, "post": documented}
    return type(f"Article_{name}", (_Act,), body).as_view()  # type: ignore[attr-defined]


ACTS: dict[str, Any] = {
    "submit": _act("submit", services.submit, "Hands the draft in: somebody else reviews it."),
    "propose": _act(
        "propose",
        services.propose,
        "A new version of what is out; the old one stays out until somebody else approves.",
        form=ProposedArticle,
        example=examples.PROPOSE,
    ),
    "approve": _act(
        "approve",
        services.approve,
        "Publishes the version that waits, for another person than who wrote it; 409 "
        "`changed_since` for another `number`. What everybody can read takes staff.",
        form=ReadVersion,
        example=examples.APPROVE,
    ),
    "send-back": _act(
        "send_back",
        services.send_back,
        "Not like this, with what is missing.",
        form=SentBackVersion,
        example=examples.SEND_BACK,
    ),
    "review": _act(
        "review", services.review, "Says that what is out is still right; not for who wrote it."
    ),
    "retire": _act("retire", services.retire, "No longer found or suggested."),
    "restore": _act("restore", services.restore, "A retired one is handed in again."),
}


class SuggestionPage(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = SuggestionWords(many=True)


class DuplicatePage(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = DuplicateWords(many=True)


class Similar(_Articles):
    permission_classes = [Answering]

    @extend_schema(
        operation_id="articles_similar",
        request=WrittenWords,
        responses=DuplicatePage,
        examples=[examples.WRITTEN],
    )
    def post(self, request: Request) -> Response:
        """Articles that say already what you are writing; one short page."""
        said = _said(WrittenWords, request)
        found = duplicates(said["title"], said["text"], user=person(request))
        results = DuplicateWords(found, many=True).data
        return Response({"next": None, "previous": None, "results": results})


class Suggestions(InConversation):
    @extend_schema(operation_id="conversations_suggestions", responses=SuggestionPage)
    def get(self, request: Request, pk: UUID) -> Response:
        """Articles that may answer what was asked last, the best first; one short page."""
        found = SuggestionWords(suggest(self.conversation), many=True).data
        return Response({"next": None, "previous": None, "results": found})


class FromConversation(InConversation):
    @extend_schema(
        operation_id="conversations_article", request=Nothing, responses={201: ArticleWords}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft of what was answered here, without what says who asked. Read it before you
        hand it in: patterns miss things."""
        must_answer(self.conversation, person(request))
        return once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        _said(Nothing, request)
        written = services.write_from(self.conversation, by=actor_of(request))
        article = with_words(Article.objects.filter(pk=written.pk)).get()
        return Response(words([article], request)[0], status=201)


urlpatterns = [
    path("articles/", Articles.as_view()),
    path("articles/similar/", Similar.as_view()),
    path("articles/<uuid:pk>/", OneArticle.as_view()),
    path("articles/<uuid:pk>/versions/", Versions.as_view()),
    path("articles/<uuid:pk>/flags/", Flags.as_view()),
    path("articles/<uuid:pk>/flags/<uuid:flag>/dismiss/", DismissedFlag.as_view()),
    *(path(f"articles/<uuid:pk>/{name}/", view) for name, view in ACTS.items()),
    path("conversations/<uuid:pk>/suggestions/", Suggestions.as_view()),
    path("conversations/<uuid:pk>/article/", FromConversation.as_view()),
]
