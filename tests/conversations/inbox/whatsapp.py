"""A conversation on WhatsApp to test with, and Meta's side of it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from conversations.channels import claiming, connecting
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.wire.meta.whatsapp import WhatsApp
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox.models import Conversation, Message
from crm.organisation.models import Unit
from crm.values import AUTOMATION
from tests.conversations.channels.wire.samples import body_of, sample_of

BUSINESS = "102290129340398"


class Meta:
    """How it answers each turn of a sending, what it got, and the templates that it lists."""

    def __init__(self) -> None:
        self.turns: list[int] = []
        self.sent: list[dict[str, Any]] = []
        self.templates: list[dict[str, Any]] = []
        self.listed = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/media"):
            return httpx.Response(200, json={"id": "m1"})
        if request.url.path.endswith(f"{BUSINESS}/message_templates"):
            return self._list(request.url.params.get("after"))
        status = self.turns.pop(0) if self.turns else 200
        if status == 200:
            self.sent.append(json.loads(request.content))
        return httpx.Response(status, json={"messages": [{"id": f"wamid.{len(self.sent)}"}]})

    def _list(self, after: str | None) -> httpx.Response:
        """A template a page."""
        self.listed += 1
        number = int(after or 0)
        page: dict[str, Any] = {"data": self.templates[number : number + 1]}
        if number + 1 < len(self.templates):
            page["paging"] = {"cursors": {"after": str(number + 1)}, "next": "https://graph"}
        return httpx.Response(200, json=page)


def meta(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Meta:
    made = Meta()
    monkeypatch.setitem(CHANNELS, "whatsapp", WhatsApp(httpx.MockTransport(made)))
    settings.BASE_URL = "https://relais.example"
    forget_channels()
    return made


def begun(unit: Unit) -> Conversation:
    """Somebody has just written."""
    sample = sample_of("whatsapp")
    values = sample.credentials | {
        "phone_number_id": sample.address,
        "business_account_id": BUSINESS,
    }
    channel = connecting.connect(unit, kind="whatsapp", name="W", values=values, by=AUTOMATION)
    body = body_of(sample.payloads[0])
    headers = sample.sign(account_of(channel), body)
    door = f"/hooks/whatsapp/{channel.token}/"
    Client().post(door, body, content_type="application/json", headers=headers)
    claiming.ingest()
    Message.objects.filter(channel=channel).update(occurred_at=timezone.now())
    return Conversation.objects.get(channel=channel)
