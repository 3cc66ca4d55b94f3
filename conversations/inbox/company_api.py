"""API v1: working on one conversation together. Who is there, who was asked in, whose it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.inbox import invitations, presence, takeovers
from conversations.inbox.api import InConversation
from conversations.inbox.models import (
    Conversation,
    Participant,
    ParticipantRole,
    Takeover,
    TakeoverState,
)
from conversations.inbox.rights import must_answer, must_invite
from conversations.inbox.serializers import EmployeeWords, Nothing
from crm.access.idempotency import once
from crm.access.tokens import actor_of, person
from crm.errors import Missing
from crm.organisation.people import employee_named
from crm.strict import Body, Id


class SomebodyWords(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=list(presence.STATES))


class TakeoverWords(serializers.ModelSerializer[Takeover]):
    """taker: for whom it was asked, null when the asker wants it themself."""

    id = serializers.UUIDField()
    asker = EmployeeWords()
    owner = EmployeeWords()
    taker = EmployeeWords(allow_null=True)
    state = serializers.ChoiceField(choices=TakeoverState.choices)
    asked_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Takeover
        fields = ["id", "asker", "owner", "taker", "state", "asked_at", "ended_at"]
        read_only_fields = fields


class PresenceWords(serializers.Serializer[Any]):
    """others: who else is there. takeover: what is asked of the owner just now."""

    others = SomebodyWords(many=True)
    owner = EmployeeWords(allow_null=True)
    takeover = TakeoverWords(allow_null=True)


class Being(Body):
    state = serializers.ChoiceField(choices=[*presence.STATES, "away"])


class InvitationWords(serializers.ModelSerializer[Participant]):
    name = serializers.CharField(source="user.name")
    role = serializers.ChoiceField(choices=invitations.CHOICES)
    invited_by = EmployeeWords(allow_null=True)
    employee = serializers.SerializerMethodField()

    class Meta:
        model = Participant
        fields = ["id", "employee", "name", "role", "invited_by", "invited_at"]
        read_only_fields = fields

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_employee(self, row: Participant) -> str | None:
        employee = getattr(row.user, "employee", None)
        return str(employee.pk) if employee else None


class Invited(serializers.Serializer[Any]):
    """Few: never more than one page."""

    results = InvitationWords(many=True)


class Inviting(Body):
    """role: `advising` reads and writes notes, `helping` answers as well."""

    employee = Id()
    role = serializers.ChoiceField(choices=invitations.CHOICES)


_THERE = OpenApiExample(
    "A colleague writes",
    value={"others": [{"name": "Camille", "state": "writing"}], "owner": None, "takeover": None},
    response_only=True,
)
_ADA = {"id": "0192d3c4-0000-7000-8000-000000000001", "name": "Ada"}
_EVE = {"id": "0192d3c4-0000-7000-8000-000000000002", "name": "Eve"}
_EVE_ADVISES = {
    "id": 17,
    "employee": _EVE["id"],
    "name": "Eve",
    "role": "advising",
    "invited_by": _ADA,
    "invited_at": "2026-11-24T09:30:00Z",
}
_INVITED = OpenApiExample("An adviser", value={"results": [_EVE_ADVISES]}, response_only=True)


def _takeover(state: str, ended_at: str | None = "2026-11-24T09:34:00Z") -> list[OpenApiExample]:
    value = {
        "id": "0192d3c4-0000-7000-8000-000000000003",
        "asker": _EVE,
        "owner": _ADA,
        "taker": None,
        "state": state,
        "asked_at": "2026-11-24T09:30:00Z",
        "ended_at": ended_at,
    }
    return [OpenApiExample(state.title(), value=value, response_only=True)]


class Presence(InConversation):
    @extend_schema(operation_id="presence_retrieve", responses=PresenceWords, examples=[_THERE])
    def get(self, request: Request, pk: UUID) -> Response:
        """Who else has the conversation open, and whose it is."""
        return self._told(presence.who(self.conversation.pk, person(request)))

    @extend_schema(
        operation_id="presence_update",
        request=Being,
        responses=PresenceWords,
        examples=[
            _THERE,
            OpenApiExample(
                "While an answer is typed", value={"state": "writing"}, request_only=True
            ),
        ],
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Says that you are there; forgotten 30 seconds later, so say it again every 10."""
        body = Being(data=request.data)
        body.is_valid(raise_exception=True)
        state = body.validated_data["state"].replace("away", "")
        return self._told(presence.be(self.conversation.pk, person(request), state=state))

    def _told(self, others: list[presence.Somebody]) -> Response:
        conversation = self.conversation
        words = PresenceWords(
            {
                "others": [asdict(one) for one in others],
                "owner": conversation.assignee,
                "takeover": takeovers.asked(conversation),
            }
        )
        return Response(words.data)


class Invitations(InConversation):
    @extend_schema(operation_id="invitations_list", responses=Invited, examples=[_INVITED])
    def get(self, request: Request, pk: UUID) -> Response:
        """Colleagues who were asked into this one conversation."""
        rows = invitations.invited(self.conversation).select_related("user__employee", "invited_by")
        return Response(Invited({"results": rows}).data)

    @extend_schema(
        operation_id="invitations_create",
        request=Inviting,
        responses={201: InvitationWords},
        examples=[
            OpenApiExample(
                "To advise",
                value={"employee": _EVE["id"], "role": "advising"},
                request_only=True,
            ),
            OpenApiExample("Invited", value=_EVE_ADVISES, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks a colleague in; they are told by mail. For who serves or has the conversation."""
        conversation = self.conversation
        return once(request, lambda: self._invite(request, conversation))

    def _invite(self, request: Request, conversation: Conversation) -> Response:
        body = Inviting(data=request.data)
        body.is_valid(raise_exception=True)
        must_invite(conversation, person(request))
        employee = employee_named(body.validated_data["employee"])
        row = invitations.invite(
            conversation,
            employee=employee,
            role=ParticipantRole(body.validated_data["role"]),
            by=actor_of(request),
        )
        return Response(InvitationWords(row).data, status=201)


class OneInvitation(InConversation):
    @extend_schema(operation_id="invitations_destroy", responses={204: None})
    def delete(self, request: Request, pk: UUID, number: int) -> Response:
        """Ends it: what came with it is over at once."""
        conversation = self.conversation
        must_invite(conversation, person(request))
        row = invitations.invited(conversation).filter(pk=number).first()
        if row is None:
            raise Missing(_("this invitation has ended already"))
        invitations.uninvite(row, by=actor_of(request))
        return Response(status=204)


class AskTakeover(InConversation):
    @extend_schema(
        operation_id="takeover_ask",
        examples=_takeover("asked", ended_at=None),
        request=Nothing,
        responses={201: TakeoverWords},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks the owner to hand the conversation over. Asked again, the same stands."""
        conversation = self.conversation
        return once(request, lambda: self._ask(request, conversation))

    def _ask(self, request: Request, conversation: Conversation) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        must_answer(conversation, person(request))
        asked = takeovers.ask(conversation, by=actor_of(request))
        return Response(TakeoverWords(asked).data, status=201)


class _Decision(InConversation):
    verb: Any

    def decide(self, request: Request) -> Response:
        conversation = self.conversation
        return once(request, lambda: self._decide(request, conversation))

    def _decide(self, request: Request, conversation: Conversation) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        must_answer(conversation, person(request))
        decided = type(self).verb(conversation, by=actor_of(request))
        return Response(TakeoverWords(decided).data)


class AgreeToTakeover(_Decision):
    verb = takeovers.agree

    @extend_schema(
        operation_id="takeover_agree",
        examples=_takeover("agreed"),
        request=Nothing,
        responses=TakeoverWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """The owner hands it over to who asked."""
        return self.decide(request)


class RefuseTakeover(_Decision):
    verb = takeovers.refuse

    @extend_schema(
        operation_id="takeover_refuse",
        examples=_takeover("refused"),
        request=Nothing,
        responses=TakeoverWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """The owner keeps it."""
        return self.decide(request)


class ForceTakeover(_Decision):
    verb = takeovers.force

    @extend_schema(
        operation_id="takeover_force",
        examples=_takeover("forced"),
        request=Nothing,
        responses=TakeoverWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Takes it without consent: the unit's staff at once, who asked after 15 minutes."""
        return self.decide(request)


urlpatterns = [
    path("conversations/<uuid:pk>/presence/", Presence.as_view()),
    path("conversations/<uuid:pk>/invitations/", Invitations.as_view()),
    path("conversations/<uuid:pk>/invitations/<int:number>/", OneInvitation.as_view()),
    path("conversations/<uuid:pk>/takeover/", AskTakeover.as_view()),
    path("conversations/<uuid:pk>/takeover/agree/", AgreeToTakeover.as_view()),
    path("conversations/<uuid:pk>/takeover/refuse/", RefuseTakeover.as_view()),
    path("conversations/<uuid:pk>/takeover/force/", ForceTakeover.as_view()),
]
