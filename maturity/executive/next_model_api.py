"""API v1: the next version of the model beside the one in force, and adopting it."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.doors import actor_of
from crm.errors import Missing
from maturity.appraisals import versions
from maturity.executive import examples
from maturity.executive import serializers as words
from maturity.executive.api import PARAMETERS, Readers, found
from maturity.executive.next_model import Beside, beside
from maturity.scoring.definition import Model, Stage


class JudgedSerializer(serializers.Serializer[Any]):
    outcome = serializers.CharField()
    enter = serializers.FloatField()
    stay = serializers.FloatField()
    minimum = serializers.IntegerField(allow_null=True)


class DifferingSerializer(serializers.Serializer[Any]):
    """now, then: under the version in force, and under the next one; null where it has none."""

    id = serializers.CharField()
    now = JudgedSerializer(allow_null=True)
    then = JudgedSerializer(allow_null=True)


class BothStagesSerializer(serializers.Serializer[Any]):
    """unit: null is the company."""

    unit = serializers.CharField(allow_null=True)
    now = words.PlainStageSerializer()
    then = words.PlainStageSerializer()


class NextModelSerializer(words.HeadSerializer):
    """criteria: only those that the two versions judge otherwise, of the subject asked for."""

    in_force = words.ModelSerializer()
    next = words.ModelSerializer()
    in_shadow_since = serializers.DateTimeField(allow_null=True)
    may_be_adopted_from = serializers.DateField(allow_null=True)
    stages = BothStagesSerializer(many=True)
    criteria = DifferingSerializer(many=True)


class AdoptSerializer(serializers.Serializer[Any]):
    """Of the version that was looked at: another one that came meanwhile is not adopted."""

    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class AdoptedSerializer(serializers.Serializer[Any]):
    """since: the Monday from which it is in force."""

    version = serializers.CharField()
    sha256 = serializers.CharField()
    since = serializers.DateField()


def named(model: Model) -> dict[str, str]:
    return {"version": model.version, "sha256": model.sha256}


def stage(one: Stage) -> dict[str, Any]:
    return {"number": one.number, "key": one.key}


def said(one: Beside) -> dict[str, Any]:
    return {
        "in_force": named(one.now.model),
        "next": named(one.shadow.model),
        "in_shadow_since": one.shadow.seen_at,
        "may_be_adopted_from": one.shadow.comes_from,
        "stages": [
            {"unit": each.unit, "now": stage(each.now), "then": stage(each.then)}
            for each in one.standings
        ],
        "criteria": [
            {"id": each.criterion.id, "now": each.now, "then": each.then} for each in one.criteria
        ],
    }


class NextModelView(Readers):
    @extend_schema(
        operation_id="maturity_next_model",
        parameters=PARAMETERS,
        responses={200: NextModelSerializer, 404: None},
        examples=[examples.NEXT_MODEL],
    )
    def get(self, request: Request) -> Response:
        """What the version in shadow would change; 404 where there is none."""
        asked = found(request)
        compared = beside(asked.picture, unit=asked.unit.unit if asked.unit else None)
        if compared is None:
            raise Missing("no version of the model is in shadow", code="no_next_model")
        return Response(asked.head() | said(compared))


class AdoptView(Readers):
    @extend_schema(
        operation_id="maturity_adopt_next_model",
        request=AdoptSerializer,
        responses={200: AdoptedSerializer, 404: None},
        examples=[examples.ADOPT, examples.ADOPTED],
    )
    def post(self, request: Request) -> Response:
        """Executives put it in force from the next Monday on, once it was four weeks in shadow."""
        asked = AdoptSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = versions.adopt(asked.validated_data["sha256"], by=actor_of(request))
        return Response({"version": row.version, "sha256": row.sha256, "since": row.since})


urlpatterns = [
    path("maturity/next-model/", NextModelView.as_view()),
    path("maturity/next-model/adopt/", AdoptView.as_view()),
]
