"""The door of providers of mail: let in by the word in the address, kept as it came, answered.

anymail's own views call their ears inside the request, where a failure loses what came before it
in the same batch; so only their verifying is used here, and their reading in the worker.
"""

from __future__ import annotations

import logging

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from conversations.channels.accounts import account_of, channel_at
from conversations.channels.services import note_heartbeat, receive
from conversations.channels.wire.email.esp import receiving
from crm.problems import problem_response

logger = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def esp(request: HttpRequest, token: str, esp: str, what: str) -> HttpResponse:
    """200: stored, or already here. Any refusal leaves nothing behind."""
    try:
        return _take(request, token, esp, what)
    except DatabaseError:
        logger.exception("delivery refused: the database does not take it")
        again = 429 if esp == "brevo" else 503  # Brevo gives up on any 5xx
        return problem_response(again, "unavailable", "try again")


def _take(request: HttpRequest, token: str, esp: str, what: str) -> HttpResponse:
    channel = channel_at(token)
    if channel is None or channel.kind != "email" or not receiving.is_there(esp, what):
        return problem_response(404, "not_found", "no channel has this address")
    if channel.closed_at is not None:
        return problem_response(410, "closed", "this channel is closed")
    if request.method == "HEAD":  # some look whether anybody is there
        return HttpResponse()
    headers = {name.lower(): value for name, value in request.headers.items()}
    account = account_of(channel)
    if not receiving.shows_word(account, esp, headers):
        return _refused()
    body = request.read(receiving.LARGEST + 1)
    try:
        if len(body) > receiving.LARGEST:
            return _too_large()
        if not receiving.is_let_in(account, esp, what, body, headers):
            return _refused()
    except receiving.TooLarge:
        return _too_large()
    kept = {receiving.TYPE: headers.get(receiving.TYPE, "")[:500]}
    receive(channel, body=body, headers={**kept, receiving.NOTED: f"{esp}/{what}"})
    note_heartbeat(channel)
    return HttpResponse(content_type="text/plain")


def _too_large() -> HttpResponse:
    return problem_response(413, "too_large", "larger than is taken here")


def _refused() -> HttpResponse:
    answer = problem_response(401, "bad_signature", "the word or the signature does not fit")
    answer["WWW-Authenticate"] = 'Basic realm="relais"'
    return answer
