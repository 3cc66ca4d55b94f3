"""API v1: people outside, for the staff of a unit that knows them: blocked, merged, told apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.tokens import actor_of, person
from crm.contacts import consent, duplicates, merging
from crm.contacts.models import (
    ConsentSource,
    Contact,
    ContactMerge,
    Duplicate,
    Purpose,
)
from crm.contacts.services import block
from crm.errors import Conflict, Invalid, Missing
from crm.privacy import examples
from crm.privacy import serializers as words
from crm.privacy.filters import PersonFilters
from crm.privacy.pages import newest_of, wishes


class _People(GenericAPIView[Contact]):
    permission_classes = [StaffOnly]
    serializer_class = words.PersonWords
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        mine = merging.known_to(person(self.request))
        return mine.prefetch_related("identities", "units")

    def said(self, contact: Contact) -> Response:
        return Response(words.PersonWords(self.get_queryset().get(pk=contact.pk)).data)


@extend_schema_view(get=extend_schema(operation_id="contacts_list", examples=[examples.PERSON]))
class People(_People, ListAPIView[Contact]):
    """The people that are known in your units."""

    filterset_class = PersonFilters


@extend_schema_view(get=extend_schema(operation_id="contacts_retrieve", examples=[examples.PERSON]))
class OnePerson(_People, RetrieveAPIView[Contact]):
    pass


class Block(_People):
    @extend_schema(
        operation_id="contacts_block",
        request=words.Blocking,
        responses=words.PersonWords,
        examples=[examples.BLOCKING, examples.PERSON],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """What they write is kept as spam and offered to nobody, until you say otherwise."""
        contact = self.get_object()
        body = words.Blocking(data=request.data)
        body.is_valid(raise_exception=True)

        def act() -> Response:
            block(contact, blocked=body.validated_data["blocked"], by=actor_of(request))
            return self.said(contact)

        return once(request, act)


class Consents(_People):
    @extend_schema(
        operation_id="consents_list", responses=words.Consents, examples=[examples.CONSENTS]
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """For each address and purpose what is in force, and what was said last."""
        return self._told(self.get_object())

    @extend_schema(
        operation_id="consents_create",
        request=words.ConsentSaid,
        responses={201: words.Consents},
        examples=[examples.CONSENT_SAID, examples.CONSENTS],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Keeps what the person told you of one purpose."""
        contact = self.get_object()
        body = words.ConsentSaid(data=request.data)
        body.is_valid(raise_exception=True)
        return once(request, lambda: self._say(contact, body.validated_data))

    def _say(self, contact: Contact, said: dict[str, Any]) -> Response:
        identity = contact.identities.filter(pk=said["address"]).first()
        if identity is None:
            raise Invalid(_("this is not an address of theirs"), code="unknown_address")
        consent.say(
            identity,
            Purpose(said["purpose"]),
            given=said["given"],
            source=ConsentSource.TOLD,
            by=actor_of(self.request),
        )
        return self._told(contact, status=201)

    @staticmethod
    def _told(contact: Contact, *, status: int = 200) -> Response:
        identities = list(contact.identities.order_by("pk")[:100])
        newest = newest_of(identities)
        found = [
            {
                "address": identity.pk,
                "purpose": each.purpose,
                "given": each.given,
                "said_at": each.said.occurred_at if each.said else None,
                "how": each.said.source if each.said else None,
            }
            for identity in identities
            for each in wishes(identity, newest)
        ]
        return Response(words.Consents({"results": found}).data, status=status)


class Merge(_People):
    @extend_schema(
        operation_id="contacts_merge",
        request=words.Merging,
        responses={201: words.MergeWords},
        examples=[examples.MERGING, examples.MERGED],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """The other is the same person as this one. You must serve a unit of both."""
        into = self.get_object()
        body = words.Merging(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        other = self.get_queryset().filter(pk=said["other"]).first()
        if other is None:
            raise Missing(_("there is no such contact"))

        def act() -> Response:
            choices = dict(said.get("choices", {}))
            made = merging.merge(into, other, choices=choices, by=actor_of(request))
            return Response(words.MergeWords(made).data, status=201)

        return once(request, act)


class Unmerge(_People):
    @extend_schema(
        operation_id="contacts_unmerge",
        request=None,
        responses=words.MergeWords,
        examples=[examples.UNMERGED],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """The merge that absorbed this contact is undone: they are two people again."""
        absorbed = self.get_object()

        def act() -> Response:
            rows = ContactMerge.objects.select_related("into", "absorbed")
            made = rows.filter(absorbed=absorbed, undone_at=None).first()
            if made is None:
                raise Conflict(_("this contact is merged into nobody"), code="not_merged")
            return Response(words.MergeWords(merging.undo(made, by=actor_of(request))).data)

        return once(request, act)


@extend_schema_view(
    get=extend_schema(operation_id="duplicates_list", examples=[examples.DUPLICATE])
)
class Duplicates(ListAPIView[Duplicate]):
    """Pairs that may be one person, with what they have alike; both known in your units."""

    permission_classes = [StaffOnly]
    serializer_class = words.PairWords
    queryset = Duplicate.objects.none()
    ordered_by = "-found_at"

    def get_queryset(self) -> QuerySet[Duplicate]:
        return duplicates.open_to(person(self.request))


class Dismiss(GenericAPIView[Duplicate]):
    permission_classes = [StaffOnly]
    serializer_class = words.PairWords
    queryset = Duplicate.objects.none()

    def get_queryset(self) -> QuerySet[Duplicate]:
        return duplicates.open_to(person(self.request))

    @extend_schema(
        operation_id="duplicates_dismiss",
        request=None,
        responses=words.PairWords,
        examples=[examples.DUPLICATE],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """They are two people."""
        pair = self.get_object()

        def act() -> Response:
            duplicates.dismiss(pair, by=actor_of(request))
            return Response(words.PairWords(pair).data)

        return once(request, act)


urlpatterns = [
    path("contacts/", People.as_view()),
    path("contacts/<uuid:pk>/", OnePerson.as_view()),
    path("contacts/<uuid:pk>/block/", Block.as_view()),
    path("contacts/<uuid:pk>/consents/", Consents.as_view()),
    path("contacts/<uuid:pk>/merge/", Merge.as_view()),
    path("contacts/<uuid:pk>/unmerge/", Unmerge.as_view()),
    path("duplicates/", Duplicates.as_view()),
    path("duplicates/<uuid:pk>/dismiss/", Dismiss.as_view()),
]
