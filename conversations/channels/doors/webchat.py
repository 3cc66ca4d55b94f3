"""The web chat: an open door for visitors without an account.

A visitor is a random id in a signed cookie that scripts can't read. What they write is stored as
an envelope, like a provider's delivery; what they read comes from `conversations.inbox.chat`.
Limits are counted by visitor and by address. Without Redis each process counts by itself: the
door stays open, and never waits for it.

No CSRF token: the cookie is SameSite=Lax, the body must be JSON (a form of another site can't
send that without a preflight, which is never granted), and a foreign Origin is refused.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from conversations.channels.accounts import channel_at
from conversations.channels.models import Channel
from conversations.channels.services import receive
from conversations.channels.wire import strict_json
from crm.access.doors import address_of
from crm.limits import Limit

logger = logging.getLogger(__name__)

LONGEST_TEXT = 4_000  # characters
LONGEST_NAME = 80
LARGEST_BODY = 64 * 1024  # bytes: the longest text, every character escaped
COOKIE_AGE = 365 * 86_400
COOKIE = "relais_chat"
_SALT = "webchat visitor"
_WIDGET = Path(__file__).resolve().parents[2] / "static" / "conversations" / "webchat-widget.js"
_CLIENT_ID = re.compile(r"[A-Za-z0-9-]{8,64}\Z")

WRITES = Limit("chat messages of a visitor", most=15, seconds=60)
WRITES_A_DAY = Limit("chat messages of a visitor a day", most=300, seconds=86_400)
WRITES_FROM = Limit("chat messages from an address", most=60, seconds=60)


class Refusal(Exception):
    """Why a message is not taken: status, stable code, words for the visitor."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


@never_cache
@require_GET
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The page itself; a new visitor gets an id, and nothing is stored until they write."""
    channel = _channel(token)
    visitor = visitor_of(request, channel) or secrets.token_hex(16)
    answer = render(
        request,
        "conversations/chat.html",
        {
            "channel": channel,
            "company": str(channel.options.get("title", "")) or channel.unit.name,
            "longest": LONGEST_TEXT,
            "longest_name": LONGEST_NAME,
        },
        status=200 if channel.closed_at is None else 410,
    )
    answer["Content-Security-Policy"] = _policy(channel)
    answer["Referrer-Policy"] = "same-origin"
    _remember(answer, request, channel, visitor)
    return answer


@require_GET
def widget(request: HttpRequest, token: str) -> HttpResponse:
    """The script of a button that opens this chat on the company's own site, in its visitor's
    language. It says nothing that its page does not, and anybody may fetch it."""
    channel = _channel(token)
    company = str(channel.options.get("title", "")) or channel.unit.name
    words = {
        "open": _("Chat with us"),
        "close": _("Close the chat"),
        "title": _("Chat with %(company)s") % {"company": company},
    }
    script = f"const WORDS = {json.dumps(words)};\n"
    answer = HttpResponse(
        _WIDGET.read_text("utf-8").replace("(() => {\n", "(() => {\n  " + script, 1),
        content_type="text/javascript; charset=utf-8",
        status=200 if channel.closed_at is None else 410,
    )
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(answer, public=True, max_age=300)
    patch_vary_headers(answer, ["Accept-Language"])
    return answer


@csrf_exempt
@never_cache
@require_POST
def write(request: HttpRequest, token: str) -> HttpResponse:
    """202: stored, or already here. A refusal leaves nothing behind."""
    try:
        channel = _channel(token)
        said, visitor = _checked(request, channel)
        stored = receive(
            channel, body=_envelope(said, visitor), headers={}, key=_key(said, visitor)
        )
    except Refusal as refusal:
        return _problem(refusal.status, refusal.code, str(refusal))
    except DatabaseError:
        logger.exception("chat message refused: the database does not take it")
        return _problem(503, "unavailable", _("We can’t take messages right now. Try again soon."))
    return JsonResponse({"stored": True, "duplicate": not stored}, status=202)


def _channel(token: str) -> Channel:
    channel = channel_at(token)
    if channel is None or channel.kind != "webchat":
        raise Http404
    return channel


def visitor_of(request: HttpRequest, channel: Channel) -> str:
    """The visitor's id, "" for a stranger or a cookie that we did not sign for this channel."""
    try:
        value = request.COOKIES.get(_cookie_name(channel), "")
        return str(signing.loads(value, salt=f"{_SALT} {channel.pk}", max_age=COOKIE_AGE))
    except signing.BadSignature:
        return ""


def _cookie_name(channel: Channel) -> str:
    return f"{COOKIE}_{channel.pk.hex[-8:]}"


def _remember(answer: HttpResponse, request: HttpRequest, channel: Channel, visitor: str) -> None:
    """Inside another site's frame a Lax cookie is not sent: there it must be None and Secure."""
    is_framed = bool(channel.options.get("embed")) and request.is_secure()
    answer.set_cookie(
        _cookie_name(channel),
        signing.dumps(visitor, salt=f"{_SALT} {channel.pk}"),
        max_age=COOKIE_AGE,
        path=f"/chat/{channel.token}/",
        secure=request.is_secure(),
        httponly=True,
        samesite="None" if is_framed else "Lax",
    )


def _checked(request: HttpRequest, channel: Channel) -> tuple[dict[str, str], str]:
    """What was said, and by whom. The order is from cheap to dear; limits count what is whole."""
    if not _is_own(request):
        raise Refusal(403, "foreign_origin", _("This chat is written to from its own page only."))
    if channel.closed_at is not None:
        raise Refusal(410, "closed", _("This chat is closed."))
    if request.content_type != "application/json":
        raise Refusal(415, "not_json", _("The message could not be understood."))
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise Refusal(413, "too_large", _("The message is too long."))
    said = _read(body)
    visitor = visitor_of(request, channel)
    if not visitor:
        raise Refusal(403, "no_visitor", _("Allow cookies for this page, then reload it."))
    _limit(visitor, address_of(request))
    return said, visitor


def _is_own(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:  # old browsers and scripts; browsers tell of other sites in this one
        return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}
    return urlsplit(origin).netloc == request.get_host()


def _read(body: bytes) -> dict[str, str]:
    try:
        said = strict_json.loads(body)
    except strict_json.NotStrict as error:
        raise Refusal(400, "malformed", _("The message could not be understood.")) from error
    fields = ("id", "text", "name")
    if not isinstance(said, dict) or not all(isinstance(said.get(f, ""), str) for f in fields):
        raise Refusal(400, "malformed", _("The message could not be understood."))
    text = str(said.get("text", "")).strip()
    if not text:
        raise Refusal(400, "empty", _("Write something first."))
    if len(text) > LONGEST_TEXT:
        raise Refusal(413, "too_large", _("The message is too long."))
    if not _CLIENT_ID.match(said.get("id", "")):
        raise Refusal(400, "malformed", _("The message could not be understood."))
    return {"id": said["id"], "text": text, "name": _plain(said.get("name", ""))}


def _plain(name: str) -> str:
    return "".join(mark for mark in name if mark.isprintable()).strip()[:LONGEST_NAME]


def _limit(visitor: str, address: str) -> None:
    limits = ((WRITES, visitor), (WRITES_A_DAY, visitor), (WRITES_FROM, address))
    if not all(limit.allows(subject) for limit, subject in limits):
        words = _("That is a lot at once. Wait a minute, your text stays here.")
        raise Refusal(429, "too_many", words)


def _key(said: dict[str, str], visitor: str) -> str:
    """One visitor's second try is one message; another's equal id is another message."""
    return f"{visitor}:{said['id']}"


def _envelope(said: dict[str, str], visitor: str) -> bytes:
    """What `wire/webchat.py` reads."""
    name = said["name"] or f"Chat {visitor[:4]}"  # so that staff can tell strangers apart
    told: dict[str, Any] = {
        "id": _key(said, visitor),
        "visitor": visitor,
        "name": name,
        "text": said["text"],
    }
    return json.dumps(told).encode()


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse(
        {"type": "about:blank", "status": status, "code": code, "title": code, "detail": detail},
        status=status,
        content_type="application/problem+json",
        headers={"Retry-After": "60"} if status == 429 else {},
    )


def _policy(channel: Channel) -> str:
    """Only our own files; framed only by the sites that the channel's `embed` names."""
    sites = [site for site in str(channel.options.get("embed", "")).split() if _SITE.match(site)]
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {' '.join(sites) or chr(39) + 'none' + chr(39)}"
    )


_SITE = re.compile(r"https?://[A-Za-z0-9.*-]+(:[0-9]{1,5})?\Z")
