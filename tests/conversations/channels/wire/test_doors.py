"""What is special about the doors of single networks: handshakes, and one app for many accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from conversations.channels import claiming, connecting
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.models import Channel, Envelope
from conversations.inbox.models import Message
from crm.errors import Conflict, Invalid
from crm.values import AUTOMATION
from tests import house
from tests.conversations.channels.wire.samples import body_of, sample_of
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget(settings: Any) -> None:
    settings.BASE_URL = "https://relais.example"
    forget_channels()


def connect(kind: str, *, address: str = "", unit: Any = None, **credentials: str) -> Channel:
    sample = sample_of(kind)
    values = sample.credentials | credentials
    for field in connecting.fields_of(kind):
        if field.address:
            values[field.name] = address or sample.address
    return connecting.connect(
        unit or house.unit(), kind=kind, name=kind, values=values, by=AUTOMATION
    )


def post(channel: Channel, body: bytes) -> Any:
    headers = sample_of(channel.kind).sign(account_of(channel), body)
    kind = headers.pop("content-type", "application/json")
    path = f"/hooks/{channel.kind}/{channel.token}/"
    return Client().generic("POST", path, body, content_type=kind, headers=headers)


def test_meta_hears_its_challenge_for_our_word_only() -> None:
    channel = connect("whatsapp")
    before = row_counts()
    door = f"/hooks/whatsapp/{channel.token}/"
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    right = Client().get(door, asked | {"hub.verify_token": "a word of ours"})
    assert (right.status_code, right.content) == (200, b"1158201444")
    assert right["Content-Type"].startswith("text/plain")
    wrong = Client().get(door, asked | {"hub.verify_token": "another"})
    assert (wrong.status_code, wrong.content) == (403, b"")
    assert row_counts() == before


def test_slack_hears_its_challenge_when_it_signed_for_it() -> None:
    channel = connect("slack")
    body = json.dumps({"token": "x", "challenge": "3eZbrw1", "type": "url_verification"}).encode()
    before = row_counts()
    answer = post(channel, body)
    assert (answer.status_code, answer.content) == (200, b"3eZbrw1")
    unsigned = Client().post(
        f"/hooks/slack/{channel.token}/", body, content_type="application/json"
    )
    assert unsigned.status_code == 401
    assert b"3eZbrw1" not in unsigned.content
    assert row_counts() == before


def _to_two_numbers() -> bytes:
    [one] = [each for each in sample_of("whatsapp").payloads if each["name"] == "a text"]
    body = json.loads(body_of(one))
    other = json.loads(body_of(one))["entry"][0]
    other["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    other["changes"][0]["value"]["messages"][0] |= {"id": "wamid.Z", "text": {"body": "Hi"}}
    body["entry"].append(other)
    return json.dumps(body).encode()


def test_one_app_posts_for_all_its_numbers_to_one_door() -> None:
    home = house.unit()
    first, second = connect("whatsapp", unit=home), connect("whatsapp", address="999", unit=home)
    assert post(first, _to_two_numbers()).status_code == 200
    claiming.ingest()
    said = dict(Message.objects.values_list("channel", "text"))
    assert said == {first.pk: "Où est mon colis ?", second.pk: "Hi"}


def test_a_door_brings_nothing_to_an_account_of_another_app() -> None:
    home = house.unit()
    first = connect("whatsapp", unit=home)
    connect("whatsapp", address="999", unit=home, app_secret="of somebody else")
    assert post(first, _to_two_numbers()).status_code == 200
    claiming.ingest()
    assert set(Message.objects.values_list("channel", flat=True)) == {first.pk}
    assert Envelope.objects.count() == 1


def test_what_names_nobody_we_know_is_kept_at_its_own_door() -> None:
    channel = connect("whatsapp", address="1")
    assert post(channel, _to_two_numbers()).status_code == 200
    claiming.ingest()
    envelope = Envelope.objects.get()
    assert (envelope.state, envelope.reason) == ("ignored", "for another number")


def test_a_connection_names_its_fields_and_an_account_once() -> None:
    home = house.unit()
    channel = connect("telegram", unit=home)
    refused = [
        ({"bot_token": ""}, "field_missing"),
        ({"bot_token": "x", "colour": "red"}, "unknown_field"),
        ({"bot_token": "x\ny"}, "field_unfit"),
        ({"bot_token": "x" * 4_001}, "field_unfit"),
    ]
    before = row_counts()
    for values, code in refused:
        with pytest.raises(Invalid) as error:
            connecting.connect(home, kind="telegram", name="T", values=values, by=AUTOMATION)
        assert error.value.code == code
    for kind in ("email", "webchat", "pigeon"):
        with pytest.raises(Invalid):
            connecting.connect(home, kind=kind, name="T", values={}, by=AUTOMATION)
    assert row_counts() == before
    assert channel.token
    connect("sms", unit=home)
    with pytest.raises(Conflict):
        connect("sms", unit=home)


def test_an_account_that_was_disconnected_goes_on_with_its_channel() -> None:
    home = house.unit()
    channel = connect("sms", unit=home)
    door = channel.token
    connecting.disconnect(channel, by=AUTOMATION)
    again = connect("sms", unit=home, auth_token="another")
    assert (again.pk, again.token, again.closed_at) == (channel.pk, door, None)
    assert account_of(again).credentials["auth_token"] == "another"
    assert [each.closed_at is None for each in again.versions.order_by("occurred_at")] == [
        True,
        False,
        True,
    ]


def test_an_account_known_from_an_import_gets_its_door() -> None:
    home = house.unit()
    old = Channel.objects.create(kind="whatsapp", unit=home, name="Old", address="106540352242922")
    channel = connect("whatsapp", unit=home)
    assert (channel.pk, channel.is_open) == (old.pk, True)
    assert channel.source.kind == "whatsapp"


def test_credentials_are_cipher_in_the_database() -> None:
    channel = connect("telegram")
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM conversations_channel WHERE id = %s", [channel.pk])
        [stored] = cursor.fetchone()
    assert "ABC-DEF" not in stored
    assert account_of(channel).credentials == {"bot_token": "123456:ABC-DEF_ghi"}
    assert "ABC-DEF" not in repr(account_of(channel))
