"""API v1: what happens, as it happens: a stream, and signed posts to an endpoint of one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ambassadors.live import examples, webhooks
from ambassadors.live.models import EventKind, Subscription
from ambassadors.live.stream import Feed, last_number, places
from crm.access.idempotency import once
from crm.access.tokens import actor_of, is_alive, person
from crm.negotiation import ByAcceptAlone, EventStream
from crm.problems import CONTENT_TYPE, problem
from crm.strict import Body, Text, Truth

RETRY_FULL = "10"  # seconds
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would gather it
    "Content-Encoding": "identity",  # and so would the compression of answers
}
_EVENT = {
    "type": "object",
    "description": "One event of the stream, its fields by name; `data` is JSON.",
    "required": ["data"],
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": {"type": "string"},
        "retry": {"type": "integer", "description": "milliseconds before connecting again"},
    },
}


class Stream(APIView):
    renderer_classes = [EventStream, JSONRenderer]
    content_negotiation_class = ByAcceptAlone

    @extend_schema(
        operation_id="stream",
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                str,
                OpenApiParameter.HEADER,
                description="The id of the last event you had: the stream goes on after it.",
            )
        ],
        responses={
            (200, "text/event-stream"): OpenApiResponse(_EVENT, examples=[examples.SAID]),
            (503, "application/problem+json"): OpenApiResponse(
                {"$ref": "#/components/schemas/Problem"},
                "`streams_full`: too many are open; see `Retry-After`.",
            ),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """What happens to you, as Server-Sent Events; ends after a minute, to be resumed.

        It opens with `stream.opened`. `stream.reset` in its place says that what lay between was
        forgotten: read your lists again.
        """
        user = person(request)
        after = last_number(request.headers.get("Last-Event-ID"))
        feed = Feed(user, after=after, may_stay=lambda: is_alive(request.auth))
        if not places.take(feed):
            feed.close()
            said = problem(503, "streams_full", _("too many streams are open"))
            full = {"Retry-After": RETRY_FULL}
            return Response(said, status=503, headers=full, content_type=CONTENT_TYPE)
        return StreamingHttpResponse(feed, content_type="text/event-stream", headers=_HEADERS)


class EndpointWords(serializers.ModelSerializer[Subscription]):
    """disabled_at: when it failed too often and was switched off; `active: true` tries again."""

    events = serializers.ListField(
        source="kinds", child=serializers.ChoiceField(choices=EventKind.choices)
    )

    class Meta:
        model = Subscription
        fields = ["id", "url", "events", "active", "failures", "disabled_at", "created_at"]
        read_only_fields = fields


class NewEndpointWords(EndpointWords):
    """secret: signs every post; shown this once, and null when the request is repeated."""

    secret = serializers.CharField(allow_null=True)

    class Meta(EndpointWords.Meta):
        fields = [*EndpointWords.Meta.fields, "secret"]
        read_only_fields = fields


class NewEndpoint(Body):
    """events: none or an empty list means all."""

    url = Text(max_length=webhooks.LONGEST_URL)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventKind.choices),
        required=False,
        default=list,
        max_length=len(EventKind),
    )


class ChangedEndpoint(Body):
    url = Text(required=False, max_length=webhooks.LONGEST_URL)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventKind.choices),
        required=False,
        max_length=len(EventKind),
    )
    active = Truth(required=False)


class _MyEndpoints(GenericAPIView[Subscription]):
    serializer_class = EndpointWords
    queryset = Subscription.objects.none()

    def get_queryset(self) -> QuerySet[Subscription]:
        return Subscription.objects.filter(user=person(self.request))


class Endpoints(_MyEndpoints, ListAPIView[Subscription]):
    @extend_schema(operation_id="webhooks_list", examples=[examples.ENDPOINT])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Where your events are posted to."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="webhooks_create",
        request=NewEndpoint,
        responses={201: NewEndpointWords},
        examples=[examples.NEW_ENDPOINT, examples.ENDPOINT_WITH_SECRET],
    )
    def post(self, request: Request) -> Response:
        """Posts your events to an endpoint of yours, signed (Standard Webhooks)."""
        return once(request, lambda: self._create(request), told_once=["secret"])

    def _create(self, request: Request) -> Response:
        body = NewEndpoint(data=request.data)
        body.is_valid(raise_exception=True)
        made = webhooks.subscribe(
            person(request),
            url=body.validated_data["url"],
            kinds=body.validated_data["events"],
            by=actor_of(request),
        )
        return Response(NewEndpointWords(made).data, status=status.HTTP_201_CREATED)


class OneEndpoint(_MyEndpoints, RetrieveAPIView[Subscription]):
    @extend_schema(operation_id="webhooks_retrieve", examples=[examples.ENDPOINT])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="webhooks_update",
        request=ChangedEndpoint,
        responses=EndpointWords,
        examples=[examples.SWITCHED_ON, examples.ENDPOINT],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Changes what is given and leaves the rest."""
        endpoint = self.get_object()
        body = ChangedEndpoint(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        changed = webhooks.change(
            endpoint, kinds=said.pop("events", None), by=actor_of(request), **said
        )
        return Response(EndpointWords(changed).data)

    @extend_schema(operation_id="webhooks_delete", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Nothing more is posted there."""
        webhooks.remove(self.get_object(), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("stream/", Stream.as_view()),
    path("webhooks/", Endpoints.as_view()),
    path("webhooks/<uuid:pk>/", OneEndpoint.as_view()),
]
