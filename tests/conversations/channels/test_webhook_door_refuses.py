"""What the webhook's door refuses: status and code a case, and no table has a row more."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from conversations.channels.models import Channel
from conversations.channels.wire import standard_webhooks
from tests import house
from tests.rows import row_counts

pytestmark = pytest.mark.django_db

GOOD = house.event(house.message())
LARGEST = 10 * 1024 * 1024


def _signed(channel: Channel, body: bytes, **changes: str) -> dict[str, str]:
    headers = standard_webhooks.headers(channel.secret, message_id="d1", body=body)
    del headers["content-type"]
    return headers | changes


def _at(channel: Channel, seconds: int) -> dict[str, str]:
    moment = int(time.time()) + seconds
    signature = standard_webhooks.sign(channel.secret, message_id="d1", timestamp=moment, body=GOOD)
    return _signed(channel, GOOD, **{
        "webhook-timestamp": str(moment),
        "webhook-signature": signature,
    })  # fmt: skip


def _stamp(channel: Channel, stamp: str) -> dict[str, str]:
    return _signed(channel, GOOD, **{"webhook-timestamp": stamp})


def _signature(channel: Channel, change: Callable[[str], str]) -> dict[str, str]:
    headers = _signed(channel, GOOD)
    return headers | {"webhook-signature": change(headers["webhook-signature"])}


def _without(channel: Channel, name: str) -> dict[str, str]:
    headers = _signed(channel, GOOD)
    del headers[name]
    return headers


def _of_another(channel: Channel) -> dict[str, str]:
    return _signed(house.webhook_channel(house.unit("Other")), GOOD)


# name, what the headers are made of
UNSIGNED: list[tuple[str, Callable[[Channel], dict[str, str]]]] = [
    ("no headers", lambda channel: {}),
    ("no id", lambda channel: _without(channel, "webhook-id")),
    ("no timestamp", lambda channel: _without(channel, "webhook-timestamp")),
    ("no signature", lambda channel: _without(channel, "webhook-signature")),
    ("301 seconds old", lambda channel: _at(channel, -302)),
    ("from the future", lambda channel: _at(channel, 302)),
    ("timestamp not a number", lambda channel: _stamp(channel, "now")),
    ("timestamp in arabic digits", lambda channel: _stamp(channel, "١٧٣٢")),
    ("timestamp of 5,000 digits", lambda channel: _stamp(channel, "9" * 5_000)),
    ("negative timestamp", lambda channel: _stamp(channel, "-1")),
    ("timestamp with a fraction", lambda channel: _stamp(channel, f"{time.time():.3f}")),
    ("empty signature", lambda channel: _signature(channel, lambda _: "")),
    ("wrong version", lambda channel: _signature(channel, lambda it: it.replace("v1,", "v2,"))),
    ("upper case", lambda channel: _signature(channel, str.upper)),
    ("wrong length", lambda channel: _signature(channel, lambda it: it[:-4])),
    ("not base64", lambda channel: _signature(channel, lambda _: "v1,%%%")),
    ("not ASCII", lambda channel: _signature(channel, lambda _: "v1,é\xff")),
    ("joined by a comma", lambda channel: _signature(channel, lambda it: f"{it},{it}")),
    ("a thousand wrong ones", lambda channel: _signature(channel, lambda _: "v1,AAAA " * 1_000)),
    ("other id", lambda channel: _signed(channel, GOOD, **{"webhook-id": "d2"})),
    ("of another channel", _of_another),
    ("of another body", lambda channel: _signed(channel, GOOD + b" ")),
]


def _message(**changes: Any) -> bytes:
    return house.event(house.message(**changes))


def _said(**changes: Any) -> bytes:
    """A whole event with other members."""
    return json.dumps({**json.loads(GOOD), **changes}).encode()


def _raw(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


MALFORMED = {
    "empty": b"",
    "spaces": b"   ",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"hello"',
    "a number": b"7",
    "no members": b"{}",
    "not JSON": b"text=hello",
    "cut": GOOD[:-1],
    "two values": GOOD + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "a mark of byte order": b"\xef\xbb\xbf" + GOOD,
    "bad UTF-8": _raw(b"parcel", b"par\xff\xfecel"),
    "overlong UTF-8": _raw(b"parcel", b"par\xc0\x80cel"),
    "surrogate in UTF-8": _raw(b"parcel", b"par\xed\xa0\x80cel"),
    "NUL byte": _raw(b"parcel", b"par\x00cel"),
    "NUL escape": _raw(b"parcel", b"par\\u0000cel"),
    "NUL in a name": _raw(b"Bob", b"B\\u0000b"),
    "NUL in a key": _raw(b'"name"', b'"na\\u0000me"'),
    "first half of a pair": _raw(b"parcel", b"par\\ud83dcel"),
    "second half of a pair": _raw(b"parcel", b"par\\ude00cel"),
    "deep lists": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "forty levels": _said(extra=json.loads("[" * 40 + "]" * 40)),
    "a key twice": _raw(b'"text":', b'"text": "x", "text":'),
    "NaN": _raw(b'"text": "Where is my parcel?"', b'"text": "x", "n": NaN'),
    "Infinity": _raw(b'"text": "Where is my parcel?"', b'"text": "x", "n": -Infinity'),
    "5,000 digits": _raw(b'"text": "Where is my parcel?"', b'"text": "x", "n": ' + b"9" * 5_000),
    "unknown type": _said(type="message.deleted"),
    "type is a list": _said(type=["message.received"]),
    "no data": _said(data=None),
    "data is a text": _said(data="hello"),
    "no messages": _said(data=[]),
    "501 messages": house.event([house.message(f"m{n}") for n in range(501)]),
    "10,000 messages": house.event([house.message(f"m{n}") for n in range(10_000)]),
    "one bad of two": house.event([house.message("m1"), house.message("m2", text=5)]),
    "a message is a list": _said(data=[[]]),
    "text is a number": _message(text=5),
    "text is null": _message(text=None),
    "text is too long": _message(text="x" * 100_001),
    "id is a number": _message(message_id=5),
    "id is empty": _message(message_id=" "),
    "id is too long": _message(message_id="x" * 501),
    "thread is a list": _message(thread=[]),
    "thread is too long": _message(thread="x" * 501),
    "nobody": _message(**{"from": None}),
    "from is a text": _message(**{"from": "bob"}),
    "no handle": _message(**{"from": {"name": "Bob"}}),
    "handle is empty": _message(**{"from": {"handle": "  "}}),
    "handle is too long": _message(**{"from": {"handle": "x" * 321}}),
    "handle grows when folded": _message(**{"from": {"handle": "ß" * 200}}),
    "name is an object": _message(**{"from": {"handle": "bob", "name": {}}}),
    "sent_at is a number": _message(sent_at=5),
    "sent_at is no time": _message(sent_at="yesterday"),
    "sent_at without offset": _message(sent_at="2026-01-01T00:00:00"),
    "sent_at out of range": _message(sent_at="0001-01-01T00:00:00+14:00"),
    "sent_at before all years": _message(sent_at="0000-01-01T00:00:00Z"),
    "attachments is an object": _message(attachments={}),
    "21 attachments": _message(
        attachments=[{"name": "a", "type": "t", "base64": ""} for _ in range(21)]
    ),
    "an attachment is a text": _message(attachments=["a"]),
    "an attachment without a name": _message(attachments=[{"type": "t", "base64": ""}]),
    "not base64": _message(attachments=[{"name": "a", "type": "t", "base64": "%%"}]),
    "base64 not ASCII": _message(attachments=[{"name": "a", "type": "t", "base64": "é"}]),
    "a type too long": _message(attachments=[{"name": "a", "type": "t" * 121, "base64": ""}]),
}


@pytest.fixture
def channel() -> Channel:
    return house.webhook_channel(house.unit())


def _post(channel: Channel, body: bytes, headers: dict[str, str], **more: str) -> HttpResponse:
    client = Client(raise_request_exception=False)
    kind = more.pop("content_type", "application/json")
    path = f"/hooks/{channel.token}/"
    return client.generic("POST", path, body, content_type=kind, headers=headers, **more)


def _refused(response: HttpResponse, status: int, code: str) -> None:
    problem = json.loads(response.content)
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response["Content-Type"] == "application/problem+json"
    assert problem["status"] == status


def test_what_is_not_rightly_signed_is_401(channel: Channel, subtests: Any) -> None:
    for name, headers_of in UNSIGNED:
        with subtests.test(name):
            headers = headers_of(channel)
            before = row_counts()
            _refused(_post(channel, GOOD, headers), 401, "bad_signature")
            assert row_counts() == before


def test_what_is_signed_but_not_of_our_form_is_422(channel: Channel, subtests: Any) -> None:
    before = row_counts()
    for name, body in MALFORMED.items():
        with subtests.test(name):
            _refused(_post(channel, body, _signed(channel, body)), 422, "malformed")
            assert row_counts() == before


def test_an_id_that_can_not_be_kept_is_422(channel: Channel, subtests: Any) -> None:
    before = row_counts()
    for message_id in ("x" * 201, "a\x7fb", "a\tb"):
        with subtests.test(repr(message_id)):
            headers = standard_webhooks.headers(channel.secret, message_id=message_id, body=GOOD)
            del headers["content-type"]
            _refused(_post(channel, GOOD, headers), 422, "malformed")
            assert row_counts() == before


def test_another_content_type_is_415(channel: Channel, subtests: Any) -> None:
    before = row_counts()
    for kind in ("text/plain", "application/xml", "multipart/form-data", "application/json2"):
        with subtests.test(kind):
            response = _post(channel, GOOD, _signed(channel, GOOD), content_type=kind)
            _refused(response, 415, "unsupported_media_type")
            assert row_counts() == before


def test_what_is_too_large_is_413_signed_or_not(channel: Channel, subtests: Any) -> None:
    body = b'"' + b"x" * LARGEST + b'"'
    before = row_counts()
    for name, headers in (("signed", _signed(channel, body)), ("unsigned", {})):
        with subtests.test(name):
            _refused(_post(channel, body, headers), 413, "too_large")
            assert row_counts() == before


def test_an_announced_length_is_believed_when_it_is_too_large(channel: Channel) -> None:
    before = row_counts()
    for length in ("99999999999", "9" * 5_000):
        response = _post(channel, b"{}", {}, CONTENT_LENGTH=length)
        _refused(response, 413, "too_large")
    assert row_counts() == before


def test_doors_that_are_not_there_are_404(channel: Channel, subtests: Any) -> None:
    before = row_counts()
    for token in ("x", channel.token[:-1], channel.token.swapcase(), "%00", "é", "x" * 5_000):
        with subtests.test(token[:20]):
            client = Client(raise_request_exception=False)
            path = f"/hooks/{token}/"
            headers = _signed(channel, GOOD)
            response = client.post(path, GOOD, content_type="application/json", headers=headers)
            _refused(response, 404, "not_found")
            assert row_counts() == before


def test_only_post_is_taken(channel: Channel) -> None:
    client = Client(raise_request_exception=False)
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = client.generic(method, f"/hooks/{channel.token}/", GOOD)
        assert response.status_code == 405
        assert response["Allow"] == "POST"


def test_a_closed_channel_is_410(channel: Channel) -> None:
    channel.closed_at = "2026-01-01T00:00:00Z"
    channel.save()
    before = row_counts()
    _refused(_post(channel, GOOD, _signed(channel, GOOD)), 410, "closed")
    assert row_counts() == before


def test_a_replayed_delivery_is_welcome_and_without_effect(channel: Channel) -> None:
    headers = _signed(channel, GOOD)
    assert _post(channel, GOOD, headers).status_code == 202
    before = row_counts()
    again = _post(channel, GOOD, headers)
    assert (again.status_code, json.loads(again.content)["duplicate"]) == (200, True)
    assert row_counts() == before


def test_one_good_signature_among_others_is_enough(channel: Channel) -> None:
    others = base64.b64encode(b"x" * 32).decode()
    headers = _signature(channel, lambda it: f"v1,{others} v1a,{others} {it}")
    assert _post(channel, GOOD, headers).status_code == 202
