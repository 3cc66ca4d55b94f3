"""API v1: the plan as a table, how good its expectations were, and one's calendar feed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.editorial import examples, feed, forecast, pages, tables
from conversations.editorial.models import Feed, Publication
from conversations.editorial.serializers import PublicationWords
from conversations.inbox.serializers import Nothing
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.tokens import actor_of, person
from crm.negotiation import ByAcceptAlone, Csv
from crm.strict import Body, Text


class NewTable(Body):
    """table: CSV with the columns of the export, those of what came of it left out or empty."""

    table = Text(max_length=tables.LARGEST, trim_whitespace=False)


class TakenTable(serializers.Serializer[Any]):
    drafts = serializers.IntegerField()


class ForecastWords(serializers.Serializer[Any]):
    """error: the typical miss as a share of what was expected; bias: above 0 more came. is_few: too
    few were compared to say much."""

    name = serializers.CharField()
    compared = serializers.IntegerField()
    error = serializers.FloatField()
    bias = serializers.FloatField()
    is_few = serializers.BooleanField()


class ForecastsWords(serializers.Serializer[Any]):
    """to_compare: out, with an expectation, and still in the days in which comparing counts."""

    author = ForecastWords(many=True)
    topic = ForecastWords(many=True)
    channel = ForecastWords(many=True)
    to_compare = PublicationWords(many=True)


class FeedWords(serializers.Serializer[Any]):
    """address: shown once, when it is made; null afterwards. All null: there is none."""

    address = serializers.CharField(allow_null=True)
    made_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)


class PlanTable(APIView):
    permission_classes = [StaffOnly]
    renderer_classes = [JSONRenderer, Csv]
    content_negotiation_class = ByAcceptAlone

    @extend_schema(
        operation_id="publications_table",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, examples=[examples.TABLE])},
    )
    def get(self, request: Request) -> HttpResponse:
        """The plan of the units you serve as CSV, by planned time, at most 10,000 lines."""
        user = person(request)
        rows = Publication.objects.visible_to(user).with_names()
        return tables.answer(rows, pages.zone_of(user))

    @extend_schema(
        operation_id="publications_take_table",
        request=NewTable,
        responses={(201, "application/json"): TakenTable},
        examples=[examples.NEW_TABLE, examples.TAKEN_TABLE],
    )
    def post(self, request: Request) -> Response:
        """Drafts of every line, or of none: each mistake is named with its line."""
        return once(request, lambda: self._take(request))

    def _take(self, request: Request) -> Response:
        body = NewTable(data=request.data)
        body.is_valid(raise_exception=True)
        user = person(request)
        try:
            number = tables.take(
                body.validated_data["table"].encode(),
                channels=pages.open_channels(user),
                zone=pages.zone_of(user),
                by=actor_of(request),
            )
        except tables.NotTaken as error:
            wrong = [f"{each.line}: {each.words}" for each in error.wrong]
            raise ValidationError({"table": wrong}, code=error.code) from error
        return Response({"drafts": number}, status=201)


class Forecasts(APIView):
    permission_classes = [StaffOnly]

    @extend_schema(
        operation_id="publications_forecast",
        responses=ForecastsWords,
        examples=[examples.FORECAST],
    )
    def get(self, request: Request) -> Response:
        """How good the expectations were, by author, topic and channel, and what waits for its
        comparison (at most 100)."""
        rows = Publication.objects.visible_to(person(request)).with_names()
        waiting = forecast.to_compare(rows, at=timezone.now())
        return Response(ForecastsWords(forecast.tables(rows) | {"to_compare": waiting}).data)


class CalendarFeed(APIView):
    permission_classes = [StaffOnly]

    @extend_schema(
        operation_id="publications_feed", responses=FeedWords, examples=[examples.NO_FEED]
    )
    def get(self, request: Request) -> Response:
        """Whether you have a calendar feed, and when a program last read it."""
        return Response(self._shown(request))

    @extend_schema(
        operation_id="publications_feed_make",
        request=None,
        responses={201: FeedWords},
        examples=[examples.MADE_FEED],
    )
    def post(self, request: Request) -> Response:
        """A new secret address (iCalendar); the one before ends."""
        return once(request, lambda: self._make(request), told_once=["address"])

    @extend_schema(operation_id="publications_feed_revoke", responses={204: Nothing})
    def delete(self, request: Request) -> Response:
        """The address ends. Without one nothing changes."""
        feed.revoke(person(request), by=actor_of(request))
        return Response(status=204)

    def _make(self, request: Request) -> Response:
        address = feed.make(person(request), by=actor_of(request))
        return Response(self._shown(request) | {"address": address}, status=201)

    def _shown(self, request: Request) -> dict[str, Any]:
        row = Feed.objects.filter(user=person(request)).first()
        said = {"address": None, "made_at": row and row.made_at, "read_at": row and row.read_at}
        return dict(FeedWords(said).data)


urlpatterns = [
    path("publications/table/", PlanTable.as_view()),
    path("publications/forecast/", Forecasts.as_view()),
    path("publications/feed/", CalendarFeed.as_view()),
]
