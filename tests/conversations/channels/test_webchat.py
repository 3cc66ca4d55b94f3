"""The web chat's door: open to strangers, and yet nobody reads or floods what is not theirs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from conversations.channels.accounts import forget_channels
from conversations.channels.models import Channel, Envelope
from conversations.channels.services import open_channel, pause
from conversations.inbox import services
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from crm import limits
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house


@pytest.fixture
def home() -> house.Unit:
    return house.unit("Maison")


@pytest.fixture
def channel(home: house.Unit) -> Channel:
    forget_channels()
    return open_channel(home, kind="webchat", name="Website", by=AUTOMATION)


@pytest.fixture
def staff(home: house.Unit) -> house.Somebody:
    return house.somebody(house.department(home), Role.STAFF, name="Camille")


def visitor(channel: Channel) -> Client:
    client = Client()
    assert client.get(f"/chat/{channel.token}/").status_code == 200
    return client


def say(
    client: Client,
    channel: Channel,
    text: Any = "Hello?",
    *,
    number: str = "message-1",
    **more: Any,
) -> HttpResponse:
    headers = more.pop("headers", {})
    body = more.pop("body", None) or json.dumps({"id": number, "text": text, **more})
    return client.post(
        f"/chat/{channel.token}/say/", body, content_type="application/json", headers=headers
    )


def reads(client: Client, channel: Channel) -> list[dict[str, Any]]:
    answer = client.get(f"/chat/{channel.token}/messages/")
    assert answer.status_code == 200
    return list(answer.json()["messages"])


@pytest.mark.django_db(transaction=True)
def test_a_visitor_writes_and_sees_the_answer(channel: Channel, staff: house.Somebody) -> None:
    client = visitor(channel)
    assert say(client, channel, "Is the glass recyclable?", name="Lou").status_code == 202
    house.drain()
    conversation = Conversation.objects.get()
    assert conversation.identity.contact.name == "Lou"
    services.reply(conversation, text="It is.", by=staff.acting)
    house.drain()
    said = [(line["mine"], line["author"], line["text"]) for line in reads(client, channel)]
    assert said == [(True, "", "Is the glass recyclable?"), (False, "Camille", "It is.")]
    assert Delivery.objects.get().state == DeliveryState.SENT


@pytest.mark.django_db
def test_notes_held_answers_and_addresses_stay_inside(
    channel: Channel, staff: house.Somebody
) -> None:
    client = visitor(channel)
    say(client, channel)
    house.drain()
    conversation = Conversation.objects.get()
    services.note(conversation, text="a difficult person", by=staff.acting)
    held = services.reply(conversation, text="not approved yet", by=staff.acting)
    Delivery.objects.filter(message=held).update(state=DeliveryState.HELD)
    page = client.get(f"/chat/{channel.token}/messages/").content.decode()
    assert [line["text"] for line in reads(client, channel)] == ["Hello?"]
    assert "difficult" not in page
    assert staff.user.email not in page


@pytest.mark.django_db
def test_nobody_reads_what_another_visitor_said(channel: Channel, home: house.Unit) -> None:
    lou, max_ = visitor(channel), visitor(channel)
    say(lou, channel, "my secret")
    house.drain()
    assert reads(max_, channel) == []
    assert reads(Client(), channel) == []
    other = open_channel(home, kind="webchat", name="Other", by=AUTOMATION)
    for name, morsel in lou.cookies.items():  # a cookie of one channel opens no other
        max_.cookies[name.replace(channel.pk.hex[-8:], other.pk.hex[-8:])] = morsel.value
    assert reads(max_, other) == []
    forged = Client()
    forged.cookies[f"relais_chat_{channel.pk.hex[-8:]}"] = Message.objects.get().conversation.thread
    assert reads(forged, channel) == []


@pytest.mark.django_db
def test_a_double_click_is_one_message(channel: Channel) -> None:
    client = visitor(channel)
    answers = [say(client, channel).json() for _ in range(3)]
    assert [answer["duplicate"] for answer in answers] == [False, True, True]
    house.drain()
    assert len(reads(client, channel)) == 1
    another = visitor(channel)
    say(another, channel, "the same id, somebody else")
    house.drain()
    assert [line["text"] for line in reads(another, channel)] == ["the same id, somebody else"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"text": ""}, 400, "empty"),
        ({"text": "  \n "}, 400, "empty"),
        ({"text": "x" * 4_001}, 413, "too_large"),
        ({"text": 7}, 400, "malformed"),
        ({"text": ["x"]}, 400, "malformed"),
        ({"text": "a\0b"}, 400, "malformed"),
        ({"number": "no"}, 400, "malformed"),
        ({"number": "with:colon-in-it"}, 400, "malformed"),
        ({"name": {"a": 1}}, 400, "malformed"),
        ({"body": '{"id": "message-1", "text": "\\ud800"}'}, 400, "malformed"),
        ({"body": b'{"id": "message-1", "text": "\xff"}'}, 400, "malformed"),
        ({"body": "[" * 50_000}, 400, "malformed"),
        ({"body": "[]"}, 400, "malformed"),
        ({"body": "{"}, 400, "malformed"),
        ({"body": "x" * 70_000}, 413, "too_large"),
        ({"headers": {"Origin": "https://evil.example"}}, 403, "foreign_origin"),
        ({"headers": {"Origin": "null"}}, 403, "foreign_origin"),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403, "foreign_origin"),
    ],
)
def test_what_no_page_of_ours_writes_is_refused(
    channel: Channel, more: dict[str, Any], status: int, code: str
) -> None:
    answer = say(visitor(channel), channel, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Envelope.objects.exists()


@pytest.mark.django_db
def test_a_form_of_another_site_is_no_message(channel: Channel) -> None:
    client = visitor(channel)
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        body = json.dumps({"id": "message-1", "text": "x"})
        answer = client.post(f"/chat/{channel.token}/say/", body, content_type=kind)
        assert answer.status_code == 415
    assert say(Client(), channel).json()["code"] == "no_visitor"
    assert not Envelope.objects.exists()


@pytest.mark.django_db
def test_the_longest_text_and_every_script_get_through(channel: Channel) -> None:
    client = visitor(channel)
    said = ["😀" * 4_000, "\u202eabc\nمرحبا", "<script>alert(1)</script>"]
    for number, text in enumerate(said):
        assert say(client, channel, text, number=f"message-{number}").status_code == 202
    house.drain()
    assert [line["text"] for line in reads(client, channel)] == said


@pytest.mark.django_db
def test_a_flood_is_stopped_and_what_was_taken_stays(channel: Channel) -> None:
    client = visitor(channel)
    answers = [say(client, channel, number=f"message-{number}") for number in range(18)]
    assert [answer.status_code for answer in answers] == [202] * 15 + [429] * 3
    assert answers[-1]["Retry-After"] == "60"
    assert Envelope.objects.count() == 15
    assert say(visitor(channel), channel).status_code == 202


@pytest.mark.django_db
def test_many_visitors_from_one_address_are_one_flood(channel: Channel) -> None:
    codes = [say(visitor(channel), channel).status_code for _ in range(62)]
    assert codes.count(202) == 60


@pytest.mark.django_db
def test_without_redis_the_door_stays_open_and_limited(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def frozen(*_: object, **__: object) -> None:
        calls.append(time.sleep(0.3))
        raise TimeoutError

    monkeypatch.setattr(cache, "add", frozen)
    monkeypatch.setattr(limits, "ALONE", 600.0)  # however slow this machine is
    client = visitor(channel)
    codes = [say(client, channel, number=f"message-{number}").status_code for number in range(17)]
    assert codes == [202] * 15 + [429] * 2
    assert len(calls) == 1  # asked once, then left alone for a while


@pytest.mark.django_db
def test_a_paused_chat_keeps_and_a_closed_one_refuses(
    channel: Channel, staff: house.Somebody
) -> None:
    client = visitor(channel)
    pause(channel, paused=True, by=staff.acting)
    forget_channels()
    assert client.get(f"/chat/{channel.token}/messages/").json()["state"] == "paused"
    assert say(client, channel).status_code == 202
    Channel.objects.filter(pk=channel.pk).update(closed_at="2026-01-01T00:00Z")
    forget_channels()
    answer = say(client, channel, number="message-2")
    assert (answer.status_code, answer.json()["code"]) == (410, "closed")
    assert client.get(f"/chat/{channel.token}/").status_code == 410
    assert Envelope.objects.count() == 1


@pytest.mark.django_db
def test_unchanged_is_said_without_a_body(channel: Channel) -> None:
    client = visitor(channel)
    say(client, channel)
    house.drain()
    tag = client.get(f"/chat/{channel.token}/messages/")["ETag"]
    answer = client.get(f"/chat/{channel.token}/messages/", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.django_db
def test_the_page_is_framed_only_by_the_sites_it_names(channel: Channel, home: house.Unit) -> None:
    policy = visitor(channel).get(f"/chat/{channel.token}/")["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'none'")
    sites = "https://shop.example; https://www.shop.example 'self' *"
    framed = open_channel(
        home, kind="webchat", name="Framed", by=AUTOMATION, options={"embed": sites}
    )
    answer = Client().get(f"/chat/{framed.token}/", secure=True)
    assert answer["Content-Security-Policy"].endswith("frame-ancestors https://www.shop.example")
    cookie = next(iter(answer.cookies.values()))
    assert (cookie["samesite"], cookie["secure"], cookie["httponly"]) == ("None", True, True)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "messages/", "say/"])
def test_an_unknown_chat_is_not_found(address: str, home: house.Unit) -> None:
    webhook = house.webhook_channel(home)
    for token in ("nothing-here", webhook.token):
        path = f"/chat/{token}/{address}"
        call = Client().post if address == "say/" else Client().get
        assert call(path, content_type="application/json").status_code == 404


@pytest.mark.django_db
def test_the_page_speaks_the_visitors_language(channel: Channel) -> None:
    page = Client(headers={"Accept-Language": "fr-CH, fr;q=0.9"}).get(f"/chat/{channel.token}/")
    assert 'lang="fr"' in page.content.decode()


@pytest.mark.django_db
def test_a_site_of_ones_own_gets_a_button_in_its_visitors_language(
    channel: Channel, settings: Any
) -> None:
    address = f"/chat/{channel.token}/widget.js"
    english = Client().get(address)
    assert english["Content-Type"].startswith("text/javascript")
    assert '"Chat with us"' in english.content.decode()
    assert "Chat with Maison" in english.content.decode()
    assert "innerHTML" not in english.content.decode()
    assert "Accept-Language" in english["Vary"]
    assert not english.cookies  # fetching it makes nobody a visitor
    assert Client().get(f"/chat/{'x' * 32}/widget.js").status_code == 404
    Channel.objects.update(options={"embed": "https://shop.example javascript:alert(1)"})
    forget_channels()
    policy = Client().get(f"/chat/{channel.token}/")["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://shop.example")
