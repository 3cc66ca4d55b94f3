"""API v1: approvals, one's own drafts and trust, policies and trainings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ambassadors.governance import approvals, corrections, escalations, examples, policies
from ambassadors.governance.models import CorrectionKind, Escalation, Policy
from ambassadors.governance.reading import drafts_of, steps_of, waiting_for
from ambassadors.governance.serializers import (
    ApprovalWords,
    Approved,
    CorrectionWords,
    EscalationWords,
    PolicyWords,
    Rewritten,
    SentBack,
    TakenWords,
    TrustWords,
    Wrong,
)
from ambassadors.governance.standing import ladder_of, standing
from conversations.inbox.models import Conversation, Message
from conversations.inbox.serializers import Nothing
from crm.access.idempotency import once
from crm.access.tokens import actor_of, person
from crm.organisation.models import Employee
from crm.organisation.people import employee_of
from crm.strict import Body
from crm.values import Actor


def words(messages: Sequence[Message], request: Request) -> Any:
    context = {"steps": steps_of(list(messages)), "request": request}
    return ApprovalWords(messages, many=True, context=context).data


class _Held(GenericAPIView[Message]):
    serializer_class = ApprovalWords
    queryset = Message.objects.none()
    ordered_by = "occurred_at"

    def act(self, request: Request, form: type[Body], verb: Callable[..., Message]) -> Response:
        """Checks the body, calls the verb, answers with the message as it is then."""
        message = self.get_object()
        return once(request, lambda: self._act(request, form, verb, message))

    def _act(
        self, request: Request, form: type[Body], verb: Callable[..., Message], message: Message
    ) -> Response:
        body = form(data=request.data or {})
        body.is_valid(raise_exception=True)
        done = verb(message, by=actor_of(request), **body.validated_data)
        return Response(words([done], request)[0])


class _ToDecide(_Held):
    def get_queryset(self) -> QuerySet[Message]:
        return waiting_for(person(self.request))


class _Mine(_Held):
    def get_queryset(self) -> QuerySet[Message]:
        return drafts_of(person(self.request))


class _List(_Held, ListAPIView[Message]):
    def answer(self) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(words(page or [], self.request))


class Approvals(_ToDecide, _List):
    @extend_schema(operation_id="approvals_list", examples=[examples.APPROVAL])
    def get(self, request: Request) -> Response:
        """Answers that wait for your decision, the oldest first."""
        return self.answer()


class OneApproval(_ToDecide):
    @extend_schema(operation_id="approvals_retrieve", examples=[examples.APPROVAL])
    def get(self, request: Request, pk: UUID) -> Response:
        """One of them, with what became of it so far."""
        return Response(words([self.get_object()], request)[0])


class Approve(_ToDecide):
    @extend_schema(
        operation_id="approvals_approve",
        request=Approved,
        responses=ApprovalWords,
        examples=[examples.APPROVE, examples.APPROVAL],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Sends it, in your words where you give any; 409 `stale` until `newest` is the newest."""
        return self.act(request, Approved, approvals.approve)


class SendBack(_ToDecide):
    @extend_schema(
        operation_id="approvals_send_back",
        request=SentBack,
        responses=ApprovalWords,
        examples=[examples.SEND_BACK, examples.APPROVAL],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Gives it back to its author with a comment."""
        return self.act(request, SentBack, approvals.send_back)


class Drafts(_Mine, _List):
    @extend_schema(operation_id="drafts_list", examples=[examples.APPROVAL])
    def get(self, request: Request) -> Response:
        """Your own answers that wait for approval or were sent back, the oldest first."""
        return self.answer()


class OneDraft(_Mine):
    @extend_schema(operation_id="drafts_retrieve", examples=[examples.APPROVAL])
    def get(self, request: Request, pk: UUID) -> Response:
        """One of them, with what was said of it."""
        return Response(words([self.get_object()], request)[0])


class Rewrite(_Mine):
    @extend_schema(
        operation_id="drafts_rewrite",
        request=Rewritten,
        responses=ApprovalWords,
        examples=[examples.REWRITE, examples.APPROVAL],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Other words, which wait for approval in their turn."""
        return self.act(request, Rewritten, approvals.rewrite)


class Drop(_Mine):
    @extend_schema(
        operation_id="drafts_drop",
        request=Nothing,
        responses=ApprovalWords,
        examples=[examples.APPROVAL],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Gives it up; it never goes out."""
        return self.act(request, Nothing, approvals.drop)


class Correct(APIView):
    queryset: QuerySet[Any] = Message.objects.none()

    @extend_schema(
        operation_id="messages_correct",
        request=Wrong,
        responses={201: CorrectionWords},
        examples=[examples.CORRECTION],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Notes that a sent answer was wrong; for its author and the unit's staff."""
        seen = Conversation.objects.visible_to(request.user)
        rows = Message.objects.select_related("conversation", "author_employee")
        message: Message = get_object_or_404(rows.filter(conversation__in=seen), pk=pk)
        return once(request, lambda: self._correct(request, message))

    def _correct(self, request: Request, message: Message) -> Response:
        body = Wrong(data=request.data)
        body.is_valid(raise_exception=True)
        kind = CorrectionKind(body.validated_data["kind"])
        made = corrections.correct(message, kind=kind, by=actor_of(request))
        return Response(CorrectionWords(made).data, status=201)


class MyTrust(APIView):
    @extend_schema(operation_id="trust_retrieve", responses=TrustWords, examples=[examples.TRUST])
    def get(self, request: Request) -> Response:
        """Whether your answers go out at once, by which rule, and what counted so far."""
        employee = employee_of(person(request))
        ladder = ladder_of(employee.department.unit)
        if ladder is None:
            return Response(TrustWords(_NO_LADDER).data)
        trust = standing(employee, ladder)
        said = {
            "ladder": True,
            "trusted": trust.trusted,
            "points": trust.points,
            "threshold": trust.threshold,
            "correction_cost": ladder.correction_cost,
            "withdrawal_cost": ladder.withdrawal_cost,
            "lines": trust.lines,
        }
        return Response(TrustWords(said).data)


_NO_LADDER: dict[str, Any] = {
    "ladder": False,
    "trusted": True,
    "points": 0,
    "threshold": 0,
    "correction_cost": 0,
    "withdrawal_cost": 0,
    "lines": [],
}


class _Page(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class PolicyPage(_Page):
    results = PolicyWords(many=True)


class TakenPage(_Page):
    results = TakenWords(many=True)


def _short_page(results: Any) -> Response:
    return Response({"next": None, "previous": None, "results": results})


class Policies(APIView):
    @extend_schema(operation_id="policies_list", responses=PolicyPage, examples=[examples.POLICIES])
    def get(self, request: Request) -> Response:
        """Policies in force, and versions announced, as you have them; one page, unread first."""
        found = policies.duties(employee_of(person(request)), at=timezone.now())
        return _short_page(PolicyWords(found, many=True).data)


class Acknowledge(APIView):
    queryset: QuerySet[Any] = Policy.objects.none()

    @extend_schema(
        operation_id="policies_acknowledge",
        request=Nothing,
        responses=PolicyWords,
        examples=[examples.POLICY],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Says, as yourself, that you have read this version; 409 for a former one."""
        employee = employee_of(person(request))
        policy = get_object_or_404(Policy, pk=pk)
        return once(request, lambda: self._acknowledge(request, policy, employee))

    def _acknowledge(self, request: Request, policy: Policy, employee: Employee) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        by: Actor = actor_of(request)
        policies.acknowledge(policy, by=by)
        duties = policies.duties(employee, at=timezone.now())
        which = policy.name, policy.version
        mine = next(duty for duty in duties if (duty.policy.name, duty.policy.version) == which)
        return Response(PolicyWords(mine).data)


class MyTrainings(APIView):
    @extend_schema(
        operation_id="trainings_list", responses=TakenPage, examples=[examples.TRAININGS]
    )
    def get(self, request: Request) -> Response:
        """What you were trained in, and until when it holds; one page."""
        found = policies.trainings_of(employee_of(person(request)))
        return _short_page(TakenWords(found, many=True).data)


class _Escalations(GenericAPIView[Escalation]):
    serializer_class = EscalationWords
    queryset = Escalation.objects.none()
    ordered_by = "-occurred_at"

    def get_queryset(self) -> QuerySet[Escalation]:
        seen = Conversation.objects.visible_to(self.request.user)
        return Escalation.objects.filter(conversation__in=seen, source__isnull=False)

    def act(self, request: Request, verb: Callable[..., Escalation]) -> Response:
        escalation = self.get_object()
        return once(request, lambda: self._act(request, verb, escalation))

    def _act(
        self, request: Request, verb: Callable[..., Escalation], escalation: Escalation
    ) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        return Response(EscalationWords(verb(escalation, by=actor_of(request))).data)


@extend_schema_view(
    get=extend_schema(operation_id="escalations_list", examples=[examples.ESCALATION])
)
class Escalations(_Escalations, ListAPIView[Escalation]):
    """What reached a named role in conversations that you can see, the newest first."""


class Take(_Escalations):
    @extend_schema(
        operation_id="escalations_take",
        request=Nothing,
        responses=EscalationWords,
        examples=[examples.ESCALATION],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """You have it before you; for the people of the named role."""
        return self.act(request, escalations.take)


class LetGo(_Escalations):
    @extend_schema(
        operation_id="escalations_let_go",
        request=Nothing,
        responses=EscalationWords,
        examples=[examples.ESCALATION],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """No objection: answers may go out again. For the people of the named role."""
        return self.act(request, escalations.let_go)


urlpatterns = [
    path("escalations/", Escalations.as_view()),
    path("escalations/<uuid:pk>/take/", Take.as_view()),
    path("escalations/<uuid:pk>/let-go/", LetGo.as_view()),
    path("approvals/", Approvals.as_view()),
    path("approvals/<uuid:pk>/", OneApproval.as_view()),
    path("approvals/<uuid:pk>/approve/", Approve.as_view()),
    path("approvals/<uuid:pk>/send-back/", SendBack.as_view()),
    path("drafts/", Drafts.as_view()),
    path("drafts/<uuid:pk>/", OneDraft.as_view()),
    path("drafts/<uuid:pk>/rewrite/", Rewrite.as_view()),
    path("drafts/<uuid:pk>/drop/", Drop.as_view()),
    path("messages/<uuid:pk>/corrections/", Correct.as_view()),
    path("me/trust/", MyTrust.as_view()),
    path("me/trainings/", MyTrainings.as_view()),
    path("policies/", Policies.as_view()),
    path("policies/<uuid:pk>/acknowledge/", Acknowledge.as_view()),
]
