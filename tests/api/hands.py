"""What the tests of the API share: a client with a token, and one conversation to speak of."""

from __future__ import annotations

import itertools
import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from knox.models import AuthToken

from ambassadors.routing import tasks as routing_tasks
from ambassadors.routing.models import Availability, Offer
from conversations.channels import claiming
from conversations.channels.models import Channel
from conversations.inbox.models import Conversation
from crm.organisation.models import User
from tests import house

_keys = itertools.count(1)


class Caller:
    """Speaks to the API as a program does: JSON and a bearer token."""

    def __init__(self, user: User | None = None) -> None:
        token = AuthToken.objects.create(user=user)[1] if user else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.token = token
        self._client = Client(headers=headers, raise_request_exception=False)

    def use(self, token: str) -> None:
        """From now on with this token."""
        self._client = Client(
            headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False
        )

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self._client.get(_url(path), query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> HttpResponse:
        return self._send("post", path, body, key)

    def patch(self, path: str, body: Any) -> HttpResponse:
        return self._send("patch", path, body, None)

    def delete(self, path: str) -> HttpResponse:
        return self._send("delete", path, None, None)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        data = b"" if body is None else json.dumps(body).encode()
        return self.raw(method, path, data, "application/json", **headers)

    def say(self, conversation: Conversation, text: str, kind: str = "reply") -> HttpResponse:
        body = {"text": text, "kind": kind}
        return self.post(f"conversations/{conversation.pk}/messages/", body, key=a_key())

    def raw(self, method: str, path: str, data: bytes, content_type: str, **headers: str) -> Any:
        return self._client.generic(
            method, _url(path), data, content_type=content_type, headers=headers
        )

    def _send(self, method: str, path: str, body: Any, key: str | None) -> HttpResponse:
        headers = {"Idempotency-Key": key} if key is not None else {}
        data = b"" if body is None else json.dumps(body).encode()
        return self.raw(method.upper(), path, data, "application/json", **headers)


def _url(path: str) -> str:
    return path if path.startswith(("/", "http")) else f"/api/v1/{path}"


def a_key() -> str:
    return f"key-{next(_keys)}"


def hear(channel: Channel, text: str = "Where is my parcel?", **fields: Any) -> Conversation:
    """Somebody outside writes; the conversation that this is in."""
    message_id = fields.pop("message_id", f"in-{next(_keys)}")
    said = house.message(message_id, text, **fields)
    response = house.post_webhook(channel, house.event(said))
    assert response.status_code == 202, response.content
    claiming.ingest()
    return Conversation.objects.get(messages__external_id=message_id)


def offered(person: house.Somebody) -> Offer:
    """What waits for somebody is offered to this person."""
    Availability.objects.get_or_create(employee=person.employee)
    house.rule()
    routing_tasks.route_due()
    return Offer.objects.get(employee=person.employee, state="open")
