"""API v1: escalation rules, and drills of them; for the staff."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from ambassadors.governance import drills, examples
from ambassadors.governance.models import EscalationRule
from ambassadors.governance.serializers import Drilled, DrillWords, RuleWords
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.services import staffed_units
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.organisation.models import Unit


class _Rules(GenericAPIView[EscalationRule]):
    permission_classes = [StaffOnly]
    serializer_class: Any = RuleWords
    queryset = EscalationRule.objects.none()
    ordered_by = "name"

    def get_queryset(self) -> QuerySet[EscalationRule]:
        rows = EscalationRule.objects.select_related("role")
        units = staffed_units(person(self.request))
        return rows if units is None else rows.filter(Q(unit=None) | Q(unit__in=units))


@extend_schema_view(get=extend_schema(operation_id="rules_list", examples=[examples.RULE]))
class Rules(_Rules, ListAPIView[EscalationRule]):
    """The escalation rules of the units that you serve."""


class Drill(_Rules):
    @extend_schema(
        operation_id="rules_drill",
        request=Drilled,
        responses={201: DrillWords},
        examples=[examples.DRILL, examples.DRILLED],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Starts a drill: an invented question that goes the whole way of a real one, marked."""
        rule = self.get_object()
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
    path("escalation-rules/<int:pk>/drill/", Drill.as_view()),
]
