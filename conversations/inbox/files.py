"""Attachments, for those who may see their conversation: always a download, never a page."""

from __future__ import annotations

import unicodedata
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from conversations.inbox.models import Attachment, Conversation
from crm.access.tokens import BearerToken
from crm.errors import Missing
from crm.journal.personal import hold_file

_GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


class File(APIView):
    authentication_classes = [BearerToken, SessionAuthentication]
    schema = None

    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        attachment = Attachment.objects.filter(
            pk=pk, message__conversation__in=Conversation.objects.visible_to(request.user)
        ).first()
        is_here = attachment is not None and bool(attachment.file)
        if attachment is None or not is_here or not default_storage.exists(attachment.file):
            raise Missing(_("there is no such file"))
        return download(attachment)

    def get_authenticate_header(self, request: Request) -> Any:
        return "Bearer"


def download(attachment: Attachment) -> FileResponse:
    response = FileResponse(
        default_storage.open(attachment.file),
        as_attachment=True,
        filename=safe_name(attachment.name),
        content_type="application/octet-stream",
    )
    for name, value in _GUARDS.items():
        response.headers[name] = value
    return response


def safe_name(name: str) -> str:
    """A file name without paths, control characters or marks that turn the reading direction."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(mark for mark in last if unicodedata.category(mark)[0] != "C")
    return kept.strip(" .")[:150] or "attachment"


def forget(attachment: Attachment) -> None:
    """The row and, when no other message holds the same file, its bytes. In a transaction."""
    path = attachment.file
    attachment.delete()
    if path:
        hold_file(path)
        if not Attachment.objects.filter(file=path).exists():
            default_storage.delete(path)


urlpatterns = [path("files/<uuid:pk>/", File.as_view(), name="file")]
