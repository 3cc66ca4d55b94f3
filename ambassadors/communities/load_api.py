"""API v1: the load and who carries it."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ambassadors.communities import examples
from ambassadors.communities.load import WEEKS, Load, Side, load_of
from ambassadors.communities.load_page import board
from crm.access.permissions import StaffOrExecutive
from crm.errors import Invalid

MOST_WEEKS = max(WEEKS)


class CarriedWords(serializers.Serializer[Any]):
    """key: a department's id, or `social`, `small` (smaller departments together), `everybody`
    (too few to be told apart), `nobody`. counts: one a week. now: what waits for their answer."""

    key = serializers.CharField()
    name = serializers.CharField()
    people = serializers.IntegerField()
    counts = serializers.ListField(child=serializers.IntegerField())
    now = serializers.IntegerField()


class LoadWords(serializers.Serializer[Any]):
    """weeks: their Mondays, the running week the last."""

    weeks = serializers.ListField(child=serializers.DateField())
    outside = CarriedWords(many=True)
    inside = CarriedWords(many=True)


class LoadOfCompany(APIView):
    permission_classes = [StaffOrExecutive]

    @extend_schema(
        operation_id="load_retrieve",
        parameters=[
            OpenApiParameter(
                "weeks", {"type": "integer", "minimum": 1, "maximum": MOST_WEEKS, "default": 8}
            )
        ],
        responses=LoadWords,
        examples=[examples.LOAD],
    )
    def get(self, request: Request) -> Response:
        """The conversational load by week and who carries it: groups, never persons."""
        text = request.query_params.get("weeks", str(WEEKS[0]))
        if not (
            text.isascii() and text.isdigit() and len(text) < 3 and 0 < int(text) <= MOST_WEEKS
        ):
            raise Invalid(_("a number of weeks up to 26 is expected"), code="invalid")
        load = load_of(request.user, weeks=int(text))
        sides = {"outside": load.outside, "inside": load.inside}
        words = {name: _carried(load, side) for name, side in sides.items()}
        return Response(LoadWords({"weeks": load.weeks, **words}).data)


def _carried(load: Load, side: Side) -> list[dict[str, Any]]:
    return [
        {
            "key": row.group.key,
            "name": row.group.name,
            "people": row.group.people,
            "counts": row.counts,
            "now": row.now,
        }
        for row in board(load, side).rows
    ]


urlpatterns = [path("load/", LoadOfCompany.as_view())]
