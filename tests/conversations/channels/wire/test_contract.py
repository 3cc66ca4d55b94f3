"""What the adapter of every network with a door keeps to; a dummy one, made here, is held against
the same. Accounts that are read: `test_polled_contract.py`.

No provider is reached: the wire is a fake transport, the doors are our own.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from django.test import Client

from conversations.channels import claiming, connecting
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.models import Channel, Envelope
from conversations.channels.wire import calling, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Inbound,
    Outbound,
    Party,
    Remote,
    SendFailed,
    Sent,
)
from conversations.channels.wire.kannel import Kannel
from conversations.channels.wire.linkedin import LinkedIn
from conversations.channels.wire.meta.instagram import Instagram
from conversations.channels.wire.meta.page import Page
from conversations.channels.wire.meta.whatsapp import WhatsApp
from conversations.channels.wire.provider import Card, Checked, Door, Field, NotConnected
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.slack import Slack
from conversations.channels.wire.telegram.adapter import Telegram
from conversations.channels.wire.twilio import Twilio
from conversations.channels.wire.values import loaded
from conversations.channels.wire.x.adapter import X
from conversations.inbox.models import Message
from crm.values import AUTOMATION
from tests import house
from tests.conversations.channels.wire.samples import DOOR, SAMPLES, Sample, body_of, sample_of
from tests.rows import row_counts


class Dummy:
    """A network with one kind of message, signed with HMAC; nothing but what the contract asks."""

    idempotent = False
    accepted = 200
    card = Card("Dummy", (Field("key", "Key", "Its key."),), longest=100)

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Any) -> bool:
        key = account.credentials["key"].encode()
        wanted = hmac.new(key, body, hashlib.sha256).hexdigest()
        return bool(key) and signatures.same(headers.get("x-dummy", ""), wanted)

    def greet(self, account: Account, ask: Any) -> None:
        return None

    def delivery_key(self, body: bytes, headers: Any) -> str:
        return ""

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset()

    def parse(self, account: Account, body: bytes, headers: Any) -> Any:
        said = loaded(body)
        digest = hashlib.sha256(said["text"].encode()).hexdigest()
        return [Inbound(said["id"], Party(said["from"]), said["text"], digest)]

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        answer = calling.call(
            "POST", "https://dummy.example/say", body={}, transport=self._transport
        )
        if not answer.is_success:
            raise calling.refusal(answer, "no")
        return Sent(answer.data["id"])

    def check(self, account: Account) -> Checked:
        answer = calling.asked("GET", "https://dummy.example/me", transport=self._transport)
        if not answer.is_success:
            raise NotConnected("it does not know us")
        return Checked("me")

    def hook(self, account: Account) -> None:
        return None

    def fetch(self, account: Account, remote: Remote) -> File:
        raise NotImplementedError


def _dummy_sign(account: Account, body: bytes) -> dict[str, str]:
    key = account.credentials["key"].encode()
    return {"x-dummy": hmac.new(key, body, hashlib.sha256).hexdigest()}


DUMMY = Sample(
    kind="dummy",
    address="",
    credentials={"key": "the key of the dummy"},
    sign=_dummy_sign,
    taken={"id": "d9"},
    taken_id="d9",
    refused=[
        (429, {}, {"retry-after": "5"}, {"trouble": "limited", "retry_after": 5.0}),
        (400, {}, {}, {"trouble": "permanent", "permanent": True}),
        (500, {}, {}, {"trouble": "passing", "permanent": False}),
    ],
    known={"me": {}},
    unknown=(401, {}),
    payloads=[
        {
            "name": "a text",
            "body": {"id": "d1", "from": "bob", "text": "Hello"},
            "items": [{"type": "Inbound", "external_id": "d1", "sender": "bob", "text": "Hello"}],
        }
    ],
)
ADAPTERS: dict[str, Any] = {
    "dummy": Dummy,
    "facebook": Page,
    "instagram": Instagram,
    "kannel": Kannel,
    "linkedin": LinkedIn,
    "slack": Slack,
    "sms": Twilio,
    "telegram": Telegram,
    "whatsapp": WhatsApp,
    "x": X,
}
ALL = [DUMMY, *SAMPLES]
BY_KIND = pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.kind)
OUT = Outbound(
    id="0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0001", external_id="", thread="", to=Party("x"), text="Yes."
)


def _adapter(sample: Sample, handler: Any = None) -> Any:
    transport = httpx.MockTransport(handler) if handler else None
    adapter = ADAPTERS[sample.kind](transport)
    assert isinstance(adapter, Door)
    return adapter


def test_every_door_of_the_registry_is_held_against_the_contract() -> None:
    networks = {kind for kind, each in CHANNELS.items() if isinstance(each, Door)}
    assert networks == {sample.kind for sample in SAMPLES} == set(ADAPTERS) - {"dummy"}
    assert all(payload["source"] for sample in SAMPLES for payload in sample.payloads)


@BY_KIND
def test_only_what_is_rightly_signed_is_verified(sample: Sample) -> None:
    adapter, account = _adapter(sample), sample.account()
    body = body_of(sample.payloads[0])
    headers = sample.sign(account, body)
    assert adapter.verify(account, body, headers)
    if sample.bound:
        for place in range(len(body)):  # one bit of any byte
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            assert not adapter.verify(account, changed, headers), place
    for name, value in headers.items():
        if name == "content-type":
            continue
        wrong = [
            "",
            value[:-1],
            value + "0",
            value.swapcase() + "x",
            "é\x00",
            "9" * 5_000,
            "v0=",
            "sha256=",
        ]
        for other in wrong:
            assert not adapter.verify(account, body, {**headers, name: other}), (name, other)
        assert not adapter.verify(account, body, {n: v for n, v in headers.items() if n != name})
    nothing_set = Account(credentials=dict.fromkeys(sample.credentials, ""), door=DOOR)
    assert not adapter.verify(nothing_set, body, sample.sign(nothing_set, body))
    if sample.stamped:
        assert sample.stale is not None
        assert not adapter.verify(account, body, sample.stale(account, body))


@BY_KIND
def test_every_payload_gives_our_words(sample: Sample, subtests: Any) -> None:
    adapter, account = _adapter(sample), sample.account()
    for payload in sample.payloads:
        with subtests.test(payload["name"]):
            items = adapter.parse(account, body_of(payload), {})
            assert [
                _told(item, wanted) for item, wanted in zip(items, payload["items"], strict=True)
            ] == payload["items"]
            if payload.get("echo"):
                assert not any(isinstance(item, Inbound) for item in items)


def _told(item: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """The item, as far as the payload's file speaks of it."""
    said = {"type": type(item).__name__} | {
        name: getattr(item, name) for name in type(item).__dataclass_fields__
    }
    for name in ("sender", "to"):
        if isinstance(said.get(name), Party):
            said["name"] = said[name].name
            said[name] = said[name].handle
    for name in ("at", "sent_at"):
        said[name] = said[name].isoformat() if said.get(name) else None
    if "remotes" in said:
        said["remotes"] = [[one.name, one.type, one.key, one.size] for one in said["remotes"]]
    for name in {"references", "notes"} & set(said):
        said[name] = list(said[name])
    return {name: said[name] for name in wanted}


@BY_KIND
def test_what_the_network_takes_and_refuses_is_told_apart(sample: Sample, subtests: Any) -> None:
    account = sample.account()
    message = Outbound(**{**asdict(OUT), "to": Party(sample.handle), "thread": sample.thread})
    assert _send(sample, account, message, 200, sample.taken, {}) == Sent(sample.taken_id)
    for status, answer, headers, wanted in sample.refused:
        with subtests.test(f"{status} {answer}"):
            with pytest.raises(SendFailed) as failed:
                _send(sample, account, message, status, answer, headers)
            said = failed.value
            assert {name: getattr(said, name) for name in wanted} == wanted
            assert str(said)
            assert not any(secret in str(said) for secret in sample.credentials.values())


def _send(
    sample: Sample, account: Account, message: Outbound, status: int, answer: Any, headers: Any
) -> Sent:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.scheme == "https"
        return httpx.Response(status, json=answer, headers=headers)

    return _adapter(sample, handler).send(account, message)  # type: ignore[no-any-return]


@BY_KIND
def test_an_answer_that_is_lost_is_unknown_and_a_network_that_is_down_is_tried_again(
    sample: Sample,
) -> None:
    message = Outbound(**{**asdict(OUT), "to": Party(sample.handle), "thread": sample.thread})
    for error, unknown in ((httpx.ReadTimeout("slow"), True), (httpx.ConnectError("no"), False)):

        def handler(request: httpx.Request, error: Exception = error) -> httpx.Response:
            raise error

        with pytest.raises(SendFailed) as failed:
            _adapter(sample, handler).send(sample.account(), message)
        assert (failed.value.unknown, failed.value.permanent) == (unknown, False)
        assert not any(secret in str(failed.value) for secret in sample.credentials.values())


@BY_KIND
def test_a_connection_says_what_is_wrong_with_it(sample: Sample) -> None:
    account = sample.account()

    def knows(request: httpx.Request) -> httpx.Response:
        for part, answer in sample.known.items():
            if part in request.url.path:
                return httpx.Response(200, json=answer)
        raise AssertionError(request.url.path)

    adapter = _adapter(sample, knows)
    adapter.hook(account)
    assert adapter.check(account).remarks == ()
    status, answer = sample.unknown
    for sent_back, passing in ((httpx.Response(status, json=answer), False), (None, True)):

        def refuses(request: httpx.Request, back: Any = sent_back) -> httpx.Response:
            if back is None:
                raise httpx.ConnectError("no")
            return back  # type: ignore[no-any-return]

        with pytest.raises(NotConnected) as said:
            _adapter(sample, refuses).check(account)
        assert said.value.passing is passing
        assert str(said.value)
        assert not any(secret in str(said.value) for secret in sample.credentials.values())


# --- at the door ---

HOSTILE = [
    b"",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"a": "\x00"}',
    b'{"a": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b"[" * 100_000,
    b'{"entry": [{"changes": [{"value": [], "field": 5}]}, 7], "message": 5, "event": [1]}',
    b'{"message": {"from": 5, "chat": "x"}, "type": "event_callback", "event": "x"}',
    b"MessageSid=%00&From=%ff",
    b'{"n": ' + b"9" * 5_000 + b"}",
]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """A channel of the sample's kind, with its credentials, in a registry that knows the dummy."""
    monkeypatch.setitem(CHANNELS, "dummy", Dummy())
    settings.BASE_URL = "https://relais.example"
    home = house.unit()

    def connect(sample: Sample) -> Channel:
        values = dict(sample.credentials)
        for field in connecting.fields_of(sample.kind):
            if field.address:
                values[field.name] = sample.address
        forget_channels()
        return connecting.connect(
            home, kind=sample.kind, name=sample.kind, values=values, by=AUTOMATION
        )

    return connect


def _post(channel: Channel, sample: Sample, body: bytes, **changed: str) -> Any:
    headers = sample.sign(account_of(channel), body) | changed
    kind = headers.pop("content-type", "application/json")
    path = f"/hooks/{channel.kind}/{channel.token}/"
    client = Client(raise_request_exception=False)
    return client.generic("POST", path, body, content_type=kind, headers=headers)


@pytest.mark.django_db
@BY_KIND
def test_the_door_stores_what_is_signed_and_a_repeat_has_no_effect(
    sample: Sample, connected: Any
) -> None:
    channel, adapter = connected(sample), CHANNELS[sample.kind]
    payload = sample.payloads[0]
    body = body_of(payload)
    for _ in range(2):
        answer = _post(channel, sample, body)
        assert (answer.status_code, answer.content) == (adapter.accepted, b"")  # type: ignore[attr-defined]
        claiming.ingest()
    envelope = Envelope.objects.get()
    assert (bytes(envelope.body or b""), envelope.state) == (body, "done")
    Envelope.objects.update(key="delivered under another id, as some networks do")
    assert _post(channel, sample, body).status_code == answer.status_code
    claiming.ingest()
    assert Envelope.objects.count() == 2
    message = Message.objects.get()
    assert (message.text, message.direction) == (payload["items"][0]["text"], "in")
    refused = _post(
        channel, sample, body, **dict.fromkeys(sample.sign(account_of(channel), body), "x")
    )
    before = row_counts()
    assert refused.status_code == 401
    assert row_counts() == before


@pytest.mark.django_db
@BY_KIND
def test_every_payload_goes_through_the_door_and_nothing_fails(
    sample: Sample, connected: Any
) -> None:
    channel = connected(sample)
    for payload in sample.payloads:
        assert _post(channel, sample, body_of(payload)).status_code < 300
        Envelope.objects.filter(state="waiting").update(key=payload["name"])
        claiming.ingest()
    states = dict(Envelope.objects.values_list("key", "state"))
    assert set(states.values()) <= {"done", "ignored"}, states


@pytest.mark.django_db
@BY_KIND
def test_whatever_is_signed_is_kept_and_fails_where_it_is_seen(
    sample: Sample, connected: Any, subtests: Any
) -> None:
    channel = connected(sample)
    for body in HOSTILE:
        with subtests.test(body[:40]):
            assert _post(channel, sample, body).status_code < 300
            claiming.ingest()
    assert set(Envelope.objects.values_list("state", flat=True)) <= {"failed", "ignored"}
    assert not Message.objects.exists()
    unread = Envelope.objects.exclude(reason="").count()
    assert unread == Envelope.objects.count() == len(HOSTILE)


@pytest.mark.django_db
def test_a_door_has_its_own_kind_and_asks_nothing_by_itself(connected: Any) -> None:
    sample = sample_of("telegram")
    channel = connected(sample)
    client = Client()
    assert client.get(f"/hooks/{channel.kind}/{channel.token}/").status_code == 404
    assert client.get(f"/hooks/slack/{channel.token}/").status_code == 404
    assert client.put(f"/hooks/{channel.kind}/{channel.token}/").status_code == 405
    connecting.disconnect(channel, by=AUTOMATION)
    forget_channels()
    body = body_of(sample.payloads[0])
    assert _post(channel, sample, body).status_code == 410
    channel.refresh_from_db()
    assert channel.credentials == ""
