"""The door of signed webhooks: verify, store, answer. Nothing else happens in the request."""

from __future__ import annotations

import logging

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from conversations.channels.accounts import account_of, adapter_of, channel_at
from conversations.channels.models import Channel
from conversations.channels.services import receive
from conversations.channels.wire.contract import Channel as Adapter
from conversations.channels.wire.contract import Refused
from conversations.channels.wire.standard_webhooks import LONGEST_ID
from crm.problems import problem_response

logger = logging.getLogger(__name__)

LARGEST = 10 * 1024 * 1024  # bytes
# The last is what urllib and curl say when nobody told them; the signed bytes decide.
_TAKEN = ("", "application/json", "application/octet-stream", "application/x-www-form-urlencoded")
_KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "content-type", "user-agent")


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, token: str) -> HttpResponse:
    """2xx: stored, or already here. Any refusal leaves nothing behind."""
    try:
        return _take(request, token)
    except DatabaseError:
        logger.exception("webhook refused: the database does not take it")
        return problem_response(503, "unavailable", "try again")


def _take(request: HttpRequest, token: str) -> HttpResponse:
    channel = channel_at(token)
    adapter = adapter_of(channel) if channel else None
    if channel is None or adapter is None or channel.kind != "webhook":
        return problem_response(404, "not_found", "no channel has this address")
    if channel.closed_at is not None:
        return problem_response(410, "closed", "this channel is closed")
    if request.content_type not in _TAKEN:
        return problem_response(415, "unsupported_media_type", "application/json is taken")
    body = body_of(request)
    if body is None:
        return problem_response(413, "too_large", f"at most {LARGEST} bytes are taken")
    return _verified(request, channel, adapter, body)


def _verified(
    request: HttpRequest, channel: Channel, adapter: Adapter, body: bytes
) -> HttpResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    account = account_of(channel)
    if not adapter.verify(account, body, headers):
        return problem_response(401, "bad_signature", "the signature or its time does not fit")
    key = headers["webhook-id"]
    if len(key) > LONGEST_ID or not key.isprintable():
        return problem_response(422, "malformed", "webhook-id is too long or not printable")
    try:
        adapter.parse(account, body, headers)  # the form is ours: said at once, not later
    except Refused as error:
        return problem_response(422, "malformed", str(error))
    except Exception:  # a reader's bug: refused, and seen in the log
        logger.exception("webhook refused: the reader failed")
        return problem_response(422, "malformed", "it can't be read")
    kept = {name: headers[name][:500] for name in _KEPT_HEADERS if name in headers}
    stored = receive(channel, body=body, headers=kept, key=key)
    return JsonResponse({"stored": True, "duplicate": not stored}, status=202 if stored else 200)


def body_of(request: HttpRequest) -> bytes | None:
    """The body, None when it is too large, whether its length was announced or not."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isascii() and announced.isdigit() and int(announced[:12]) > LARGEST:
        return None
    body = request.read(LARGEST + 1)
    return body if len(body) <= LARGEST else None
