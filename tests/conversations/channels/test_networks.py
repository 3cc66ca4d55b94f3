"""A network is connected, tested, watched and disconnected; secrets go in and never come out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from conversations.channels import claiming, connecting, naming
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.models import Channel, ChannelHealth, Envelope, Heartbeat
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.slack import Slack
from conversations.channels.wire.telegram.adapter import Telegram, secret_token
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Delivery
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.contacts.models import Contact
from crm.contacts.services import Address, know
from crm.errors import Conflict
from crm.journal.models import Act
from crm.organisation.models import User
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.wire.samples import sample_of
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
TOKEN = "123456:ABC-DEF_ghi"


class Api:
    """Telegram's side: what it was told, and how it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.hooked = ""
        self.answers: dict[str, tuple[int, Any]] = {}

    def handle(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition("/")[2]
        said = json.loads(request.content or b"{}")
        self.asked.append((method, said))
        if method in self.answers:
            status, answer = self.answers[method]
            if status == 0:
                raise httpx.ConnectError("no")
            return httpx.Response(status, json=answer)
        if method == "setWebhook":
            self.hooked = said["url"]
        results: dict[str, Any] = {
            "getMe": {"id": 5, "username": "brand_bot"},
            "getWebhookInfo": {"url": self.hooked, "pending_update_count": 0},
            "setWebhook": True,
            "deleteWebhook": True,
            "sendMessage": {"message_id": 77},
        }
        return httpx.Response(200, json={"ok": True, "result": results[method]})


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Api:
    made = Api()
    monkeypatch.setitem(CHANNELS, "telegram", Telegram(httpx.MockTransport(made.handle)))
    settings.BASE_URL = "https://relais.example"
    forget_channels()
    return made


class Company:
    def __init__(self) -> None:
        self.unit = house.unit()
        team = house.department(self.unit)
        self.sam = house.somebody(team, Role.STAFF, name="Sam")
        self.owner = house.somebody(team, name="Olga")
        User.objects.filter(pk=self.owner.user.pk).update(is_superuser=True, is_staff=True)
        self.owner.user.refresh_from_db()

    def connect(self) -> Channel:
        answer = Caller(self.owner.user).post(
            "channels/connect/",
            {
                "kind": "telegram",
                "unit": self.unit.source_id,
                "name": "Bot",
                "values": {"bot_token": TOKEN},
            },
        )
        assert answer.status_code == 201, answer.content
        assert TOKEN not in answer.content.decode()
        return Channel.objects.get(pk=answer.json()["id"])


@pytest.fixture
def company() -> Company:
    return Company()


def test_kinds_say_what_they_ask_for_in_the_readers_language(company: Company) -> None:
    kinds = Caller(company.sam.user).get("channels/kinds/").json()["results"]
    by_kind = {each["kind"]: each for each in kinds}
    assert list(by_kind) == sorted(by_kind)
    assert by_kind["telegram"]["fields"][0]["secret"] is True
    assert by_kind["whatsapp"]["window_hours"] == 24
    assert all(each["steps"] and each["fields"] for each in kinds)
    assert all(field["label"] and field["help"] for each in kinds for field in each["fields"])


def test_a_network_is_connected_and_tested_by_api(api: Api, company: Company) -> None:
    channel = company.connect()
    staff = Caller(company.sam.user)
    where = f"channels/{channel.pk}/connection/"
    told = staff.get(where).json()
    assert (told["works"], told["given"], told["checked_at"]) == (None, ["bot_token"], None)
    door = f"https://relais.example/hooks/telegram/{channel.token}/"
    assert told["door"] == door
    answer = staff.post(f"{where}test/")
    told = answer.json()
    assert (told["works"], told["name"], told["cause"]) == (True, "@brand_bot", "")
    assert TOKEN not in answer.content.decode()
    assert api.hooked == door
    hooked = dict(api.asked)["setWebhook"]
    assert hooked["secret_token"] == secret_token(account_of(channel))
    assert Heartbeat.objects.get().source.channel == channel
    assert str(Act.objects.values_list("data", flat=True)).count(TOKEN) == 0


def test_what_is_wrong_is_said_and_a_network_that_is_down_proves_nothing(
    api: Api, company: Company
) -> None:
    channel = company.connect()
    assert connecting.probe(channel, hook=True).works is True
    api.answers["getMe"] = (0, None)
    health = connecting.probe(channel)
    assert (health.works, "not reached" in health.cause) == (True, True)
    api.answers["getMe"] = (401, {"ok": False, "description": "Unauthorized"})
    health = connecting.probe(channel)
    assert (health.works, health.cause) == (False, "Telegram does not know this bot token")
    del api.answers["getMe"]
    api.hooked = "https://elsewhere.example/"
    assert "does not post to this channel" in connecting.probe(channel).cause
    assert connecting.probe(channel, hook=True).works is True
    assert Heartbeat.objects.count() == 1  # once an hour


def test_connections_are_tested_every_quarter_of_an_hour_and_paused_ones_are_not(
    api: Api, company: Company
) -> None:
    channel = company.connect()
    now = timezone.now()
    assert [connecting.probe_due(at=now), connecting.probe_due(at=now)] == [1, 0]
    later = now + timedelta(minutes=16)
    Channel.objects.update(paused_at=now)
    assert connecting.probe_due(at=later) == 0
    Channel.objects.update(paused_at=None)
    assert connecting.probe_due(at=later) == 1
    assert ChannelHealth.objects.get().channel == channel


def test_only_owners_enter_secrets_and_end_connections(api: Api, company: Company) -> None:
    channel = company.connect()
    staff, owner = Caller(company.sam.user), Caller(company.owner.user)
    where = f"channels/{channel.pk}/"
    before = row_counts()
    new = {"values": {"bot_token": "1:new"}}
    assert staff.patch(f"{where}connection/", new).status_code == 403
    assert staff.post(f"{where}disconnect/").status_code == 403
    assert row_counts() == before
    assert owner.patch(f"{where}connection/", {"values": {"bot_token": " "}}).status_code == 200
    assert account_of(Channel.objects.get()).credentials == {"bot_token": TOKEN}
    answer = owner.patch(f"{where}connection/", new)
    assert (answer.status_code, answer.json()["works"]) == (200, None)
    assert account_of(Channel.objects.get()).credentials == {"bot_token": "1:new"}
    assert owner.patch(f"{where}connection/", {"values": {"x": "1"}}).status_code == 400


def _say(channel: Channel, text: str = "Hello", number: int = 1) -> Conversation:
    body = json.dumps(
        {
            "update_id": number,
            "message": {
                "message_id": number,
                "date": int(timezone.now().timestamp()),
                "chat": {"id": 9, "type": "private"},
                "from": {"id": 9, "is_bot": False, "first_name": "Bob"},
                "text": text,
            },
        }
    )
    headers = {"x-telegram-bot-api-secret-token": secret_token(account_of(channel))}
    door = f"/hooks/telegram/{channel.token}/"
    answer = Client().post(door, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    claiming.ingest()
    return Conversation.objects.get(channel=channel)


def test_a_message_in_and_the_answer_out(api: Api, company: Company) -> None:
    conversation = _say(company.connect())
    message = reply(conversation, text="Hello Bob", by=company.sam.acting)
    delivery.deliver(message.pk)
    assert api.asked[-1] == ("sendMessage", {"chat_id": 9, "text": "Hello Bob"})
    message.refresh_from_db()
    assert (message.external_id, message.delivery.state) == ("9:77", "sent")
    assert ChannelHealth.objects.get().last_out_at is not None


def test_credentials_that_are_refused_at_a_sending_show_at_once(api: Api, company: Company) -> None:
    channel = company.connect()
    connecting.probe(channel, hook=True)
    message = reply(_say(channel), text="Hello Bob", by=company.sam.acting)
    api.answers["sendMessage"] = (401, {"ok": False, "description": "Unauthorized"})
    delivery.deliver(message.pk)
    row = Delivery.objects.get()
    assert (row.state, row.trouble) == ("failed", "access")
    health = ChannelHealth.objects.get()
    assert (health.works, "refused" in health.cause) == (False, True)


def test_what_did_not_arrive_is_one_list_and_is_tried_again(api: Api, company: Company) -> None:
    conversation = _say(company.connect())
    message = reply(conversation, text="Hello Bob", by=company.sam.acting)
    api.answers["sendMessage"] = (403, {"ok": False, "description": "blocked by the user"})
    delivery.deliver(message.pk)
    staff = Caller(company.sam.user)
    [told] = staff.get("undelivered/", trouble="blocked").json()["results"]
    assert (told["id"], told["state"], told["trouble"]) == (str(message.pk), "failed", "blocked")
    assert "blocked by the user" in told["cause"]
    assert staff.get("undelivered/", trouble="window").json()["results"] == []
    assert staff.get("undelivered/", channel=str(conversation.channel_id)).json()["results"]
    del api.answers["sendMessage"]
    again = staff.post(f"undelivered/{message.pk}/retry/")
    assert (again.status_code, again.json()["state"]) == (200, "queued")
    assert staff.get("undelivered/").json()["results"] == []
    delivery.deliver(message.pk)
    assert Delivery.objects.get().state == "sent"


def test_an_answer_that_does_not_fit_its_network_is_refused_when_it_is_written(
    api: Api, company: Company
) -> None:
    conversation = _say(company.connect())
    staff = Caller(company.sam.user)
    before = row_counts()
    answer = staff.say(conversation, "x" * 4_097)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_long_for_channel")
    Channel.objects.update(closed_at=timezone.now())
    answer = staff.say(conversation, "Hello")
    assert (answer.status_code, answer.json()["code"]) == (409, "disconnected")
    assert row_counts() == before


@pytest.mark.django_db(transaction=True)
def test_a_disconnected_channel_forgets_its_secret_and_keeps_what_was_said(
    api: Api, company: Company
) -> None:
    channel = company.connect()
    conversation = _say(channel)
    owner = Caller(company.owner.user)
    for _ in range(2):
        assert owner.post(f"channels/{channel.pk}/disconnect/").status_code in {200, 409}
    channel.refresh_from_db()
    assert (channel.credentials, channel.closed_at is None) == ("", False)
    assert [method for method, _said in api.asked].count("deleteWebhook") == 1
    assert conversation.messages.count() == 1
    with pytest.raises(Conflict):
        connecting.probe(channel)


def test_a_paused_channel_takes_in_and_holds(api: Api, company: Company) -> None:
    channel = company.connect()
    Channel.objects.update(paused_at=timezone.now())
    forget_channels()
    headers = {"x-telegram-bot-api-secret-token": secret_token(account_of(channel))}
    door = f"/hooks/telegram/{channel.token}/"
    answer = Client().post(door, b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == 200
    claiming.ingest()
    assert Envelope.objects.get().state == "waiting"


def test_the_pages_connect_test_and_never_show_a_secret(api: Api, company: Company) -> None:
    browser = Client()
    browser.force_login(company.owner.user)
    base = "/admin/conversations/channel/"
    assert "Telegram" in browser.get(f"{base}connect/").content.decode()
    page = browser.get(f"{base}connect/telegram/").content.decode()
    assert "@BotFather" in page
    short = browser.post(f"{base}connect/telegram/", {"unit": company.unit.pk, "name": "Bot"})
    assert short.status_code == 200
    assert not Channel.objects.exists()
    said = {"unit": company.unit.pk, "name": "Bot", "bot_token": TOKEN}
    answer = browser.post(f"{base}connect/telegram/", said, follow=True)
    page = answer.content.decode()
    assert "@brand_bot" in page
    assert TOKEN not in page
    channel = Channel.objects.get()
    where = f"{base}{channel.pk}/connection/"
    api.answers["getMe"] = (401, {"ok": False})
    page = browser.post(where, {"do": "test"}, follow=True).content.decode()
    assert "does not know this bot token" in page
    browser.post(where, {"do": "change", "bot_token": "1:new"})
    assert account_of(Channel.objects.get()).credentials == {"bot_token": "1:new"}
    assert TOKEN not in browser.get(f"{base}{channel.pk}/change/").content.decode()
    assert browser.post(where, {"do": "dance"}).status_code == 404
    browser.post(where, {"do": "disconnect"})
    assert Channel.objects.get().closed_at is not None
    assert browser.get(where).status_code == 404


def test_a_person_known_by_an_id_gets_the_name_that_the_network_tells(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("user"))
        profile = {"display_name": "", "real_name": "Bob  Brun"}
        return httpx.Response(200, json={"ok": True, "user": {"profile": profile}})

    monkeypatch.setitem(CHANNELS, "slack", Slack(httpx.MockTransport(handle)))
    values = sample_of("slack").credentials | {"team_id": "T1"}
    home = company.unit
    channel = connecting.connect(home, kind="slack", name="S", values=values, by=AUTOMATION)
    to = [
        Address("slack", str(channel.pk), each, name) for each, name in (("U1", ""), ("U2", "Al"))
    ]
    know(to, at=timezone.now())
    assert [naming.name_people(at=timezone.now()) for _ in range(2)] == [1, 0]
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Al", "Bob Brun"]
    assert asked == ["U1"]
    Contact.objects.filter(name="Bob Brun").update(name="")
    assert naming.name_people(at=timezone.now()) == 0  # not again within some hours
    assert asked == ["U1"]
