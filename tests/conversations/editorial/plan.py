"""A plan to test with: two people of one desk, a channel that publishes, a provider's ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from conversations.channels.models import Channel
from conversations.channels.wire import registry
from conversations.channels.wire.webhook import Webhook
from conversations.editorial import life
from conversations.editorial.models import Publication
from crm.access.models import Role
from tests import house

SOON = timedelta(days=3)
PLAN: dict[str, Any] = {
    "text": "The new tent is here: https://brand.example/tent.",
    "audience": "Hikers",
    "segment": "Returning customers",
    "expected_metric": "replies",
    "expected_value": 20.0,
}


@dataclass
class Desk:
    """ada writes, ben approves."""

    ada: house.Somebody
    ben: house.Somebody
    channel: Channel

    def planned(self, *, at: datetime | None = None, **fields: Any) -> Publication:
        at = at or timezone.now()
        said = {"publish_at": at + SOON, **PLAN, **fields}
        return life.plan(self.channel, by=self.ada.acting, at=at, **said)

    def submitted(self, *, at: datetime | None = None, **fields: Any) -> Publication:
        return life.submit(self.planned(at=at, **fields), by=self.ada.acting, at=at)

    def approved(self, *, at: datetime | None = None, **fields: Any) -> Publication:
        row = self.submitted(at=at, **fields)
        return life.approve(row, edition=row.edition, by=self.ben.acting, at=at)

    def due(self, **fields: Any) -> Publication:
        """Approved long ago, to appear about now."""
        now = timezone.now()
        return self.approved(at=now - SOON, publish_at=now - timedelta(seconds=1), **fields)


def desk() -> Desk:
    home = house.unit()
    place = house.department(home)
    ada, ben = (house.somebody(place, Role.STAFF, name=name) for name in ("Ada", "Ben"))
    channel = house.webhook_channel(home, callback_url="http://127.0.0.1:9/in")
    return Desk(ada, ben, channel)


@dataclass
class Double:
    """A provider that writes down every publication it was asked for."""

    answer: Callable[[httpx.Request], httpx.Response] = field(
        default=lambda _: httpx.Response(200, json={"id": "post-1"})
    )
    asked: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(request.content))
        self.ids.append(request.headers["webhook-id"])
        return self.answer(request)

    @property
    def appeared(self) -> set[str]:
        """What readers see: the receiver knows a repeat by its webhook-id."""
        return set(self.ids)


@contextmanager
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    double = Double()
    adapter = Webhook(transport=httpx.MockTransport(double.handle))
    monkeypatch.setitem(registry.CHANNELS, "webhook", adapter)
    yield double
