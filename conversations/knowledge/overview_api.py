"""API v1: what is asked without an article, and whose articles help whom."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.knowledge import examples
from conversations.knowledge.debt import debt_of
from conversations.knowledge.reuse import SPANS, reuse_of
from crm.access.permissions import Answering, StaffOrExecutive
from crm.access.tokens import person
from crm.errors import Invalid

_DAYS = OpenApiParameter("days", {"type": "integer", "enum": list(SPANS), "default": SPANS[1]})


class NamedArticle(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    title = serializers.CharField()


class MissingWords(serializers.Serializer[Any]):
    """asked: conversations that ask it. without: those answered without an article. conversation
    and question: of the one that is most like the others. nearest: what comes closest so far."""

    asked = serializers.IntegerField()
    without = serializers.IntegerField()
    people = serializers.IntegerField()
    last_at = serializers.DateTimeField()
    question = serializers.CharField(source="typical.text")
    conversation = serializers.UUIDField(source="typical.conversation")
    conversations = serializers.ListField(child=serializers.UUIDField(), source="ids")
    nearest = NamedArticle(allow_null=True)


class DebtWords(serializers.Serializer[Any]):
    """read: how many questions were compared. is_all: no question of these days is missing."""

    days = serializers.IntegerField()
    read = serializers.IntegerField()
    is_all = serializers.BooleanField()
    missing = MissingWords(many=True, source="gaps")


class CreditWords(serializers.Serializer[Any]):
    """key: a department's id, or `social`, `small` (smaller departments together), `everybody`
    (too few to be told apart). articles: of theirs, used by others. taken: of others, by them."""

    key = serializers.CharField(source="group.key")
    name = serializers.CharField(source="group.name")
    people = serializers.IntegerField(source="group.people")
    articles = serializers.IntegerField()
    within = serializers.IntegerField()
    beyond = serializers.IntegerField()
    taken = serializers.IntegerField()


class ReusedWords(serializers.Serializer[Any]):
    article = NamedArticle()
    by = serializers.CharField(source="by.name")
    uses = serializers.IntegerField()
    groups = serializers.IntegerField()


class ReuseWords(serializers.Serializer[Any]):
    """uses: an article in a conversation, answered by somebody else than who wrote it."""

    days = serializers.IntegerField()
    uses = serializers.IntegerField()
    departments = CreditWords(many=True, source="credits")
    articles = ReusedWords(many=True, source="best")


class MissingArticles(APIView):
    permission_classes = [Answering]

    @extend_schema(
        operation_id="articles_missing", responses=DebtWords, examples=[examples.MISSING]
    )
    def get(self, request: Request) -> Response:
        """What is asked again and again in the conversations you can see while no article
        answers it, the most asked first."""
        return Response(DebtWords(debt_of(person(request))).data)


class ReuseByDepartment(APIView):
    permission_classes = [StaffOrExecutive]

    @extend_schema(
        operation_id="articles_reuse",
        parameters=[_DAYS],
        responses=ReuseWords,
        examples=[examples.REUSE],
    )
    def get(self, request: Request) -> Response:
        """Whose articles were used by whom: departments, never persons."""
        said = request.query_params.get("days", str(SPANS[1]))
        if said not in map(str, SPANS):
            allowed = ", ".join(map(str, SPANS))
            raise Invalid(f"days is one of {allowed}", code="invalid")
        return Response(ReuseWords(reuse_of(person(request), days=int(said))).data)


urlpatterns = [
    path("articles/missing/", MissingArticles.as_view()),
    path("articles/reuse/", ReuseByDepartment.as_view()),
]
