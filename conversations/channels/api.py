"""API v1: channels, for the staff of their units."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.channels import callbacks, services
from conversations.channels.accounts import door_of
from conversations.channels.models import Channel
from conversations.channels.wire.registry import CHANNELS
from crm.access.filters import unit_filter
from crm.access.permissions import StaffOnly
from crm.access.services import staffed_units
from crm.access.tokens import actor_of, person
from crm.errors import Forbidden
from crm.organisation.models import User
from crm.strict import Body, Text, Truth, Whole


class ChannelWords(serializers.ModelSerializer[Channel]):
    """url: the channel's own door, null where it has none. Its secret is never shown here.

    reopen_days: how long after its end a conversation is taken up again. keep_days: for how long
    words are kept, null for ever."""

    unit = serializers.CharField(source="unit.source_id")
    paused = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    callback_url = serializers.CharField()  # empty until it is set: no address

    class Meta:
        model = Channel
        fields = [
            "id", "kind", "name", "unit", "address", "owned", "url", "callback_url", "paused",
            "reopen_days", "keep_days", "closed_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_paused(self, channel: Channel) -> bool:
        return channel.paused_at is not None

    def get_url(self, channel: Channel) -> str | None:
        if channel.kind != "webhook" or channel.token is None:
            return door_of(channel) or None
        path = reverse("webhook", args=[channel.token])
        return str(self.context["request"].build_absolute_uri(path))


class ChannelChange(Body):
    callback_url = Text(allow_blank=True, required=False, max_length=callbacks.LONGEST)
    paused = Truth(required=False)
    reopen_days = Whole(required=False, min_value=0, max_value=3_650)
    keep_days = Whole(required=False, allow_null=True, min_value=1, max_value=36_500)


class ChannelFilters(FilterSet):
    kind = ChoiceFilter(choices=[(kind, kind) for kind in sorted(CHANNELS)])
    unit = unit_filter()

    class Meta:
        model = Channel
        fields: list[str] = []


def served_by(user: User) -> QuerySet[Channel]:
    """The channels of the units whose staff this person is."""
    units = staffed_units(user)
    channels = Channel.objects.select_related("unit")
    return channels if units is None else channels.filter(unit__in=units)


@extend_schema_view(get=extend_schema(operation_id="channels_list"))
class Channels(ListAPIView[Channel]):
    """The channels of the units you serve."""

    permission_classes = [StaffOnly]
    serializer_class = ChannelWords
    queryset = Channel.objects.none()
    filterset_class = ChannelFilters

    def get_queryset(self) -> QuerySet[Channel]:
        return served_by(person(self.request))


@extend_schema_view(get=extend_schema(operation_id="channels_retrieve"))
class OneChannel(RetrieveAPIView[Channel]):
    permission_classes = [StaffOnly]
    serializer_class = ChannelWords
    queryset = Channel.objects.none()

    def get_queryset(self) -> QuerySet[Channel]:
        return served_by(person(self.request))

    @extend_schema(
        operation_id="channels_update", request=ChannelChange, responses={200: ChannelWords}
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Where answers are posted to, whether the channel is paused, and what becomes of its
        conversations afterwards; only owners of the installation set `keep_days`."""
        channel = self.get_object()
        body = ChannelChange(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            _change(channel, body.validated_data, request)
        return Response(ChannelWords(channel, context=self.get_serializer_context()).data)


def _change(channel: Channel, changes: dict[str, Any], request: Request) -> None:
    by = actor_of(request)
    url = changes.get("callback_url")
    if url is not None and url != channel.callback_url:
        callbacks.check(channel, url)
        services.set_callback(channel, url=url, by=by)
    keeping = {name: changes[name] for name in ("reopen_days", "keep_days") if name in changes}
    if "keep_days" in keeping and not person(request).is_superuser:
        raise Forbidden(_("for owners of the installation"), code="owners_only")
    changed = [name for name, value in keeping.items() if value != getattr(channel, name)]
    for name in changed:
        setattr(channel, name, keeping[name])
    services.change_channel(channel, fields=changed, by=by)
    if "paused" in changes:
        services.pause(channel, paused=changes["paused"], by=by)


urlpatterns = [
    path("channels/", Channels.as_view()),
    path("channels/<uuid:pk>/", OneChannel.as_view()),
]
