"""API v1: files handed in for an answer. They wait a day for the message that names them."""

from __future__ import annotations

import hashlib
from contextlib import closing
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.inbox import enclosing
from conversations.inbox.api import InConversation
from conversations.inbox.models import Upload
from conversations.inbox.rights import must_answer
from crm.access.idempotency import once
from crm.access.tokens import actor_of, person
from crm.strict import Body, Text

CHUNK = 64 * 1024
IN_MEMORY = 1024 * 1024  # bytes; what is larger is written to a temporary file


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = f"at most {enclosing.LARGEST} bytes are taken"


class Given:
    """The body as it came. Its words are its digest, by which a repeat is known."""

    def __init__(self, content: IO[bytes], size: int, digest: str) -> None:
        self.content, self.size, self._digest = content, size, digest

    def __str__(self) -> str:
        return self._digest


class Bytes(BaseParser):
    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        content: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - outlives us
        try:
            return _read(stream, content)
        except BaseException:
            content.close()
            raise


def _read(stream: Any, content: IO[bytes]) -> Given:
    digest, size = hashlib.sha256(), 0
    while part := stream.read(CHUNK):
        size += len(part)
        if size > enclosing.LARGEST:
            raise TooLarge
        digest.update(part)
        content.write(part)
    content.seek(0)
    return Given(content, size, digest.hexdigest())


class FileNamed(Body):
    name = Text(max_length=200)
    type = Text(max_length=120, required=False, default="")


class UploadWords(serializers.ModelSerializer[Upload]):
    """id: what a message names it by. type: as it will be sent."""

    id = serializers.UUIDField()

    class Meta:
        model = Upload
        fields = ["id", "name", "type", "size"]
        read_only_fields = fields


class Files(InConversation):
    parser_classes = [Bytes]

    @extend_schema(
        operation_id="files_create",
        parameters=[
            OpenApiParameter("name", str, required=True, description="Its name, as it is shown."),
            OpenApiParameter("type", str, description="Its media type; else its name tells it."),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: UploadWords},
        examples=[
            OpenApiExample(
                "Its bytes", value="%PDF…", media_type="application/octet-stream", request_only=True
            ),
            OpenApiExample(
                "Handed in",
                value={
                    "id": "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0009",
                    "name": "offer.pdf",
                    "type": "application/pdf",
                    "size": 48213,
                },
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Hands a file in: the bytes are the body. It goes out with the next message of yours
        here that names it in `files`; what no message named is gone after a day."""
        conversation = self.conversation
        must_answer(conversation, person(request))
        named = FileNamed(data=request.query_params.dict())
        named.is_valid(raise_exception=True)
        said = request.data  # an empty body reaches no parser
        given = said if isinstance(said, Given) else Given(BytesIO(), 0, "")
        with closing(given.content):
            return once(request, lambda: self._keep(request, given, named.validated_data))

    def _keep(self, request: Request, given: Given, named: dict[str, str]) -> Response:
        by = actor_of(request).user
        upload = enclosing.hand_in(
            self.conversation,
            name=named["name"],
            said=named["type"],
            size=given.size,
            content=given.content,
            by=by or person(request),
        )
        return Response(UploadWords(upload).data, status=201)


urlpatterns = [path("conversations/<uuid:pk>/files/", Files.as_view())]
