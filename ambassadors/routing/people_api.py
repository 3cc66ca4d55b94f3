"""API v1: a lead's people, and their figures. Nobody else sees the figures of anybody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from ambassadors.routing import examples
from ambassadors.routing.serializers import StatisticsWords
from ambassadors.routing.statistics import statistics_of
from crm.access.tokens import person
from crm.organisation.models import Employee
from crm.organisation.people import people_led_by


class LedWords(serializers.ModelSerializer[Employee]):
    department = serializers.CharField(source="department.name")

    class Meta:
        model = Employee
        fields = ["id", "name", "department"]
        read_only_fields = fields


class _Led(GenericAPIView[Employee]):
    serializer_class: Any = LedWords
    queryset = Employee.objects.none()

    def get_queryset(self) -> QuerySet[Employee]:
        return people_led_by(person(self.request))


@extend_schema_view(get=extend_schema(operation_id="people_list", examples=[examples.LED]))
class People(_Led, ListAPIView[Employee]):
    """The people whom you lead; empty for everybody else."""


class TheirStatistics(_Led):
    @extend_schema(
        operation_id="people_statistics",
        responses=StatisticsWords,
        examples=[examples.STATISTICS],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What one of your people did in the last thirteen weeks; they know that you see it."""
        found = statistics_of(self.get_object(), at=timezone.now())
        return Response(StatisticsWords(found).data)


urlpatterns = [
    path("people/", People.as_view()),
    path("people/<uuid:pk>/statistics/", TheirStatistics.as_view()),
]
