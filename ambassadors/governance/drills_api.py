"""API v1: escalation rules, and drills of them; for the staff."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ambassadors.governance import drills, examples
from ambassadors.governance.models import EscalationRule
from ambassadors.governance.serializers import Drilled, DrillWords, RuleWords
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.services import staffed_units
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.organisation.models import Unit, User


class RulePage(serializers.Serializer[Any]):
    """All of them: there are few."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = RuleWords(many=True)


def rules_of(user: User) -> QuerySet[EscalationRule]:
    """Those of the units that this person serves."""
    rows = EscalationRule.objects.select_related("role").order_by("name")
    units = staffed_units(user)
    return rows if units is None else rows.filter(Q(unit=None) | Q(unit__in=units))


class Rules(APIView):
    permission_classes = [StaffOnly]

    @extend_schema(operation_id="rules_list", responses=RulePage, examples=[examples.RULES])
    def get(self, request: Request) -> Response:
        """The escalation rules of the units that you serve; one page."""
        rows = RuleWords(rules_of(person(request)), many=True).data
        return Response({"next": None, "previous": None, "results": rows})


class Drill(APIView):
    permission_classes = [StaffOnly]
    queryset: QuerySet[Any] = EscalationRule.objects.none()

    @extend_schema(
        operation_id="rules_drill",
        request=Drilled,
        responses={201: DrillWords},
        examples=[examples.DRILL, examples.DRILLED],
    )
    def post(self, request: Request, pk: str) -> Response:
        """Starts a drill: an invented question that goes the whole way of a real one, marked."""
        rule = get_object_or_404(rules_of(person(request)), pk=pk)
        return once(request, lambda: self._start(request, rule))

    def _start(self, request: Request, rule: EscalationRule) -> Response:
        body = Drilled(data=request.data)
        body.is_valid(raise_exception=True)
        unit = Unit.objects.filter(pk=body.validated_data["unit"]).first()
        if unit is None:
            raise Invalid("there is no such unit", code="unknown_unit")
        thread = drills.start(
            rule, unit=unit, by=actor_of(request), text=body.validated_data["text"]
        )
        return Response(DrillWords({"thread": thread}).data, status=201)


urlpatterns = [
    path("escalation-rules/", Rules.as_view()),
    path("escalation-rules/<str:pk>/drill/", Drill.as_view()),
]
