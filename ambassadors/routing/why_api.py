"""API v1: why a conversation was routed so."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ambassadors.routing.models import CaseState, Offer, OfferState
from ambassadors.routing.why import Why, why
from conversations.inbox.api import InConversation
from crm.access.services import staffed_units
from crm.access.tokens import person


class AttemptWords(serializers.ModelSerializer[Offer]):
    """person: null for whom it is none of their business."""

    state = serializers.ChoiceField(choices=OfferState.choices)
    offered_at = serializers.DateTimeField(source="occurred_at")
    parts = serializers.DictField(child=serializers.FloatField())
    person = serializers.SerializerMethodField()

    class Meta:
        model = Offer
        fields = ["id", "person", "state", "offered_at", "ended_at", "score", "parts", "load"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_person(self, offer: Offer) -> str | None:
        shown = self.context["names"] or offer.employee.user_id == self.context["me"]
        return offer.employee.name if shown else None


class RefusedWords(serializers.Serializer[Any]):
    person = serializers.CharField()
    obstacle = serializers.CharField()


class RoutingWords(serializers.Serializer[Any]):
    """obstacles: what keeps how many of those addressed from being asked now. refused: the same
    by name, for the staff of the unit only."""

    state = serializers.ChoiceField(choices=CaseState.choices, allow_null=True)
    rule = serializers.CharField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    due_at = serializers.DateTimeField(allow_null=True)
    offers = AttemptWords(many=True)
    obstacles = serializers.DictField(child=serializers.IntegerField())
    refused = RefusedWords(many=True)


EXAMPLE = OpenApiExample(
    "offered",
    value={
        "state": "offered",
        "rule": "Parcels in French",
        "reasons": ["Parcels in French: offered to Ada"],
        "due_at": "2026-03-02T10:00:00Z",
        "offers": [
            {
                "id": "01890a5d-ac96-774b-bcce-b302099a8057",
                "person": "Ada",
                "state": "open",
                "offered_at": "2026-03-02T09:00:00Z",
                "ended_at": None,
                "score": 7.1,
                "parts": {"topic": 2.0, "language": 2.0, "free": 1.0, "fair": 0.1, "week": 2.0},
                "load": 0,
            }
        ],
        "obstacles": {"hours": 3, "topic": 12},
        "refused": [],
    },
    response_only=True,
)


class Routing(InConversation):
    @extend_schema(operation_id="conversations_routing", responses=RoutingWords, examples=[EXAMPLE])
    def get(self, request: Request, pk: UUID) -> Response:
        """Why it was routed so. Names of others are for the staff of its unit."""
        user = person(request)
        units = staffed_units(user)
        names = units is None or self.conversation.unit_id in units
        known = why(self.conversation, at=timezone.now())
        return Response(
            RoutingWords(_told(known, names=names), context={"names": names, "me": user.pk}).data
        )


def _told(known: Why, *, names: bool) -> dict[str, Any]:
    """A reason may name people: who may not read names gets none that do."""
    case = known.case
    asked = {offer.employee.name for offer in known.offers}
    reasons = case.reasons if case else []
    return {
        "state": case.state if case else None,
        "rule": case.rule.name if case and case.rule else None,
        "reasons": [
            each for each in reasons if names or not any(each.endswith(name) for name in asked)
        ],
        "due_at": case.due_at if case else None,
        "offers": known.offers,
        "obstacles": known.obstacles,
        "refused": known.refused if names else [],
    }


urlpatterns = [path("conversations/<uuid:pk>/routing/", Routing.as_view())]
