"""API v1: copies and erasures of a person, for who serves every unit that knows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.tokens import actor_of, person
from crm.contacts import merging
from crm.contacts.models import (
    Contact,
)
from crm.errors import Missing
from crm.privacy import examples, exporting, services
from crm.privacy import serializers as words
from crm.privacy.exporting import download
from crm.privacy.models import ContactExport, Erasure
from crm.privacy.services import seen_by


def _contact_of(request: Request, pk: UUID) -> Contact:
    contact = merging.known_to(person(request)).filter(pk=pk).first()
    if contact is None:
        raise Missing(_("there is no such contact"))
    return contact


class Exports(GenericAPIView[ContactExport]):
    permission_classes = [StaffOnly]
    serializer_class = words.ExportWords
    queryset = ContactExport.objects.none()

    def get_queryset(self) -> QuerySet[ContactExport]:
        return ContactExport.objects.filter(asked_by=person(self.request))

    @extend_schema(
        operation_id="exports_create",
        request=words.Exporting,
        responses={201: words.ExportWords, 404: None},
        examples=[examples.EXPORTING, examples.EXPORT_ASKED],
    )
    def post(self, request: Request) -> Response:
        """Has a copy of all that is one person's put together; ask again until it is ready."""
        body = words.Exporting(data=request.data)
        body.is_valid(raise_exception=True)
        contact = _contact_of(request, body.validated_data["contact"])

        def act() -> Response:
            made = exporting.ask(contact, by=actor_of(request))
            return Response(words.ExportWords(made).data, status=201)

        return once(request, act)


@extend_schema_view(get=extend_schema(operation_id="exports_retrieve", examples=[examples.EXPORT]))
class OneExport(RetrieveAPIView[ContactExport]):
    """A copy that you asked for."""

    permission_classes = [StaffOnly]
    serializer_class = words.ExportWords
    queryset = ContactExport.objects.none()

    def get_queryset(self) -> QuerySet[ContactExport]:
        return ContactExport.objects.filter(asked_by=person(self.request))


class ExportFile(OneExport):
    @extend_schema(
        operation_id="exports_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        examples=[examples.FILE],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """The ZIP file: person.json and the files it names."""
        export = self.get_object()
        return download(exporting.opened(export, by=actor_of(request)), export)


class _Erasures(GenericAPIView[Erasure]):
    permission_classes = [StaffOnly]
    serializer_class = words.ErasureWords
    queryset = Erasure.objects.none()

    def get_queryset(self) -> QuerySet[Erasure]:
        rows = Erasure.objects.select_related("contact")
        return seen_by(person(self.request), rows)


@extend_schema_view(get=extend_schema(operation_id="erasures_list", examples=[examples.ERASURE]))
class Erasures(_Erasures, ListAPIView[Erasure]):
    """What was asked for, agreed to and done, of people whose every unit you serve."""

    ordered_by = "-occurred_at"

    @extend_schema(
        operation_id="erasures_create",
        request=words.Erasing,
        responses={201: words.ErasureWords, 404: None},
        examples=[examples.ERASING, examples.ERASURE_ASKED],
    )
    def post(self, request: Request) -> Response:
        """Asks that all of one person goes; nothing does before somebody else agrees."""
        body = words.Erasing(data=request.data)
        body.is_valid(raise_exception=True)
        contact = _contact_of(request, body.validated_data["contact"])
        ground = body.validated_data["ground"]

        def act() -> Response:
            made = services.ask(contact, ground=ground, by=actor_of(request))
            return Response(words.ErasureWords(made).data, status=201)

        return once(request, act)


@extend_schema_view(
    get=extend_schema(operation_id="erasures_retrieve", examples=[examples.ERASURE])
)
class OneErasure(_Erasures, RetrieveAPIView[Erasure]):
    pass


class Approve(_Erasures):
    @extend_schema(
        operation_id="erasures_approve",
        request=None,
        responses=words.ErasureWords,
        examples=[examples.ERASURE],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Agrees to what somebody else asked for. It begins, and can't be undone."""
        erasure = self.get_object()

        def act() -> Response:
            made = services.approve(erasure, by=actor_of(request))
            return Response(words.ErasureWords(made).data)

        return once(request, act)


class Refuse(_Erasures):
    @extend_schema(
        operation_id="erasures_refuse",
        request=None,
        responses=words.ErasureWords,
        examples=[examples.ERASURE],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Nothing is changed. Who asked may take it back by this too."""
        erasure = self.get_object()

        def act() -> Response:
            return Response(words.ErasureWords(services.refuse(erasure, by=actor_of(request))).data)

        return once(request, act)


urlpatterns = [
    path("exports/", Exports.as_view()),
    path("exports/<uuid:pk>/", OneExport.as_view()),
    path("exports/<uuid:pk>/file/", ExportFile.as_view()),
    path("erasures/", Erasures.as_view()),
    path("erasures/<uuid:pk>/", OneErasure.as_view()),
    path("erasures/<uuid:pk>/approve/", Approve.as_view()),
    path("erasures/<uuid:pk>/refuse/", Refuse.as_view()),
]
