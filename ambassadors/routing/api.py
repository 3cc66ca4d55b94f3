"""API v1: the person who answers: offers, availability, assignments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from django_filters import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ambassadors.routing import examples, reasons, services
from ambassadors.routing.availability import absences_of, availability_of, set_availability
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.serializers import (
    Assigned,
    AvailabilityWords,
    Declined,
    MeWords,
    OfferWords,
    ReasonList,
    StatisticsWords,
)
from ambassadors.routing.statistics import statistics_of
from conversations.inbox.api import IF_MATCH, InConversation
from conversations.inbox.models import Conversation
from conversations.inbox.rights import must_serve
from conversations.inbox.serializers import ConversationWords, Nothing
from crm.access.idempotency import once
from crm.access.tokens import actor_of, person
from crm.organisation.models import Employee
from crm.organisation.people import employee_named, employee_of


class Me(APIView):
    @extend_schema(operation_id="me_retrieve", responses=MeWords)
    def get(self, request: Request) -> Response:
        """Who the token belongs to, their roles, and how much they carry."""
        return Response(MeWords(person(request)).data)


class MyAvailability(APIView):
    @extend_schema(operation_id="availability_retrieve", responses=AvailabilityWords)
    def get(self, request: Request) -> Response:
        """When and for what you may be asked."""
        return Response(_availability(employee_of(person(request))))

    @extend_schema(
        operation_id="availability_update",
        request=AvailabilityWords,
        responses=AvailabilityWords,
    )
    def patch(self, request: Request) -> Response:
        """Changes what is given and leaves the rest."""
        employee = employee_of(person(request))
        body = AvailabilityWords(data=request.data)
        body.is_valid(raise_exception=True)
        changes: dict[str, Any] = dict(body.validated_data)
        absences = changes.pop("absences", None)
        spans = None if absences is None else [(a["starts_at"], a["ends_at"]) for a in absences]
        set_availability(employee, by=actor_of(request), changes=changes, absences=spans)
        return Response(_availability(employee))


class MyStatistics(APIView):
    @extend_schema(
        operation_id="statistics_retrieve",
        responses=StatisticsWords,
        examples=[examples.STATISTICS],
    )
    def get(self, request: Request) -> Response:
        """What you did in the last thirteen weeks; shown to you and your lead alone."""
        found = statistics_of(employee_of(person(request)), at=timezone.now())
        return Response(StatisticsWords(found).data)


_SHOWN = (
    "active",
    "timezone",
    "hours",
    "topics",
    "levels",
    "languages",
    "most_open",
    "most_weekly",
    "minutes_weekly",
)


def _availability(employee: Employee) -> dict[str, Any]:
    available = availability_of(employee)
    shown: dict[str, Any] = {name: getattr(available, name) for name in _SHOWN}
    shown["absences"] = absences_of(employee, at=timezone.now())
    return dict(AvailabilityWords(shown).data)


class OfferFilters(FilterSet):
    """state may be repeated."""

    state = MultipleChoiceFilter(choices=OfferState.choices)

    class Meta:
        model = Offer
        fields: list[str] = []


class _MyOffers(GenericAPIView[Offer]):
    serializer_class = OfferWords
    queryset = Offer.objects.none()

    def get_queryset(self) -> QuerySet[Offer]:
        return Offer.objects.filter(employee__user=person(self.request)).select_related(
            "employee", "conversation"
        )


@extend_schema_view(get=extend_schema(operation_id="offers_list", examples=[examples.OFFER]))
class Offers(_MyOffers, ListAPIView[Offer]):
    """What you were asked to answer, the newest first."""

    filterset_class = OfferFilters
    ordered_by = "-occurred_at"


@extend_schema_view(get=extend_schema(operation_id="offers_retrieve", examples=[examples.OFFER]))
class OneOffer(_MyOffers, RetrieveAPIView[Offer]):
    pass


class Accept(_MyOffers):
    @extend_schema(
        operation_id="offers_accept",
        request=Nothing,
        responses=OfferWords,
        examples=[examples.ACCEPTED],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Takes the conversation; 409 `offer_gone` when somebody or time was quicker."""
        offer = self.get_object()
        return once(request, lambda: self._accept(request, offer))

    def _accept(self, request: Request, offer: Offer) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        return Response(OfferWords(services.accept(offer, by=actor_of(request))).data)


class Decline(_MyOffers):
    @extend_schema(
        operation_id="offers_decline",
        request=Declined,
        responses=OfferWords,
        examples=[examples.NOT_MY_TOPIC, examples.ABSENT, examples.DECLINED],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """The next person is asked at once."""
        offer = self.get_object()
        return once(request, lambda: self._decline(request, offer))

    def _decline(self, request: Request, offer: Offer) -> Response:
        body = Declined(data=request.data)
        body.is_valid(raise_exception=True)
        declined = services.decline(offer, by=actor_of(request), **body.validated_data)
        return Response(OfferWords(declined).data)


class DeclineReasons(APIView):
    @extend_schema(
        operation_id="decline_reasons_list", responses=ReasonList, examples=[examples.REASONS]
    )
    def get(self, request: Request) -> Response:
        """What an offer may be declined with, in the company's order; the whole list."""
        return Response(ReasonList({"results": reasons.choices()}).data)


class Assign(InConversation):
    @extend_schema(
        operation_id="conversations_assign",
        parameters=[IF_MATCH],
        request=Assigned,
        responses=ConversationWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Gives the conversation to somebody; for the staff of its unit. 409 `owned` while a
        colleague has it, unless you say `how`."""
        conversation = self.conversation
        return once(request, lambda: self._assign(request, conversation))

    def _assign(self, request: Request, conversation: Conversation) -> Response:
        body = Assigned(data=request.data)
        body.is_valid(raise_exception=True)
        must_serve(conversation, person(request))
        employee = employee_named(body.validated_data["employee"])
        how = body.validated_data.get("how")
        services.give(
            self.as_read(),
            employee=employee,
            how=services.How(how) if how else None,
            by=actor_of(request),
        )
        return self.answer()


urlpatterns = [
    path("me/", Me.as_view()),
    path("me/availability/", MyAvailability.as_view()),
    path("me/statistics/", MyStatistics.as_view()),
    path("offers/", Offers.as_view()),
    path("offers/<uuid:pk>/", OneOffer.as_view()),
    path("offers/<uuid:pk>/accept/", Accept.as_view()),
    path("offers/<uuid:pk>/decline/", Decline.as_view()),
    path("decline-reasons/", DeclineReasons.as_view()),
    path("conversations/<uuid:pk>/assign/", Assign.as_view()),
]
