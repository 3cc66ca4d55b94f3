"""The door of networks: the provider's own handshake, verify the raw bytes, store, answer.

Nothing is parsed here for what it says; only, after the bytes were verified, for whom they are:
one app of a provider posts for all of its accounts to one door.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from conversations.channels.accounts import account_of, adapter_of, channel_at, posted_to
from conversations.channels.doors.webhook import LARGEST, body_of
from conversations.channels.models import Channel
from conversations.channels.services import LONGEST_KEY, receive
from conversations.channels.wire.account import Account
from conversations.channels.wire.provider import Ask, ByQuery, Door, Reply
from crm.problems import problem_response

logger = logging.getLogger(__name__)

_KEPT_HEADERS = ("content-type", "user-agent", "x-slack-retry-num", "x-slack-retry-reason")
MOST_ACCOUNTS = 100  # of one delivery


@csrf_exempt
@require_http_methods(["GET", "POST"])
def provider(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """2xx: stored, or already here. Any refusal leaves nothing behind."""
    try:
        return _take(request, kind, token)
    except DatabaseError:
        logger.exception("delivery refused: the database does not take it")
        return problem_response(503, "unavailable", "try again")


def _take(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    channel = channel_at(token)
    adapter = posted_to(channel) if channel else None
    if channel is None or adapter is None or channel.kind != kind:
        return problem_response(404, "not_found", "no channel has this address")
    if channel.closed_at is not None:
        return problem_response(410, "closed", "this channel is closed")
    by_query = request.method == "GET" and isinstance(adapter, ByQuery)
    body = body_of(request) if request.method == "POST" else b""
    if by_query:
        body = request.META.get("QUERY_STRING", "").encode("utf-8", "replace")
    if body is None:
        return problem_response(413, "too_large", f"at most {LARGEST} bytes are taken")
    headers = {name.lower(): value for name, value in request.headers.items()}
    method = "POST" if by_query else request.method or ""
    ask = Ask(method, request.GET.dict(), headers, body)
    return _answered(channel, adapter, ask)


def _answered(channel: Channel, adapter: Door, ask: Ask) -> HttpResponse:
    account = account_of(channel)
    if ask.method == "POST" and not _verified(channel, account, ask):
        return problem_response(401, "bad_signature", "the signature or its time does not fit")
    reply = _greeting(adapter, account, ask)
    if reply is not None:
        return HttpResponse(reply.body, status=reply.status, content_type=reply.type)
    if ask.method != "POST":
        return problem_response(404, "not_found", "nothing is asked here")
    key = _key(adapter, ask)
    kept = {name: ask.headers[name][:500] for name in _KEPT_HEADERS if name in ask.headers}
    for each in _receivers(channel, adapter, ask):
        receive(each, body=ask.body, headers=kept, key=key)
    return HttpResponse(status=adapter.accepted, content_type="text/plain")


def _verified(channel: Channel, account: Account, ask: Ask) -> bool:
    """A verifier that raises has refused: what it choked on came from a stranger."""
    adapter = adapter_of(channel)
    try:
        return adapter is not None and adapter.verify(account, ask.body, ask.headers)
    except Exception:
        logger.exception("channel %s: the verifier failed", channel.pk)
        return False


def _greeting(adapter: Door, account: Account, ask: Ask) -> Reply | None:
    try:
        return adapter.greet(account, ask)
    except Exception:  # not readable: it is kept, and fails where that can be seen
        logger.exception("the handshake failed")
        return None


def _key(adapter: Door, ask: Ask) -> str:
    """The provider's id of the delivery, "" (then the body's digest) where it has none to keep."""
    try:
        key = adapter.delivery_key(ask.body, ask.headers)
    except Exception:  # a body that can't be read is kept all the same
        return ""
    return key if key.isprintable() and len(key) <= LONGEST_KEY else ""


def _receivers(channel: Channel, adapter: Door, ask: Ask) -> Iterable[Channel]:
    """The channels of this kind that the delivery names and whose own secret it fits as well;
    the door's own where it names nobody whom we know."""
    try:
        named = {name.lower() for name in adapter.recipients(ask.body)}
    except Exception:  # as above
        named = set()
    if not named or named == {channel.address}:
        return [channel]
    others = Channel.objects.filter(
        kind=channel.kind, address__in=named, token__isnull=False, closed_at=None
    ).exclude(pk=channel.pk)
    found = [each for each in others[:MOST_ACCOUNTS] if _verified(each, account_of(each), ask)]
    return [channel, *found] if channel.address in named or not found else found
