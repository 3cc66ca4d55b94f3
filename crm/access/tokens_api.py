"""API v1: the personal tokens of whoever asks. They open to the scope `all` alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.idempotency import once
from crm.access.models import PersonalToken
from crm.access.personal_tokens import make_token, revoke_token, tokens_of
from crm.access.scopes import Scope
from crm.access.tokens import actor_of, person
from crm.errors import Forbidden
from crm.strict import Body, Moment, Text

_SHOWN = {
    "id": "01970000-0000-7000-8000-00000000000a",
    "name": "the terminal on my desk",
    "scopes": ["conversations:read", "conversations:write", "offers"],
    "expires_at": "2027-06-01T00:00:00Z",
    "last_used_at": None,
    "created_at": "2027-03-01T09:00:00Z",
}
_ASKED = {name: _SHOWN[name] for name in ("name", "scopes", "expires_at")}
ONE = OpenApiExample("a token", value=_SHOWN, response_only=True)
MADE = OpenApiExample(
    "a new token", value={**_SHOWN, "token": "5f0c9d..."}, response_only=True, status_codes=["201"]
)
ASKED = OpenApiExample("for a terminal", value=_ASKED, request_only=True)


class TokenWords(serializers.ModelSerializer[PersonalToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    expires_at = serializers.DateTimeField(source="token.expiry", allow_null=True)
    created_at = serializers.DateTimeField(source="token.created")

    class Meta:
        model = PersonalToken
        fields = ["id", "name", "scopes", "expires_at", "last_used_at", "created_at"]
        read_only_fields = fields


class MadeTokenWords(TokenWords):
    """token: the secret, shown this once, and null when the request is repeated."""

    token = serializers.CharField(allow_null=True)

    class Meta(TokenWords.Meta):
        fields = [*TokenWords.Meta.fields, "token"]
        read_only_fields = fields


class NewToken(Body):
    name = Text(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=len(Scope)
    )
    expires_at = Moment(help_text="A year from now at most.")


class _MyTokens(GenericAPIView[PersonalToken]):
    serializer_class = TokenWords
    queryset = PersonalToken.objects.none()

    def get_queryset(self) -> QuerySet[PersonalToken]:
        found: QuerySet[PersonalToken] = tokens_of(person(self.request))
        return found


@extend_schema_view(
    get=extend_schema(operation_id="tokens_list", summary="Your tokens", examples=[ONE])
)
class Tokens(_MyTokens, ListAPIView[PersonalToken]):
    """Your tokens that were made with scopes; the secret itself is never shown again."""

    @extend_schema(
        operation_id="tokens_create",
        summary="Make a token",
        request=NewToken,
        responses={201: MadeTokenWords},
        examples=[ASKED, MADE],
    )
    def post(self, request: Request) -> Response:
        """The answer alone holds the secret. It lasts no longer than the token it is asked with."""
        return once(request, lambda: self._create(request), told_once=["token"])

    def _create(self, request: Request) -> Response:
        body = NewToken(data=request.data)
        body.is_valid(raise_exception=True)
        _no_later_than(getattr(request.auth, "expiry", None), body.validated_data["expires_at"])
        said, secret = make_token(person(request), by=actor_of(request), **body.validated_data)
        words = {**TokenWords(said).data, "token": secret}
        return Response(words, status=201, headers={"Cache-Control": "no-store"})


def _no_later_than(own: datetime | None, wanted: datetime) -> None:
    if own is not None and wanted > own:
        raise Forbidden(_("a token makes none that outlives it"), code="outlives_its_maker")


class OneToken(_MyTokens):
    @extend_schema(operation_id="tokens_destroy", summary="Revoke a token", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """The next request with it is answered 401."""
        revoke_token(get_object_or_404(self.get_queryset(), id=pk), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("tokens/", Tokens.as_view()),
    path("tokens/<uuid:pk>/", OneToken.as_view()),
]
