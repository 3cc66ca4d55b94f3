"""What a visitor of the web chat reads: their own exchange, never a note, never an address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from conversations.channels.accounts import channel_at
from conversations.channels.doors import webchat
from conversations.channels.models import Channel
from conversations.inbox.files import download, safe_name
from conversations.inbox.models import Attachment, DeliveryState, Direction, Message, MessageKind
from crm.access.doors import address_of
from crm.limits import Limit

MOST_SHOWN = 200
READS = Limit("chat reads of a visitor", most=240, seconds=60)
READS_FROM = Limit("chat reads from an address", most=1_500, seconds=60)
_ARRIVED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


@never_cache
@require_GET
def read(request: HttpRequest, token: str) -> HttpResponse:
    """The exchange so far; 304 while it is what the page knows (ETag)."""
    channel = channel_at(token)
    if channel is None or channel.kind != "webchat":
        return _json({"code": "not_found"}, status=404)
    visitor = webchat.visitor_of(request, channel)
    if not READS.allows(visitor or "nobody") or not READS_FROM.allows(address_of(request)):
        return _json({"code": "too_many"}, status=429)
    said = {
        "messages": _exchange(channel, visitor) if visitor else [],
        "state": _state(channel),
    }
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
    if request.headers.get("If-None-Match") == f'"{digest}"':
        return HttpResponse(status=304, headers={"ETag": f'"{digest}"'})
    return _json(said, headers={"ETag": f'"{digest}"'})


@never_cache
@require_GET
def file(request: HttpRequest, token: str, pk: UUID) -> HttpResponseBase:
    """A file of the visitor's own exchange; 404 for anybody else's."""
    channel = channel_at(token)
    if channel is None or channel.kind != "webchat":
        return _json({"code": "not_found"}, status=404)
    visitor = webchat.visitor_of(request, channel)
    if not READS.allows(visitor or "nobody") or not READS_FROM.allows(address_of(request)):
        return _json({"code": "too_many"}, status=429)
    theirs = _said(channel, visitor).values("pk")
    found = Attachment.objects.filter(pk=pk, message__in=theirs).exclude(file="").first()
    if not visitor or found is None or not default_storage.exists(found.file):
        return _json({"code": "not_found"}, status=404)
    return download(found)


def _state(channel: Channel) -> str:
    if channel.closed_at is not None:
        return "closed"
    return "paused" if channel.paused_at is not None else "open"


def _exchange(channel: Channel, visitor: str) -> list[dict[str, Any]]:
    rows = _said(channel, visitor).select_related("author_employee")
    messages = rows.prefetch_related("attachments").order_by("-occurred_at", "-pk")[:MOST_SHOWN]
    return [_line(message) for message in _oldest_first(messages)]


def _said(channel: Channel, visitor: str) -> QuerySet[Message]:
    return Message.objects.filter(
        Q(direction=Direction.IN) | Q(delivery__state__in=_ARRIVED),
        kind=MessageKind.REPLY,
        channel=channel,
        conversation__identity__kind="webchat",
        conversation__identity__scope=str(channel.pk),
        conversation__identity__handle=visitor.casefold(),
        conversation__thread=visitor,
    )


def _oldest_first(messages: Iterable[Message]) -> list[Message]:
    return list(messages)[::-1]


def _line(message: Message) -> dict[str, Any]:
    """client: the id under which the visitor's own page knows it."""
    is_mine = message.direction == Direction.IN
    author = message.author_employee
    return {
        "id": str(message.pk),
        "client": message.external_id.rpartition(":")[2] if is_mine else "",
        "mine": is_mine,
        "author": "" if is_mine else (author.name if author else _("Automatic answer")),
        "text": message.text,
        "at": message.occurred_at.isoformat(),
        "files": [
            {"id": str(each.pk), "name": safe_name(each.name), "size": each.size}
            for each in message.attachments.all()
            if each.file
        ],
    }


def _json(said: dict[str, Any], **more: Any) -> HttpResponse:
    return HttpResponse(json.dumps(said), content_type="application/json", **more)


urlpatterns = [
    path("chat/<str:token>/messages/", read, name="chat_messages"),
    path("chat/<str:token>/files/<uuid:pk>/", file, name="chat_file"),
]
