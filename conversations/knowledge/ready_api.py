"""API v1: ready answers, and what of them fits a conversation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.inbox.api import InConversation
from conversations.inbox.serializers import EmployeeWords
from conversations.knowledge import ready
from conversations.knowledge.models import ReadyAnswer
from conversations.knowledge.serializers import LANGUAGE
from crm.access.idempotency import once
from crm.access.permissions import Answering
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.journal.lines import LONGEST_ID, having
from crm.organisation.models import Unit
from crm.strict import Body, Text, Truth


class ReadyAnswerWords(serializers.ModelSerializer[ReadyAnswer]):
    """text: with its gaps, `{{first_name}}`. shared: for everybody who answers."""

    id = serializers.UUIDField()
    owner = EmployeeWords()
    unit = serializers.SerializerMethodField()

    class Meta:
        model = ReadyAnswer
        fields = ["id", "name", "text", "language", "unit", "owner", "shared", "active"]
        read_only_fields = fields

    def get_unit(self, answer: ReadyAnswer) -> str | None:
        return answer.unit.source_id if answer.unit else None


class ChangedReadyAnswer(Body):
    name = Text(max_length=ready.LONGEST_NAME, required=False)
    text = Text(max_length=ready.LONGEST_TEXT, required=False)
    language = serializers.RegexField(LANGUAGE, required=False)
    unit = Text(max_length=LONGEST_ID, required=False, allow_null=True)
    shared = Truth(required=False)
    active = Truth(required=False)

    def said(self) -> dict[str, Any]:
        said = dict(self.validated_data)
        if said.get("unit"):
            said["unit"] = Unit.objects.filter(having([said["unit"]])).first()
            if said["unit"] is None:
                raise Invalid("there is no such unit", code="unknown_unit")
        return said


class NewReadyAnswer(ChangedReadyAnswer):
    name = Text(max_length=ready.LONGEST_NAME)
    text = Text(max_length=ready.LONGEST_TEXT)


class OfferedWords(serializers.Serializer[Any]):
    """text: filled as far as anybody knows. missing: gaps to fill before it is sent."""

    id = serializers.UUIDField(source="answer.pk")
    name = serializers.CharField(source="answer.name")
    language = serializers.CharField(source="answer.language")
    text = serializers.CharField(source="filled.text")
    missing = serializers.ListField(child=serializers.CharField(), source="filled.missing")


class OfferedPage(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = OfferedWords(many=True)


@extend_schema_view(get=extend_schema(operation_id="ready_answers_list"))
class ReadyAnswers(ListAPIView[ReadyAnswer]):
    """Ready answers that are shared, and your own."""

    permission_classes = [Answering]
    serializer_class = ReadyAnswerWords
    queryset = ReadyAnswer.objects.none()

    def get_queryset(self) -> QuerySet[ReadyAnswer]:
        seen = ReadyAnswer.objects.visible_to(person(self.request))
        return seen.select_related("owner", "unit")

    @extend_schema(
        operation_id="ready_answers_create",
        request=NewReadyAnswer,
        responses={201: ReadyAnswerWords},
    )
    def post(self, request: Request) -> Response:
        return once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        body = NewReadyAnswer(data=request.data)
        body.is_valid(raise_exception=True)
        made = ready.keep(ReadyAnswer(), by=actor_of(request), **body.said())
        return Response(ReadyAnswerWords(made).data, status=201)


class OneReadyAnswer(GenericAPIView[ReadyAnswer]):
    permission_classes = [Answering]
    serializer_class = ReadyAnswerWords
    queryset = ReadyAnswer.objects.none()

    def get_queryset(self) -> QuerySet[ReadyAnswer]:
        seen = ReadyAnswer.objects.visible_to(person(self.request))
        return seen.select_related("owner", "unit")

    @extend_schema(
        operation_id="ready_answers_update",
        request=ChangedReadyAnswer,
        responses=ReadyAnswerWords,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Your own; a shared one also by the staff. `active: false` puts it away."""
        answer = self.get_object()
        body = ChangedReadyAnswer(data=request.data)
        body.is_valid(raise_exception=True)
        kept = ready.keep(answer, by=actor_of(request), **body.said())
        return Response(ReadyAnswerWords(kept).data)


class Offered(InConversation):
    @extend_schema(operation_id="conversations_ready_answers", responses=OfferedPage)
    def get(self, request: Request, pk: UUID) -> Response:
        """What may be inserted here, gaps filled; one page, those of its language first."""
        found = ready.offered(self.conversation, person(request))
        results = OfferedWords(found, many=True).data
        return Response({"next": None, "previous": None, "results": results})


urlpatterns = [
    path("ready-answers/", ReadyAnswers.as_view()),
    path("ready-answers/<uuid:pk>/", OneReadyAnswer.as_view()),
    path("conversations/<uuid:pk>/ready-answers/", Offered.as_view()),
]
