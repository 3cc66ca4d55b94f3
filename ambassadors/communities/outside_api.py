"""API v1: what goes between a conversation and the inside: round trips and ideas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import (
    GenericAPIView,
    ListAPIView,
    RetrieveAPIView,
    get_object_or_404,
)
from rest_framework.request import Request
from rest_framework.response import Response

from ambassadors.communities import examples, insights, round_trips, services
from ambassadors.communities.api import named_conversation, said
from ambassadors.communities.filters import InsightFilters
from ambassadors.communities.models import Community, Insight, InsightOutcome, Post, RoundTrip
from ambassadors.communities.reading import trips
from ambassadors.communities.serializers import MentionWords
from conversations.inbox.api import InConversation
from conversations.inbox.models import Conversation
from conversations.inbox.rights import must_note
from conversations.inbox.serializers import EmployeeWords, Nothing
from conversations.inbox.services import LONGEST_TEXT
from crm.access.idempotency import once
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.organisation.people import employee_named
from crm.strict import Body, Id, Text


def seen_of(rows: Sequence[Any], request: Request) -> dict[str, set[UUID]]:
    """Which of the rows' conversations the reader may open."""
    named = {row.conversation_id for row in rows}
    seen = Conversation.objects.visible_to(request.user).filter(pk__in=named)
    return {"seen": set(seen.values_list("pk", flat=True)) if named else set()}


class _Mentioning(serializers.ModelSerializer[Any]):
    conversation = serializers.SerializerMethodField()

    @extend_schema_field(MentionWords)
    def get_conversation(self, row: Any) -> dict[str, Any]:
        visible = row.conversation_id in self.context["seen"]
        return {"id": row.conversation_id if visible else None, "visible": visible}


class TripWords(_Mentioning):
    """thread, community, asked_by, answered_by (whose post was returned): null when you may not see
    the community. reply: the message it became, for who sees the conversation. answered_at:
    when the provider took that message."""

    thread = serializers.UUIDField(source="post_id", allow_null=True)
    community = serializers.UUIDField(source="post.community_id", allow_null=True)
    asked_by = EmployeeWords(source="post.author_employee", allow_null=True)
    asked_at = serializers.DateTimeField(source="occurred_at")
    answered_by = EmployeeWords(
        source="answer.author_employee", allow_null=True, default=None, read_only=True
    )
    reply = serializers.UUIDField(source="reply_id", allow_null=True)

    class Meta:
        model = RoundTrip
        fields = [
            "id", "conversation", "thread", "community", "asked_by", "asked_at", "answered_by",
            "reply", "answered_at", "partner",
        ]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: RoundTrip) -> dict[str, Any]:
        words = super().to_representation(instance)
        if instance.conversation_id not in self.context["seen"]:
            words["reply"] = None
        if instance.post.community_id not in self.context["communities"]:
            hidden = ("thread", "community", "asked_by", "answered_by")
            words |= dict.fromkeys(hidden)
        return words


def trip_words(found: Sequence[RoundTrip], request: Request) -> Any:
    communities = Community.objects.visible_to(request.user).values_list("pk", flat=True)
    context = {**seen_of(found, request), "communities": set(communities)}
    return TripWords(found, many=True, context=context).data


class QuestionWords(serializers.Serializer[Any]):
    """A draft: what the customer wrote last, personal data left out as far as patterns find it."""

    title = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)


class AskedInside(Body):
    community = Id()
    title = Text(max_length=services.LONGEST_TITLE)
    text = Text(max_length=services.LONGEST_TEXT)


class Returned(Body):
    """answer: the colleague's post. text: what the customer reads."""

    answer = Id()
    text = Text(trim_whitespace=False, max_length=LONGEST_TEXT)


class Question(InConversation):
    @extend_schema(
        operation_id="conversations_question",
        responses=QuestionWords,
        examples=[examples.QUESTION],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What you could ask inside. Read it before you post it: patterns miss things."""
        conversation = self.conversation
        title, text = round_trips.title_of(conversation), round_trips.question_of(conversation)
        return Response({"title": title, "text": text})


class TripsOfConversation(InConversation, ListAPIView[RoundTrip]):
    serializer_class = TripWords
    queryset = RoundTrip.objects.none()
    ordered_by = "occurred_at"

    def get_queryset(self) -> QuerySet[RoundTrip]:
        return trips().filter(conversation=self.conversation)

    @extend_schema(operation_id="round_trips_list", examples=[examples.TRIP])
    def get(self, request: Request, pk: UUID) -> Response:
        """What was asked inside for this conversation, oldest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(trip_words(page or [], request))

    @extend_schema(
        operation_id="round_trips_create",
        request=AskedInside,
        responses={201: TripWords},
        examples=[examples.ASKED_INSIDE, examples.TRIP],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks a community; its members are told, and do not thereby see the conversation."""
        conversation = self.conversation
        return once(request, lambda: self._ask(request, conversation))

    def _ask(self, request: Request, conversation: Conversation) -> Response:
        asked = said(AskedInside, request)
        must_note(conversation, person(request))
        seen = Community.objects.visible_to(request.user)
        community = seen.filter(pk=asked.pop("community")).first()
        if community is None:
            raise Invalid(_("there is no such community"), code="unknown_community")
        trip = round_trips.ask_inside(
            conversation, community=community, by=actor_of(request), **asked
        )
        return Response(trip_words([trips().get(pk=trip.pk)], request)[0], status=201)


class Return(GenericAPIView[RoundTrip]):
    queryset = RoundTrip.objects.none()

    @extend_schema(
        operation_id="round_trips_return",
        request=Returned,
        responses=TripWords,
        examples=[examples.RETURNED, examples.TRIP],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Answers the customer with what a colleague said; every gate of a reply applies."""
        seen = trips().filter(
            conversation__in=Conversation.objects.visible_to(request.user),
            post__in=Post.objects.visible_to(request.user),
        )
        trip: RoundTrip = get_object_or_404(seen, pk=pk)
        return once(request, lambda: self._return(request, trip))

    def _return(self, request: Request, trip: RoundTrip) -> Response:
        asked = said(Returned, request)
        round_trips.return_answer(
            trip, answer_id=asked["answer"], text=asked["text"], by=actor_of(request)
        )
        return Response(trip_words([trips().get(pk=trip.pk)], request)[0])


class InsightWords(_Mentioning):
    """overdue: undecided for more than thirty days."""

    author = EmployeeWords()
    owner = EmployeeWords(allow_null=True)
    outcome = serializers.ChoiceField(choices=InsightOutcome.choices, allow_blank=True)
    overdue = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Insight
        fields = [
            "id", "conversation", "text", "author", "owner", "outcome", "why", "overdue",
            "created_at", "decided_at", "told_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_overdue(self, insight: Insight) -> bool:
        return insights.is_overdue(insight)


class NewInsight(Body):
    """owner: who decides; an employee's id, may be named later."""

    conversation = Id()
    text = Text(max_length=insights.LONGEST_TEXT)
    owner = Id(required=False, allow_null=True, default=None)


class Given(Body):
    owner = Id()


class Decided(Body):
    outcome = serializers.ChoiceField(choices=InsightOutcome.choices)
    why = Text(max_length=insights.LONGEST_WHY)


class _Insights(GenericAPIView[Insight]):
    serializer_class = InsightWords
    queryset = Insight.objects.none()

    def get_queryset(self) -> QuerySet[Insight]:
        return Insight.objects.visible_to(self.request.user).select_related(
            "author", "owner", "conversation"
        )

    def words(self, found: Sequence[Insight]) -> Any:
        return InsightWords(found, many=True, context=seen_of(found, self.request)).data

    def answer(self, insight: Insight, status: int = 200) -> Response:
        """Who gave it away without seeing its conversation still gets an answer."""
        rows = Insight.objects.select_related("author", "owner", "conversation")
        return Response(self.words([rows.get(pk=insight.pk)])[0], status=status)


class Insights(_Insights, ListAPIView[Insight]):
    """Ideas you wrote, own, or whose conversation you may see; the newest first."""

    filterset_class = InsightFilters
    ordered_by = "-occurred_at"

    @extend_schema(operation_id="insights_list", examples=[examples.INSIGHT])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.words(page or []))

    @extend_schema(
        operation_id="insights_create",
        request=NewInsight,
        responses={201: InsightWords},
        examples=[examples.NEW_INSIGHT, examples.INSIGHT],
    )
    def post(self, request: Request) -> Response:
        """Notes an idea that a conversation gave you."""
        return once(request, lambda: self._note(request))

    def _note(self, request: Request) -> Response:
        asked = said(NewInsight, request)
        conversation = named_conversation(asked["conversation"], request)
        owner = employee_named(asked["owner"]) if asked["owner"] else None
        noted = insights.note_insight(
            conversation, text=asked["text"], owner=owner, by=actor_of(request)
        )
        return self.answer(noted, 201)


@extend_schema_view(
    get=extend_schema(operation_id="insights_retrieve", examples=[examples.INSIGHT])
)
class OneInsight(_Insights, RetrieveAPIView[Insight]):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.get_object())


class Give(_Insights):
    @extend_schema(
        operation_id="insights_give",
        request=Given,
        responses=InsightWords,
        examples=[examples.GIVEN, examples.INSIGHT],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Names who decides, and tells them by mail."""
        insight = self.get_object()
        return once(request, lambda: self._give(request, insight))

    def _give(self, request: Request, insight: Insight) -> Response:
        owner = employee_named(said(Given, request)["owner"])
        return self.answer(insights.give(insight, owner=owner, by=actor_of(request)))


class Decide(_Insights):
    @extend_schema(
        operation_id="insights_decide",
        request=Decided,
        responses=InsightWords,
        examples=[examples.DECIDED, examples.INSIGHT],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """For its owner, once, with the reason."""
        insight = self.get_object()
        return once(request, lambda: self._decide(request, insight))

    def _decide(self, request: Request, insight: Insight) -> Response:
        asked = said(Decided, request)
        return self.answer(insights.decide(insight, by=actor_of(request), **asked))


class Tell(_Insights):
    @extend_schema(
        operation_id="insights_tell",
        request=Nothing,
        responses=InsightWords,
        examples=[examples.INSIGHT],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """For its owner: the author is told the decision by mail; 409 `undecided` before it."""
        insight = self.get_object()
        return once(request, lambda: self._tell(request, insight))

    def _tell(self, request: Request, insight: Insight) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        return self.answer(insights.tell_author(insight, by=actor_of(request)))


urlpatterns = [
    path("conversations/<uuid:pk>/question/", Question.as_view()),
    path("conversations/<uuid:pk>/round-trips/", TripsOfConversation.as_view()),
    path("round-trips/<uuid:pk>/return/", Return.as_view()),
    path("insights/", Insights.as_view()),
    path("insights/<uuid:pk>/", OneInsight.as_view()),
    path("insights/<uuid:pk>/give/", Give.as_view()),
    path("insights/<uuid:pk>/decide/", Decide.as_view()),
    path("insights/<uuid:pk>/tell/", Tell.as_view()),
]
