"""API v1: which networks there are, connecting one, what its test says, the end of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.channels import connecting, examples
from conversations.channels.accounts import door_of
from conversations.channels.api import ChannelWords, served_by
from conversations.channels.health import health_of
from conversations.channels.models import Channel
from conversations.channels.wire.provider import Door, Provider
from conversations.channels.wire.registry import CHANNELS
from crm.access.idempotency import once
from crm.access.permissions import OwnerOnly, StaffOnly
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.organisation.models import Unit
from crm.strict import Body, Text


class FieldWords(serializers.Serializer[Any]):
    """secret: never told again once it is set."""

    name = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    help = serializers.SerializerMethodField()
    secret = serializers.BooleanField()
    required = serializers.BooleanField()  # type: ignore[assignment]

    def get_label(self, field: Any) -> str:
        return _(field.label)

    def get_help(self, field: Any) -> str:
        return _(field.help)


class KindWords(serializers.Serializer[Any]):
    """longest: characters of one message, 0 for no limit. window_hours: for how long after the
    person wrote they may be answered, null for always. steps: what to do at the network.
    has_door: it posts to us; an account of any other is read from here."""

    kind = serializers.CharField()
    title = serializers.CharField()
    fields = FieldWords(many=True)  # type: ignore[assignment]
    steps = serializers.ListField(child=serializers.CharField())
    longest = serializers.IntegerField()
    window_hours = serializers.IntegerField(allow_null=True)
    has_door = serializers.BooleanField()


class KindsWords(serializers.Serializer[Any]):
    results = KindWords(many=True)


class NewChannel(Body):
    """unit: its id. values: by the names of the kind's fields."""

    kind = Text(max_length=30)
    unit = Text(max_length=200)
    name = Text(max_length=200)
    values = serializers.DictField(child=Text(allow_blank=True, max_length=connecting.LONGEST))


class OtherValues(Body):
    """What is left out, or empty, stays as it is; `-` empties a field that may be empty."""

    values = serializers.DictField(child=Text(allow_blank=True, max_length=connecting.LONGEST))


class Emptiness(Body):
    """An empty body, or an empty object."""


class HealthWords(serializers.Serializer[Any]):
    """door: the address that the network posts to, "" for an account that is read from here;
    last_read_at: when it was, null for a door. given: names of the credentials that are set.
    works: null until a test reached the network. received, failed: deliveries of the last 24
    hours. last_in_at: within seven days."""

    door = serializers.CharField()
    given = serializers.ListField(child=serializers.CharField())
    works = serializers.BooleanField(allow_null=True)
    name = serializers.CharField()
    cause = serializers.CharField()
    remarks = serializers.ListField(child=serializers.CharField())
    checked_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    last_read_at = serializers.DateTimeField(allow_null=True)
    last_in_at = serializers.DateTimeField(allow_null=True)
    last_out_at = serializers.DateTimeField(allow_null=True)
    received = serializers.IntegerField()
    failed = serializers.IntegerField()


def kinds() -> list[dict[str, Any]]:
    """What each network says of itself, in the reader's language."""
    networks = [(kind, each) for kind, each in CHANNELS.items() if isinstance(each, Provider)]
    cards = [
        (kind, each.card, isinstance(each, Door)) for kind, each in sorted(networks, key=_kind)
    ]
    return [
        {
            "kind": kind,
            "title": card.title,
            "fields": card.fields,
            "steps": [_(step) for step in card.steps],
            "longest": card.longest,
            "window_hours": int(card.window.total_seconds() // 3_600) if card.window else None,
            "has_door": has_door,
        }
        for kind, card, has_door in cards
    ]


def _kind(network: tuple[str, object]) -> str:
    return network[0]


class Kinds(APIView):
    permission_classes = [StaffOnly]

    @extend_schema(operation_id="channels_kinds", responses=KindsWords, examples=[examples.KINDS])
    def get(self, request: Request) -> Response:
        """The networks that can be connected, and what each asks for."""
        return Response(KindsWords({"results": kinds()}).data)


class Connect(APIView):
    permission_classes = [OwnerOnly]

    @extend_schema(
        operation_id="channels_connect",
        request=NewChannel,
        responses={201: ChannelWords},
        examples=[examples.CONNECT],
    )
    def post(self, request: Request) -> Response:
        """Connects a network; its test is `connection/test/`. For owners of the installation."""
        return once(request, lambda: self._connect(request))

    def _connect(self, request: Request) -> Response:
        body = NewChannel(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        unit = next((each for each in Unit.objects.all() if each.source_id == said["unit"]), None)
        if unit is None:
            raise Invalid(_("there is no such unit"), code="unknown_unit")
        channel = connecting.connect(
            unit,
            kind=said["kind"],
            name=said["name"],
            values=said["values"],
            by=actor_of(request),
        )
        return Response(ChannelWords(channel, context={"request": request}).data, status=201)


class OneChannel(GenericAPIView[Channel]):
    """One of those that the person serves, of the sort that is asked for here."""

    permission_classes = [StaffOnly]
    queryset = Channel.objects.none()

    def get_queryset(self) -> QuerySet[Channel]:
        return served_by(person(self.request))

    def channel(self, pk: UUID) -> Channel:
        found: Channel = get_object_or_404(self.get_queryset(), pk=pk)
        self.must_fit(found)
        return found

    def must_fit(self, channel: Channel) -> None:
        """Raises Conflict where it is of no such sort."""


class _OneConnection(OneChannel):
    def must_fit(self, channel: Channel) -> None:
        connecting.must_connect(channel)

    def answer(self, channel: Channel) -> Response:
        health = health_of(channel)
        told = {name: getattr(health, name) for name in health.__slots__}
        return Response(HealthWords({"door": door_of(channel), **told}).data)


class Connection(_OneConnection):
    def get_permissions(self) -> list[Any]:
        return [OwnerOnly() if self.request.method == "PATCH" else StaffOnly()]

    @extend_schema(
        operation_id="channels_connection", responses=HealthWords, examples=[examples.HEALTH]
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """How the connection is doing. No credential is ever told."""
        return self.answer(self.channel(pk))

    @extend_schema(
        operation_id="channels_connection_update",
        request=OtherValues,
        responses=HealthWords,
        examples=[examples.CHANGE, examples.HEALTH],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Other credentials for the same account. For owners of the installation."""
        channel = self.channel(pk)
        body = OtherValues(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data["values"]
        connecting.change_credentials(channel, values=values, by=actor_of(request))
        return self.answer(channel)


class Probe(_OneConnection):
    @extend_schema(
        operation_id="channels_connection_test",
        request=Emptiness,
        responses=HealthWords,
        examples=[examples.HEALTH],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks the network whether it knows us, and makes our door known there where that can be
        done from here. What is wrong stands in `cause`."""
        channel = self.channel(pk)
        Emptiness(data=request.data or {}).is_valid(raise_exception=True)
        connecting.probe(channel, hook=True)
        return self.answer(channel)


class Disconnect(_OneConnection):
    permission_classes = [OwnerOnly]

    @extend_schema(
        operation_id="channels_disconnect", request=Emptiness, responses={200: ChannelWords}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Ends it: the door is shut and the credentials are gone; what was said stays."""
        channel = self.channel(pk)
        Emptiness(data=request.data or {}).is_valid(raise_exception=True)
        connecting.disconnect(channel, by=actor_of(request))
        return Response(ChannelWords(channel, context={"request": request}).data)


urlpatterns = [
    path("channels/kinds/", Kinds.as_view()),
    path("channels/connect/", Connect.as_view()),
    path("channels/<uuid:pk>/connection/", Connection.as_view()),
    path("channels/<uuid:pk>/connection/test/", Probe.as_view()),
    path("channels/<uuid:pk>/disconnect/", Disconnect.as_view()),
]
