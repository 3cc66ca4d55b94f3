"""API v1: what came in as raw bytes and what became of it, for the staff of the unit."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django_filters import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.channels.api import served_by
from conversations.channels.models import Channel, Envelope, EnvelopeState
from conversations.channels.services import replay
from conversations.inbox.models import Message
from conversations.inbox.serializers import Nothing
from crm.access.filters import KnownFilter
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.tokens import actor_of, person


class EnvelopeWords(serializers.ModelSerializer[Envelope]):
    channel = serializers.UUIDField(source="channel_id")
    state = serializers.ChoiceField(choices=EnvelopeState.choices)
    messages = serializers.SerializerMethodField()

    class Meta:
        model = Envelope
        fields = ["id", "channel", "state", "reason", "messages", "received_at"]
        read_only_fields = fields

    def get_messages(self, envelope: Envelope) -> list[uuid.UUID]:
        brought: dict[uuid.UUID, list[uuid.UUID]] = self.context["messages"]
        return brought.get(envelope.pk, [])


def words(envelopes: Sequence[Envelope]) -> Any:
    """One query more for the messages of all of them."""
    brought: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    pairs = Message.objects.filter(envelope__in=[each.pk for each in envelopes])
    for envelope, message in pairs.order_by("occurred_at", "pk").values_list("envelope_id", "pk"):
        if envelope is not None:
            brought[envelope].append(message)
    return EnvelopeWords(envelopes, many=True, context={"messages": brought}).data


class EnvelopeFilters(FilterSet):
    """state may be repeated."""

    state = MultipleChoiceFilter(choices=EnvelopeState.choices)
    channel = KnownFilter(field_name="channel", rows=Channel.objects.all())

    class Meta:
        model = Envelope
        fields: list[str] = []


class _OfMyUnits(GenericAPIView[Envelope]):
    permission_classes = [StaffOnly]
    serializer_class = EnvelopeWords
    queryset = Envelope.objects.none()

    def get_queryset(self) -> QuerySet[Envelope]:
        channels = served_by(person(self.request)).order_by()
        return Envelope.objects.filter(channel__in=channels).defer("body", "headers")


class Envelopes(_OfMyUnits, ListAPIView[Envelope]):
    """Envelopes of the channels you serve, the newest first."""

    filterset_class = EnvelopeFilters
    ordered_by = "-received_at"

    @extend_schema(operation_id="envelopes_list")
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(words(page or []))


@extend_schema_view(get=extend_schema(operation_id="envelopes_retrieve"))
class OneEnvelope(_OfMyUnits, RetrieveAPIView[Envelope]):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(words([self.get_object()])[0])


class Replay(_OfMyUnits):
    @extend_schema(operation_id="envelopes_replay", request=Nothing, responses=EnvelopeWords)
    def post(self, request: Request, pk: UUID) -> Response:
        """Has a failed or ignored envelope read again."""
        envelope = self.get_object()
        return once(request, lambda: self._replay(request, envelope))

    def _replay(self, request: Request, envelope: Envelope) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        replay(envelope, by=actor_of(request))
        return Response(words([self.get_queryset().get(pk=envelope.pk)])[0])


urlpatterns = [
    path("envelopes/", Envelopes.as_view()),
    path("envelopes/<uuid:pk>/", OneEnvelope.as_view()),
    path("envelopes/<uuid:pk>/replay/", Replay.as_view()),
]
