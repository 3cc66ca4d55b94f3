"""API v1: conversations and their messages."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.inbox import services, templating, windows
from conversations.inbox.filters import ConversationFilters
from conversations.inbox.models import Conversation, Message, MessageKind
from conversations.inbox.rights import must_answer, must_note
from conversations.inbox.serializers import (
    ConversationWithTerms,
    ConversationWords,
    Importance,
    MessageWords,
    Needed,
    NewMessage,
    Nothing,
    Offered,
    Until,
)
from conversations.inbox.versions import must_match, tag
from crm.access.idempotency import once
from crm.access.tokens import actor_of, person
from crm.errors import Invalid
from crm.values import Actor


def shown_to(request: Request) -> QuerySet[Conversation]:
    """The conversations this person may see, with all that their words need."""
    visible = Conversation.objects.visible_to(request.user)
    related = visible.select_related("channel", "identity__contact", "assignee")
    return related.prefetch_related("deadlines")


SEARCH_COMPLETE = OpenApiParameter(
    "Search-Complete",
    bool,
    OpenApiParameter.HEADER,
    response=[200],
    description="With `q` only. false: older finds may be missing, the search ends in a second.",
)


@extend_schema_view(
    get=extend_schema(operation_id="conversations_list", parameters=[SEARCH_COMPLETE])
)
class Conversations(ListAPIView[Conversation]):
    """Conversations you can see, the last changed first; with `q`, those that hold the words."""

    serializer_class = ConversationWords
    queryset = Conversation.objects.none()
    filterset_class = ConversationFilters
    ordered_by = "-updated_at"

    def get_queryset(self) -> QuerySet[Conversation]:
        return shown_to(self.request)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        are_all = getattr(request, "finds_are_all", None)
        if are_all is not None:
            response["Search-Complete"] = "true" if are_all else "false"
        return response


@extend_schema_view(get=extend_schema(operation_id="conversations_retrieve"))
class OneConversation(RetrieveAPIView[Conversation]):
    serializer_class = ConversationWithTerms
    queryset = Conversation.objects.none()

    def get_queryset(self) -> QuerySet[Conversation]:
        return shown_to(self.request)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With the terms on which you would answer, and its ETag, for If-Match on what you do to it
        next."""
        found = self.get_object()
        return Response(self.get_serializer(found).data, headers=etag(found))


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the conversation as you read it: changed since, it is a 412.",
)


class InConversation(APIView):
    """A view below one conversation: who can't see it gets a 404."""

    queryset: QuerySet[Any] = Conversation.objects.none()

    @cached_property
    def conversation(self) -> Conversation:
        found: Conversation = get_object_or_404(shown_to(self.request), pk=self.kwargs["pk"])
        return found

    def as_read(self) -> Conversation:
        """Locked for the rest of the transaction. Raises Stale by the request's If-Match."""
        found = services.locked(self.conversation)
        named = self.request.headers.get("If-Match")
        if named is not None:
            must_match(found, named)
        return found

    def answer(self) -> Response:
        """The conversation as it is now."""
        fresh = shown_to(self.request).filter(pk=self.kwargs["pk"]).first() or self.conversation
        return Response(ConversationWords(fresh).data, headers=etag(fresh))


def etag(conversation: Conversation) -> dict[str, str]:
    return {"ETag": f'"{tag(conversation)}"'}


class Messages(InConversation, ListAPIView[Message]):
    """Messages of one conversation, oldest first."""

    serializer_class = MessageWords
    queryset = Message.objects.none()
    ordered_by = "occurred_at"

    def get_queryset(self) -> QuerySet[Message]:
        return with_words(self.conversation.messages.all())

    @extend_schema(operation_id="messages_list")
    def get(self, request: Request, pk: UUID) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="messages_create",
        parameters=[IF_MATCH],
        request=NewMessage,
        responses={201: MessageWords},
        extensions={"x-idempotency-key": "required"},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """A reply is queued for the person outside; a note stays inside."""
        conversation = self.conversation
        if isinstance(request.data, dict) and request.data.get("template") is not None:
            templating.offered(conversation)  # asked for outside of the transaction
        return once(request, lambda: self._write(request, conversation), required=True)

    def _write(self, request: Request, conversation: Conversation) -> Response:
        body = NewMessage(data=request.data)
        body.is_valid(raise_exception=True)
        self.as_read()
        written = _write(conversation, body.validated_data, request)
        message = with_words(Message.objects.filter(pk=written.pk)).get()
        words = MessageWords(message, context=self.get_serializer_context())
        return Response(words.data, status=201)


def _write(conversation: Conversation, said: dict[str, Any], request: Request) -> Message:
    articles, uploads = said.get("articles", []), said.get("files", [])
    by = actor_of(request)
    if (chosen := said.get("template")) is not None:
        return _write_template(conversation, said["kind"], chosen, by)
    if said["kind"] == MessageKind.REPLY:
        return services.reply(
            conversation, text=said["text"], articles=articles, uploads=uploads, by=by
        )
    if articles:
        raise Invalid(_("a note uses no articles"), code="note_with_articles")
    if uploads:
        raise Invalid(_("a note carries no files"), code="note_with_files")
    must_note(conversation, person(request))
    return services.note(conversation, text=said["text"], by=by)


def _write_template(
    conversation: Conversation, kind: str, chosen: dict[str, Any], by: Actor
) -> Message:
    if kind != MessageKind.REPLY:
        raise Invalid(_("a note uses no template"), code="note_with_template")
    name, language, values = chosen["name"], chosen["language"], chosen.get("values", {})
    words = templating.filled(conversation, name=name, language=language, values=values)
    return services.reply(conversation, text=words.text, template=words.kept, by=by)


def with_words(messages: QuerySet[Message]) -> QuerySet[Message]:
    """With all that the words of a message need: two queries, however many there are."""
    return messages.select_related(
        "author_identity__contact", "author_employee", "delivery"
    ).prefetch_related("attachments")


_PARCEL = {
    "window_until": "2026-11-25T09:30:00Z",
    "results": [
        {
            "name": "parcel_on_its_way",
            "language": "en",
            "text": "Hello {{1}}, your parcel comes {{2}}.",
            "above": "",
            "below": "Brand",
            "blanks": ["1", "2"],
        }
    ],
}


class Templates(InConversation):
    @extend_schema(
        operation_id="templates_list",
        responses=Offered,
        examples=[OpenApiExample("One with two blanks", value=_PARCEL, response_only=True)],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Texts that the conversation's network approved, and until when free words go out."""
        conversation = self.conversation
        must_answer(conversation, person(request))
        found = {
            "window_until": windows.closes_at(conversation),
            "results": templating.offered(conversation),
        }
        return Response(Offered(found).data)


class Close(InConversation):
    @extend_schema(
        operation_id="conversations_close",
        parameters=[IF_MATCH],
        request=Nothing,
        responses=ConversationWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Ends the exchange; closing a closed one changes nothing."""
        conversation = self.conversation
        return once(request, lambda: self._close(request, conversation))

    def _close(self, request: Request, conversation: Conversation) -> Response:
        Nothing(data=request.data or {}).is_valid(raise_exception=True)
        must_answer(conversation, person(request))
        services.close(self.as_read(), by=actor_of(request))
        return self.answer()


class Prioritise(InConversation):
    @extend_schema(
        operation_id="conversations_prioritise",
        examples=[OpenApiExample("At once", value={"priority": "urgent"}, request_only=True)],
        parameters=[IF_MATCH],
        request=Importance,
        responses=ConversationWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Its service levels then count by the new priority, from the same start."""
        conversation = self.conversation
        return once(request, lambda: self._prioritise(request, conversation))

    def _prioritise(self, request: Request, conversation: Conversation) -> Response:
        body = Importance(data=request.data)
        body.is_valid(raise_exception=True)
        must_answer(conversation, person(request))
        priority = body.validated_data["priority"]
        services.prioritise(self.as_read(), priority=priority, by=actor_of(request))
        return self.answer()


class Need(InConversation):
    @extend_schema(
        operation_id="conversations_decide_need",
        examples=[OpenApiExample("Only thanks", value={"value": False}, request_only=True)],
        parameters=[IF_MATCH],
        request=Needed,
        responses=ConversationWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Says whether it needs an answer. "No" takes it off the waiting list, and nobody is asked
        for it, until the person writes again; what counts is the first decision in time."""
        conversation = self.conversation
        return once(request, lambda: self._decide(request, conversation))

    def _decide(self, request: Request, conversation: Conversation) -> Response:
        body = Needed(data=request.data)
        body.is_valid(raise_exception=True)
        must_answer(conversation, person(request))
        value = body.validated_data["value"]
        services.decide_need(self.as_read(), value=value, by=actor_of(request))
        return self.answer()


class Snooze(InConversation):
    @extend_schema(
        operation_id="conversations_snooze",
        parameters=[IF_MATCH],
        request=Until,
        responses=ConversationWords,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Out of sight until then, or until the person writes."""
        conversation = self.conversation
        return once(request, lambda: self._snooze(request, conversation))

    def _snooze(self, request: Request, conversation: Conversation) -> Response:
        body = Until(data=request.data)
        body.is_valid(raise_exception=True)
        must_answer(conversation, person(request))
        services.snooze(self.as_read(), until=body.validated_data["until"], by=actor_of(request))
        return self.answer()


urlpatterns = [
    path("conversations/", Conversations.as_view()),
    path("conversations/<uuid:pk>/", OneConversation.as_view()),
    path("conversations/<uuid:pk>/messages/", Messages.as_view()),
    path("conversations/<uuid:pk>/templates/", Templates.as_view()),
    path("conversations/<uuid:pk>/close/", Close.as_view()),
    path("conversations/<uuid:pk>/snooze/", Snooze.as_view()),
    path("conversations/<uuid:pk>/prioritise/", Prioritise.as_view()),
    path("conversations/<uuid:pk>/need/", Need.as_view()),
]
