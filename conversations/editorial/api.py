"""API v1: the editorial plan, for the staff of its units."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django_filters import (
    CharFilter,
    FilterSet,
    IsoDateTimeFilter,
    MultipleChoiceFilter,
    UUIDFilter,
)
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.channels.api import served_by
from conversations.channels.models import Channel
from conversations.editorial import examples, learning, life
from conversations.editorial.models import Publication, PublicationState
from conversations.editorial.serializers import (
    ApprovedEdition,
    ChangedPublication,
    ComparisonMade,
    ConfirmedOut,
    DecisionMade,
    MovedPlan,
    NewPublication,
    OnePublicationWords,
    PublicationWords,
    SentBackPlan,
)
from conversations.inbox.serializers import Nothing
from crm.access.idempotency import once
from crm.access.permissions import StaffOnly
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.strict import Body


class PublicationFilters(FilterSet):
    """since, until: of the planned time, the first included, the second not."""

    state = MultipleChoiceFilter(choices=PublicationState.choices)
    channel = UUIDFilter(field_name="channel_id")
    author = UUIDFilter(field_name="author_id")
    topic = CharFilter(field_name="topic", max_length=60)
    since = IsoDateTimeFilter(field_name="publish_at", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="publish_at", lookup_expr="lt")

    class Meta:
        model = Publication
        fields: list[str] = []


class _Publications(GenericAPIView[Publication]):
    permission_classes = [StaffOnly]
    serializer_class = PublicationWords
    queryset = Publication.objects.none()
    ordered_by = "publish_at"

    def get_queryset(self) -> QuerySet[Publication]:
        return Publication.objects.visible_to(person(self.request)).with_names()

    def shown(self, pk: uuid.UUID, status: int = 200) -> Response:
        return Response(OnePublicationWords(self.get_queryset().get(pk=pk)).data, status=status)

    def channel(self, pk: uuid.UUID) -> Channel:
        found = served_by(person(self.request)).filter(pk=pk).first()
        if found is None:
            raise Invalid("there is no such channel", code="unknown_channel")
        return found


class Publications(_Publications, ListAPIView[Publication]):
    filterset_class = PublicationFilters

    @extend_schema(operation_id="publications_list", examples=[examples.LISTED])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The plan of the units you serve, by planned time."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="publications_create",
        request=NewPublication,
        responses={201: OnePublicationWords},
        examples=[examples.NEW, examples.SHOWN],
    )
    def post(self, request: Request) -> Response:
        """A draft; `submit` asks for approval."""
        return once(request, lambda: self._plan(request))

    def _plan(self, request: Request) -> Response:
        body = NewPublication(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.said()
        said["channel"] = self.channel(said["channel"])
        planned = life.plan(said.pop("channel"), by=actor_of(request), **said)
        return self.shown(planned.pk, status=201)


class OnePublication(_Publications):
    @extend_schema(
        operation_id="publications_retrieve",
        responses=OnePublicationWords,
        examples=[examples.SHOWN],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """With what was measured, compared and decided."""
        return self.shown(self.get_object().pk)

    @extend_schema(
        operation_id="publications_update",
        request=ChangedPublication,
        responses=OnePublicationWords,
        examples=[examples.CHANGE, examples.SHOWN],
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Other words or another plan; what was approved has to be approved again."""
        row = self.get_object()
        body = ChangedPublication(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.said()
        if "channel" in said:
            said["channel"] = self.channel(said["channel"])
        life.change(row, by=actor_of(request), **said)
        return self.shown(row.pk)


Verb = Callable[..., object]


class _Act(_Publications):
    """One verb. form: what its body says."""

    verb: Verb
    form: type[Body] = Nothing
    status = 200

    def act(self, request: Request) -> Response:
        row = self.get_object()
        return once(request, lambda: self._act(request, row))

    def _act(self, request: Request, row: Publication) -> Response:
        body = self.form(data=request.data or {})
        body.is_valid(raise_exception=True)
        type(self).verb(row, by=actor_of(request), **self.words(body))
        return self.shown(row.pk, status=self.status)

    def words(self, body: Body) -> dict[str, Any]:
        said: dict[str, Any] = dict(body.validated_data)
        return {"to" if name == "publish_at" else name: value for name, value in said.items()}


def _act(
    name: str,
    verb: Verb,
    says: str,
    *,
    form: type[Body] = Nothing,
    example: OpenApiExample | None = None,
    status: int = 200,
) -> Any:
    """A view of its own for one verb, so that each address has its own document."""

    def post(self: _Act, request: Request, pk: UUID) -> Response:
        return self.act(request)

    post.__doc__ = says
    shown = [example, examples.SHOWN] if example else [examples.SHOWN]
    documented = extend_schema(
        operation_id=f"publications_{name}",
        request=form,
        responses={status: OnePublicationWords},
        examples=shown,
    )(post)
    body = {"verb": staticmethod(verb), "form": form, "status": status, "post": documented}
    return type(f"Publication_{name}", (_Act,), body).as_view()  # type: ignore[attr-defined]


ACTS: dict[str, Any] = {
    "submit": _act("submit", life.submit, "Asks for approval; the plan holds it from now on."),
    "approve": _act(
        "approve",
        life.approve,
        "For somebody else than its author; 409 `changed_since` for another `edition`.",
        form=ApprovedEdition,
        example=examples.APPROVE,
    ),
    "send-back": _act(
        "send_back",
        life.send_back,
        "A draft again, with what is missing.",
        form=SentBackPlan,
        example=examples.SEND_BACK,
    ),
    "move": _act(
        "move",
        life.move,
        "Another time; what was approved has to be approved again.",
        form=MovedPlan,
        example=examples.MOVE,
    ),
    "publish-now": _act(
        "publish_now", life.publish_now, "An approved one at once, or a failed one again."
    ),
    "publish-again": _act(
        "publish_again",
        life.publish_again,
        "You have looked: what is `unknown` did not appear, and is sent once more.",
    ),
    "confirm": _act(
        "confirm",
        life.confirm,
        "You have seen that it is out, or have published it by hand.",
        form=ConfirmedOut,
        example=examples.CONFIRM,
    ),
    "cancel": _act("cancel", life.cancel, "It will not appear."),
    "compare": _act(
        "compare",
        learning.compare,
        "What really came, beside what was expected; once, by a person.",
        form=ComparisonMade,
        example=examples.COMPARE,
    ),
    "decisions": _act(
        "decide",
        learning.decide,
        "What follows from the comparison; for another person than who compared.",
        form=DecisionMade,
        example=examples.DECIDE,
        status=201,
    ),
}

urlpatterns = [
    path("publications/", Publications.as_view()),
    path("publications/<uuid:pk>/", OnePublication.as_view()),
    *(path(f"publications/<uuid:pk>/{name}/", view) for name, view in ACTS.items()),
]
