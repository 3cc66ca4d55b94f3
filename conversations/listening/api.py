"""API v1: places, watches and mentions, for staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import path
from django_filters import (
    BooleanFilter,
    CharFilter,
    ChoiceFilter,
    FilterSet,
    IsoDateTimeFilter,
    UUIDFilter,
)
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.inbox.serializers import Nothing
from conversations.listening import examples, places, promotion, triage, watches
from conversations.listening.models import (
    Health,
    Mention,
    Place,
    PlaceKind,
    Sentiment,
    TriageOutcome,
    Watch,
)
from conversations.listening.serializers import (
    ChangedPlace,
    ChangedWatch,
    HeardMentionWords,
    NewPlace,
    NewWatch,
    OneHeardMentionWords,
    OneWatchWords,
    PlaceWords,
    Promoted,
    TogetherWords,
    Triaged,
    TriagedTogether,
    WatchWords,
)
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.services import staffed_units
from crm.access.tokens import actor_of, person
from crm.errors import Invalid, Missing
from crm.organisation.models import Unit, User

_NONE = [("none", "none")]


def unit_named(said: str | None, user: User) -> Unit | None:
    """By the source's own id or ours, among those that the person serves."""
    if said is None:
        return None
    units = Unit.objects.all()
    served = staffed_units(user)
    units = units if served is None else units.filter(pk__in=served)
    try:
        own = Q(pk=UUID(said))
    except ValueError:
        own = Q()
    found = units.filter(Q(key=said) | own if own else Q(key=said)).first()
    if found is None:
        raise Invalid("there is no such unit", code="unknown_unit")
    return found


class PlaceFilters(FilterSet):
    kind = ChoiceFilter(choices=PlaceKind.choices)
    health = ChoiceFilter(choices=Health.choices)

    class Meta:
        model = Place
        fields: list[str] = []


class _Places(GenericAPIView[Place]):
    permission_classes = [StaffOnly]
    serializer_class = PlaceWords
    queryset = Place.objects.none()

    def get_queryset(self) -> QuerySet[Place]:
        rows = Place.objects.select_related("source__unit").annotate(id=F("source_id"))
        units = staffed_units(person(self.request))
        if units is None:
            return rows
        return rows.filter(Q(source__unit__in=units) | Q(source__unit=None))

    def shown(self, row: Place, status: int = 200) -> Response:
        return Response(PlaceWords(self.get_queryset().get(pk=row.pk)).data, status=status)


class Places(_Places, ListAPIView[Place]):
    filterset_class = PlaceFilters

    @extend_schema(operation_id="places_list", examples=[examples.PLACE])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Where your units and the whole company listen, and how that goes."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="places_create",
        request=NewPlace,
        responses={201: PlaceWords},
        examples=[examples.NEW_PLACE, examples.PLACE],
    )
    def post(self, request: Request) -> Response:
        """It is read within seconds. Without a unit it is the whole company's."""
        return once(request, lambda: self._add(request), told_once=())

    def _add(self, request: Request) -> Response:
        body = NewPlace(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        said["unit"] = unit_named(said.pop("unit", None), person(request))
        return self.shown(places.add_place(by=actor_of(request), **said), status=201)


class OnePlace(_Places):
    @extend_schema(operation_id="places_retrieve", examples=[examples.PLACE])
    def get(self, request: Request, pk: UUID) -> Response:
        """With what its last reading cost."""
        return self.shown(self.get_object())

    @extend_schema(
        operation_id="places_update",
        request=ChangedPlace,
        responses=PlaceWords,
        examples=[examples.CHANGED_PLACE, examples.PLACE],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """It keeps its unit and its kind. Another address is read from its beginning."""
        row, by = self.get_object(), actor_of(request)
        body = ChangedPlace(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        with transaction.atomic():
            paused = said.pop("paused", None)
            if said:
                places.change_place(row, by=by, **said)
            if paused is not None:
                places.pause_place(row, paused=paused, by=by)
        return self.shown(row)


class ReadPlace(_Places):
    @extend_schema(
        operation_id="places_read",
        request=Nothing,
        responses=PlaceWords,
        examples=[examples.PLACE],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Now, from its beginning; also what is gone for good."""
        row = self.get_object()
        return once(request, lambda: self.shown(places.read_again(row, by=actor_of(request))))


class _Watches(GenericAPIView[Watch]):
    permission_classes = [StaffOnly]
    serializer_class = WatchWords
    queryset = Watch.objects.none()

    def get_queryset(self) -> QuerySet[Watch]:
        rows = Watch.objects.visible_to(person(self.request))
        return rows.select_related("unit")

    def shown(self, row: Watch, status: int = 200) -> Response:
        return Response(OneWatchWords(self.get_queryset().get(pk=row.pk)).data, status=status)

    def said(self, body: NewWatch | ChangedWatch) -> dict[str, Any]:
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        if "unit" in said:
            said["unit"] = unit_named(said["unit"], person(self.request))
        return said


class Watches(_Watches, ListAPIView[Watch]):
    @extend_schema(operation_id="watches_list", examples=[examples.WATCH_LISTED])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What your units and the whole company listen for."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="watches_create",
        request=NewWatch,
        responses={201: OneWatchWords},
        examples=[examples.NEW_WATCH, examples.WATCH],
    )
    def post(self, request: Request) -> Response:
        """Terms that mean us, competitors by name, what excludes; without a unit for everybody."""
        return once(request, lambda: self._begin(request))

    def _begin(self, request: Request) -> Response:
        said = self.said(NewWatch(data=request.data))
        return self.shown(watches.begin_watch(by=actor_of(request), **said), status=201)


class OneWatch(_Watches):
    @extend_schema(
        operation_id="watches_retrieve", responses=OneWatchWords, examples=[examples.WATCH]
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """With every edit, the newest first."""
        return self.shown(self.get_object())

    @extend_schema(
        operation_id="watches_update",
        request=ChangedWatch,
        responses=OneWatchWords,
        examples=[examples.CHANGED_WATCH, examples.WATCH],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Each edit is dated and stays."""
        row = self.get_object()
        said = self.said(ChangedWatch(data=request.data))
        return self.shown(watches.change_watch(row, by=actor_of(request), **said))


class EndWatch(_Watches):
    @extend_schema(
        operation_id="watches_end",
        request=Nothing,
        responses=OneWatchWords,
        examples=[examples.WATCH],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """It hears nothing more; what it heard stays."""
        row = self.get_object()
        return once(request, lambda: self.shown(watches.end_watch(row, by=actor_of(request))))


class MentionFilters(FilterSet):
    """since, until: of the time it was heard, the first included, the second not.

    outcome, sentiment, language: `none` for those that have none. competitor: whom it is about.
    """

    outcome = ChoiceFilter(choices=[*_NONE, *TriageOutcome.choices], method="_or_none")
    sentiment = ChoiceFilter(
        choices=[*_NONE, *(each for each in Sentiment.choices if each[0])], method="_or_none"
    )
    language = ChoiceFilter(choices=[*_NONE, ("en", "en"), ("fr", "fr")], method="_or_none")
    watch = UUIDFilter(method="_of_watch")
    competitor = CharFilter(method="_of_competitor", max_length=200)
    promoted = BooleanFilter(field_name="promotion", lookup_expr="isnull", exclude=True)
    since = IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = Mention
        fields: list[str] = []

    def _or_none(self, rows: QuerySet[Mention], name: str, said: str) -> QuerySet[Mention]:
        return rows.filter(**{name: "" if said == "none" else said})

    def _of_watch(self, rows: QuerySet[Mention], name: str, said: UUID) -> QuerySet[Mention]:
        return rows.filter(sightings__watch=said).distinct()

    def _of_competitor(self, rows: QuerySet[Mention], name: str, said: str) -> QuerySet[Mention]:
        return rows.filter(sightings__competitor=said).distinct()


class _Mentions(GenericAPIView[Mention]):
    permission_classes = [StaffOnly]
    serializer_class = HeardMentionWords
    queryset = Mention.objects.none()
    ordered_by = "-occurred_at"

    def get_queryset(self) -> QuerySet[Mention]:
        return Mention.objects.visible_to(person(self.request)).with_names()

    def shown(self, row: Mention, status: int = 200) -> Response:
        rows = self.get_queryset().select_related("source__channel")
        return Response(OneHeardMentionWords(rows.get(pk=row.pk)).data, status=status)


class Mentions(_Mentions, ListAPIView[Mention]):
    filterset_class = MentionFilters

    @extend_schema(operation_id="mentions_list", examples=[examples.MENTION_LISTED])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was heard, the newest first."""
        return super().get(request, *args, **kwargs)


class OneMention(_Mentions):
    @extend_schema(
        operation_id="mentions_retrieve",
        responses=OneHeardMentionWords,
        examples=[examples.MENTION],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """With every decision about it."""
        return self.shown(self.get_object())


class TriageOne(_Mentions):
    @extend_schema(
        operation_id="mentions_triage",
        request=Triaged,
        responses=OneHeardMentionWords,
        examples=[examples.DECIDE, examples.MENTION],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Ignore, watch or engage; another decision later stands beside this one."""
        row = self.get_object()
        return once(request, lambda: self._triage(request, row))

    def _triage(self, request: Request, row: Mention) -> Response:
        body = Triaged(data=request.data)
        body.is_valid(raise_exception=True)
        triage.triage([row], by=actor_of(request), **body.validated_data)
        return self.shown(row)


class TriageTogether(_Mentions):
    @extend_schema(
        operation_id="mentions_triage_together",
        request=TriagedTogether,
        responses={200: TogetherWords, 404: None},
        examples=[examples.TOGETHER, examples.TRIAGED],
    )
    def post(self, request: Request) -> Response:
        """One decision about several, marked as made together. All must be yours to see."""
        return once(request, lambda: self._triage(request))

    def _triage(self, request: Request) -> Response:
        body = TriagedTogether(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        ids = set(said.pop("mentions"))
        rows = list(Mention.objects.visible_to(person(request)).filter(pk__in=ids))
        if len(rows) != len(ids):
            raise Missing("there is no such mention")
        made = triage.triage(rows, by=actor_of(request), **said)
        return Response({"triaged": len(made)})


class PromoteOne(_Mentions):
    @extend_schema(
        operation_id="mentions_promote",
        request=Promoted,
        responses={201: OneHeardMentionWords},
        examples=[examples.PROMOTE, examples.MENTION],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """A conversation with its author, in its thread; its clock starts now. Once."""
        row = self.get_object()
        return once(request, lambda: self._promote(request, row))

    def _promote(self, request: Request, row: Mention) -> Response:
        body = Promoted(data=request.data or {})
        body.is_valid(raise_exception=True)
        unit = unit_named(body.validated_data.get("unit"), person(request))
        promotion.promote(row, unit=unit, by=actor_of(request))
        return self.shown(row, status=201)


urlpatterns = [
    path("places/", Places.as_view()),
    path("places/<uuid:pk>/", OnePlace.as_view()),
    path("places/<uuid:pk>/read/", ReadPlace.as_view()),
    path("watches/", Watches.as_view()),
    path("watches/<uuid:pk>/", OneWatch.as_view()),
    path("watches/<uuid:pk>/end/", EndWatch.as_view()),
    path("mentions/", Mentions.as_view()),
    path("mentions/triage/", TriageTogether.as_view()),
    path("mentions/<uuid:pk>/", OneMention.as_view()),
    path("mentions/<uuid:pk>/triage/", TriageOne.as_view()),
    path("mentions/<uuid:pk>/promote/", PromoteOne.as_view()),
]
