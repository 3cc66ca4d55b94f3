"""Kannel: deliveries are GET requests; texts go out in as many pieces as their letters ask."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from conversations.channels import claiming, connecting
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.models import Envelope
from conversations.channels.wire import gsm
from conversations.channels.wire.contract import Outbound, Party, SendFailed
from conversations.channels.wire.kannel import Kannel
from conversations.channels.wire.provider import NotConnected
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Delivery, Message
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.wire.samples import sample_of


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("x" * 152 + "€" + "x" * 10, 2),
        ("é" * 160, 1),
        ("ê" * 70, 1),  # not of the default alphabet
        ("ê" * 71, 2),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        ("🙂" * 67, 3),  # 33 a piece: none is torn apart
    ],
)
def test_a_text_is_counted_in_the_pieces_that_the_network_makes_of_it(
    text: str, count: int
) -> None:
    assert gsm.segments(text) == count


def test_a_text_goes_out_in_the_alphabet_it_needs_with_our_own_id_in_its_reports() -> None:
    asked: list[httpx.URL] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(202, text="0: Accepted for delivery")

    sample, kannel = sample_of("kannel"), Kannel(httpx.MockTransport(handle))
    for number, text in enumerate(("5 € more", "Ça vient ✓")):
        message = Outbound(f"m{number}", "", "", Party("+15551234567"), text)
        assert kannel.send(sample.account(), message).external_id == f"m{number}"
    first, second = (dict(url.params) for url in asked)
    assert (first["coding"], second["coding"]) == ("0", "2")
    assert (first["from"], first["to"], first["text"]) == ("12345", "+15551234567", "5 € more")
    assert first["dlr-url"] == (
        "https://relais:aLongWord4711@relais.example/hooks/kind/token/?message=m0&dlr=%d&said=%A"
    )
    with pytest.raises(SendFailed, match="more than 10"):
        kannel.send(sample.account(), Outbound("m", "", "", Party("+1"), "ê" * 671))
    odd = sample.account()
    odd = type(odd)(address="1", credentials={**odd.credentials, "word": "a%d"})
    with pytest.raises(NotConnected, match="letters and digits"):
        kannel.check(odd)


@pytest.mark.django_db
def test_a_message_in_by_get_the_answer_out_its_report_back_and_stop_heeded(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.BASE_URL = "https://relais.example"
    monkeypatch.setitem(
        CHANNELS, "kannel", Kannel(httpx.MockTransport(lambda _: httpx.Response(202)))
    )
    forget_channels()
    home, sample = house.unit(), sample_of("kannel")
    sam = house.somebody(house.department(home), Role.STAFF, name="Sam")
    values = sample.credentials | {"number": sample.address}
    channel = connecting.connect(home, kind="kannel", name="K", values=values, by=AUTOMATION)
    door, signed = f"/hooks/kannel/{channel.token}/", sample.sign(account_of(channel), b"")

    def get(query: str, **headers: str) -> int:
        answer = Client().get(f"{door}?{query}", headers=signed | headers)
        claiming.ingest()
        assert answer.content == b"" or answer.status_code >= 400  # Kannel would send it on
        return answer.status_code

    asks = sample.payloads[0]["query"]
    assert get(asks, authorization="Basic cmVsYWlzOm5v") == 401
    assert get("", authorization="") == 401
    assert not Envelope.objects.exists()
    assert (get(asks), get(asks)) == (200, 200)
    conversation = Conversation.objects.get()
    assert Message.objects.get().text == "Where is it?"
    caller = Caller(sam.user)
    assert caller.say(conversation, "ê" * 671).json()["code"] == "too_long_for_channel"
    assert caller.say(conversation, "Tomorrow.").status_code == 201
    answer = Message.objects.get(direction="out")
    delivery.deliver(answer.pk)
    answer.refresh_from_db()
    assert (answer.external_id, answer.delivery.state) == (str(answer.pk), "sent")
    assert get(f"message={answer.pk}&dlr=1&said=") == 200
    assert Delivery.objects.get().state == "delivered"
    assert get(f"message={answer.pk}&dlr=8&said=ACK%2F") == 200  # late: moves nothing back
    assert Delivery.objects.get().state == "delivered"
    assert caller.say(conversation, "One thing more.").status_code == 201
    Delivery.objects.filter(state="queued").update(not_before=timezone.now())
    assert get(sample.payloads[1]["query"]) == 200  # STOP
    delivery.deliver(Delivery.objects.get(state="queued").pk)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered", "dropped"}
