"""API v1: our messages that did not arrive, in one list over all channels, with a second try."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from django_filters import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.channels.models import Channel
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Trouble
from conversations.inbox.serializers import Nothing
from crm.access.filters import KnownFilter
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.tokens import actor_of, person

STATES = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
_EXAMPLE: dict[str, Any] = {
    "id": "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0001",
    "conversation": "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0002",
    "channel": "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0003",
    "state": "failed",
    "trouble": "window",
    "cause": "Meta 131047: More than 24 hours have passed since the recipient last replied.",
    "attempts": 1,
    "written_at": "2026-11-24T09:30:00Z",
    "updated_at": "2026-11-24T09:30:02Z",
}
LISTED = OpenApiExample("Too late", value=_EXAMPLE, response_only=True)
AGAIN = OpenApiExample(
    "On its way",
    value=_EXAMPLE | {"state": "queued", "trouble": "", "attempts": 0},
    response_only=True,
)


class UndeliveredWords(serializers.ModelSerializer[Delivery]):
    """id: the message's. trouble: of which sort the cause is."""

    id = serializers.UUIDField(source="message_id")
    conversation = serializers.UUIDField(source="conversation_id")
    channel = serializers.UUIDField(source="message.channel_id")
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    trouble = serializers.ChoiceField(choices=Trouble.choices)
    attempts = serializers.IntegerField(source="attempt")
    written_at = serializers.DateTimeField(source="message.occurred_at")

    class Meta:
        model = Delivery
        fields = [
            "id", "conversation", "channel", "state", "trouble", "cause", "attempts",
            "written_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class UndeliveredFilters(FilterSet):
    """trouble may be repeated."""

    trouble = MultipleChoiceFilter(choices=[each for each in Trouble.choices if each[0]])
    channel = KnownFilter(field_name="message__channel", rows=Channel.objects.all())

    class Meta:
        model = Delivery
        fields: list[str] = []


class _Undelivered(GenericAPIView[Delivery]):
    permission_classes = [StaffOnly]
    serializer_class = UndeliveredWords
    queryset = Delivery.objects.none()
    ordered_by = "-updated_at"

    def get_queryset(self) -> QuerySet[Delivery]:
        """Of conversations that the person may see; what is in no list of theirs is not here."""
        visible = Conversation.objects.visible_to(person(self.request)).order_by()
        rows = Delivery.objects.filter(conversation__in=visible, state__in=STATES)
        return rows.select_related("message").annotate(id=F("message_id"))


class Undelivered(_Undelivered, ListAPIView[Delivery]):
    filterset_class = UndeliveredFilters

    @extend_schema(operation_id="undelivered_list", examples=[LISTED])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What did not arrive, or of which nobody knows whether it did; the newest first."""
        return super().get(request, *args, **kwargs)


class Retry(_Undelivered):
    @extend_schema(
        operation_id="undelivered_retry",
        request=Nothing,
        responses=UndeliveredWords,
        examples=[AGAIN],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Sends it once more. It counts as sent when the network has taken it, not before."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        return once(request, lambda: self._retry(request, row))

    def _retry(self, request: Request, row: Delivery) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        delivery.retry(row, by=actor_of(request))
        again = Delivery.objects.select_related("message").get(pk=row.pk)
        return Response(UndeliveredWords(again).data)


urlpatterns = [
    path("undelivered/", Undelivered.as_view()),
    path("undelivered/<uuid:pk>/retry/", Retry.as_view()),
]
