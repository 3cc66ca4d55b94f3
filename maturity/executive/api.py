"""GET /api/v1/maturity/: the appraisal as one object, for executives and staff."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from maturity.appraisals.services import PastReading, remembered_picture, said_of
from maturity.executive.asking import ask, reads_maturity


class ReadsMaturity(BasePermission):
    """Executives and staff; ambassadors have no business with the figures of others."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return reads_maturity(request.user)


class StageSerializer(serializers.Serializer[Any]):
    """number is null while unassessed."""

    number = serializers.IntegerField(allow_null=True, min_value=1, max_value=5)
    key = serializers.CharField()
    provisional = serializers.BooleanField()
    at_risk = serializers.BooleanField()
    exempt = serializers.BooleanField()


class CriterionSerializer(serializers.Serializer[Any]):
    """k of n (n is null for a count), its value, bounds and thresholds."""

    id = serializers.CharField()
    dimension = serializers.CharField(allow_null=True)
    gate = serializers.BooleanField()
    outcome = serializers.CharField()
    k = serializers.IntegerField()
    n = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    enter = serializers.FloatField()
    stay = serializers.FloatField()
    minimum = serializers.IntegerField(allow_null=True)
    next_action = serializers.CharField(allow_null=True)


class TransitionSerializer(serializers.Serializer[Any]):
    """A change of stage on a Monday, and what caused it; the key `from` stands beside."""

    at = serializers.DateField()
    to = serializers.IntegerField(allow_null=True)
    causes = serializers.ListField(child=serializers.CharField())

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.IntegerField(allow_null=True), **super().get_fields()}


class SubjectSerializer(serializers.Serializer[Any]):
    stage = StageSerializer()
    blocking = serializers.ListField(child=serializers.CharField())
    criteria = CriterionSerializer(many=True)
    transitions = TransitionSerializer(many=True)


class UnitSerializer(SubjectSerializer):
    id = serializers.CharField()


class ModelSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    sha256 = serializers.CharField()


class AppraisalSerializer(SubjectSerializer):
    as_of = serializers.DateField()
    reading = serializers.ChoiceField(choices=[one.value for one in PastReading])
    preview = serializers.BooleanField()
    model = ModelSerializer()
    units = UnitSerializer(many=True)


class MaturityView(APIView):
    permission_classes = (ReadsMaturity,)

    @extend_schema(
        operation_id="maturity",
        summary="The stage of social maturity, and why",
        parameters=[
            OpenApiParameter("as_of", OpenApiTypes.DATE, description="default: today"),
            OpenApiParameter("reading", str, enum=[one.value for one in PastReading]),
            OpenApiParameter("unit", str, description="one unit by its id"),
        ],
        responses=AppraisalSerializer,
    )
    def get(self, request: Request) -> Response:
        """Derived from the records as of that day; kept for a short while."""
        asked = ask(request.query_params)
        made = remembered_picture(asked.as_of, reading=asked.reading)
        return Response(said_of(made, unit=asked.unit))


urlpatterns = [path("maturity/", MaturityView.as_view(), name="maturity-api")]
