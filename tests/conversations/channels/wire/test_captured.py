"""Signature vectors and payloads that were captured elsewhere, read from where they lie.

Each scheme has a case of our own beside, in `test_contract.py`, for a checkout without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from conversations.channels.wire import signatures, standard_webhooks
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Ignored,
    Inbound,
    Opted,
    Receipt,
)
from conversations.channels.wire.linkedin import LinkedIn
from conversations.channels.wire.meta.whatsapp import WhatsApp
from conversations.channels.wire.provider import Ask
from conversations.channels.wire.x.adapter import X

FIXTURES = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "webhooks"
OURS = {
    "slack_v0",
    "twilio_sha1",
    "twilio_sha256_sharedkey",
    "standard_webhooks_v1",
    "meta_sha256",
    "meta_verify_get",
    "telegram_secret",
    "x_webhook_sha256",
    "linkedin_sha256",
}
needs_fixtures = pytest.mark.skipif(not FIXTURES.exists(), reason="no captured payloads here")


@needs_fixtures
def test_every_published_vector_of_our_schemes_is_judged_right(subtests: Any) -> None:
    vectors = json.loads((FIXTURES / "signature-vectors" / "vectors.json").read_text("utf-8"))
    mine = [each for each in vectors if each["scheme"] in OURS]
    assert len(mine) >= 34
    for vector in mine:
        with subtests.test(f"{vector['scheme']}: {vector['note']}"):
            assert _judged(vector) is vector["valid"]


def _judged(vector: dict[str, Any]) -> bool:
    scheme, secret = vector["scheme"], vector["secret"]
    headers = {name.lower(): value for name, value in (vector.get("headers") or {}).items()}
    body = (vector["body"] or "").encode()
    if vector["params"] is not None:
        body = urlencode(vector["params"]).encode()
    now = vector["now"] or 0
    if scheme == "slack_v0":
        return signatures.slack(secret, headers, body, now=now)
    if scheme.startswith("twilio"):
        return signatures.twilio(secret, headers, body, url=vector["url"])
    if scheme == "standard_webhooks_v1":
        return standard_webhooks.verify(secret, headers=headers, body=body, now=now)
    if scheme == "meta_verify_get":
        return _handshake(secret, vector["url"])
    if scheme == "telegram_secret":
        return signatures.same(headers.get("x-telegram-bot-api-secret-token", ""), secret)
    over_the_body = {
        "meta_sha256": signatures.meta,
        "x_webhook_sha256": signatures.x,
        "linkedin_sha256": signatures.linkedin,
    }
    return over_the_body[scheme](secret, headers, body)


@needs_fixtures
def test_the_published_checks_of_a_door_are_answered_as_they_say(subtests: Any) -> None:
    vectors = json.loads((FIXTURES / "signature-vectors" / "vectors.json").read_text("utf-8"))
    checked: dict[str, Any] = {
        "x_crc": (X(), "consumer_secret"),
        "linkedin_challenge": (LinkedIn(), "client_secret"),
    }
    mine = [each for each in vectors if each["scheme"] in checked]
    assert {each["scheme"] for each in mine} == set(checked)
    for vector in mine:
        adapter, name = checked[vector["scheme"]]
        query = {key: value[0] for key, value in parse_qs(urlsplit(vector["url"]).query).items()}
        with subtests.test(vector["scheme"]):
            account = Account(credentials={name: vector["secret"]})
            reply = adapter.greet(account, Ask("GET", query, {}, b""))
            assert (reply.status, reply.type) == (200, "application/json")
            assert json.loads(reply.body) == vector["expected_response"]
            assert adapter.greet(Account(), Ask("GET", query, {}, b"")) is None


def _handshake(token: str, url: str) -> bool:
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    account = Account(credentials={"verify_token": token})
    reply = WhatsApp().greet(account, Ask("GET", query, {}, b""))
    assert reply is not None
    assert (reply.status, reply.body) in {(200, query["hub.challenge"]), (403, "")}
    return reply.status == 200


# file of the captures -> what its payloads are in our words
WHATSAPP = {
    "message": {Inbound, Ignored},
    "callback_button": {Inbound},
    "callback_selection": {Inbound},
    "flow_completion": {Inbound},
    "edited_message": {Edited},
    "deleted_message": {Deleted},
    "message_status": {Receipt},
    "outgoing_message": {Echoed, Edited, Deleted},
    "user_marketing_preferences": {Opted, Ignored},
    "system": {Ignored},
    "template_status_update": {Ignored},
    "account_update": {Ignored},
    "call_connect": {Ignored},
}


@needs_fixtures
@pytest.mark.parametrize("name", WHATSAPP)
def test_captured_notifications_of_whatsapp_give_our_words(name: str) -> None:
    folder = FIXTURES / "pywa-whatsapp" / "updates"
    payloads = json.loads((folder / f"{name}.json").read_text("utf-8"))
    for variant, payload in payloads.items():
        value = payload["entry"][0]["changes"][0]["value"]
        number = value.get("metadata", {}).get("phone_number_id", "none")
        body = json.dumps(payload).encode()
        items = WhatsApp().parse(Account(address=number), body, {})
        assert items, variant
        assert {type(item) for item in items} <= WHATSAPP[name], variant
        for item in items:
            if isinstance(item, Inbound):
                told = item.text or item.remotes or item.notes
                assert told, f"{variant}: nothing is left of what was said"
                assert item.external_id.startswith("wamid.")
                assert item.sender.handle


@needs_fixtures
def test_captured_words_and_files_of_whatsapp_are_all_there() -> None:
    folder = FIXTURES / "pywa-whatsapp" / "updates"
    payloads = json.loads((folder / "message.json").read_text("utf-8"))
    read = {
        name: WhatsApp().parse(Account(address="1122334455667"), json.dumps(payload).encode(), {})[
            0
        ]
        for name, payload in payloads.items()
    }
    texts = {name: item.text for name, item in read.items() if isinstance(item, Inbound)}
    assert texts["text"] == "Body Text"
    assert texts["chosen_location"].startswith("Facebook HQ\n1 Hacker Way")
    assert texts["contacts"].splitlines()[0] == "Chandler Bing +1 555-555-5555"
    assert texts["order"].splitlines()[0] == "3 x HAMBURGER, 30 ILS"
    document = read["document"]
    assert isinstance(document, Inbound)
    [file] = document.remotes
    assert (file.name, file.type, file.key) == (
        "filename.pdf",
        "application/pdf",
        "1234567890987654321",
    )
    reply = read["reply"]
    assert isinstance(reply, Inbound)
    assert reply.references == ("wamid.xyzxyz==",)
    unsupported = read["unsupported"]
    assert isinstance(unsupported, Inbound)
    assert "not supported" in unsupported.notes[0]
