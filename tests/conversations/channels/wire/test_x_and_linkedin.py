"""X and LinkedIn: what is public stays below what it answers, and what they keep back is said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from django.test import Client

from conversations.channels import claiming, connecting
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.wire import oauth1
from conversations.channels.wire.contract import Outbound, Party, SendFailed
from conversations.channels.wire.linkedin import LinkedIn
from conversations.channels.wire.x.adapter import X, weight_of
from conversations.channels.wire.x.reading import UNREADABLE
from conversations.inbox.models import Conversation, Message
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.wire.samples import body_of, sample_of


def test_a_request_is_signed_as_the_published_example_is() -> None:
    """The example of RFC 5849 3.4.1 has form fields; this one is X's own without them."""
    keys = {
        "consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "consumer_secret": "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "access_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "access_token_secret": "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    }
    made = oauth1.header(
        "POST",
        "https://api.x.com/2/tweets",
        keys,
        stamp="1318622958",
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    )
    base = (
        "POST&https%3A%2F%2Fapi.x.com%2F2%2Ftweets&oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26"
        "oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26"
        "oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1318622958%26"
        "oauth_token%3D370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0"
    )
    assert f'oauth_signature="{_signed(base, keys)}"' in made
    assert "secret" not in made
    assert keys["access_token_secret"] not in made


def _signed(base: str, keys: dict[str, str]) -> str:
    key = f"{keys['consumer_secret']}&{keys['access_token_secret']}".encode()
    mac = hmac.new(key, base.encode(), hashlib.sha1).digest()
    return quote(base64.b64encode(mac).decode(), safe="")


def _sent(adapter: Any, kind: str, answer: Any, **said: Any) -> tuple[Any, httpx.Request]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json=answer)

    fields = {"id": "m", "external_id": "", "thread": "", "to": Party("42"), "text": "It is."}
    sent = adapter(httpx.MockTransport(handle)).send(
        sample_of(kind).account(), Outbound(**{**fields, **said})
    )
    return sent, asked[0]


def test_a_post_is_answered_below_it_and_a_letter_by_letter() -> None:
    thread = "post:2080000000000000000"
    sent, asked = _sent(X, "x", {"data": {"id": "9"}}, thread=thread, in_reply_to="3")
    assert (sent.external_id, asked.url.path) == ("9", "/2/tweets")
    assert json.loads(asked.content)["reply"] == {"in_reply_to_tweet_id": "3"}
    assert asked.headers["authorization"].startswith("OAuth oauth_consumer_key=")
    _sent_dm, asked = _sent(X, "x", {"data": {"dm_event_id": "8"}})
    assert asked.url.path == "/2/dm_conversations/with/42/messages"
    with pytest.raises(SendFailed, match="in the app of X"):
        _sent(X, "x", {}, thread="chat:42-1")
    with pytest.raises(SendFailed):
        _sent(X, "x", {}, to=Party("42/../1"))


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("abc", 3),
        ("déjà", 4),
        ("日本", 4),
        ("🙂", 2),
        ("see https://brand.example/" + "x" * 80, 27),
    ],
)
def test_a_post_is_as_long_as_x_counts_it(text: str, weight: int) -> None:
    assert weight_of(text) == weight
    assert X().weigh("post:1", text) == (weight, 280)
    assert X().weigh("", text) == (len(text), 10_000)


def test_a_comment_is_answered_below_it_in_the_name_of_the_page() -> None:
    post = "urn:li:activity:7094637247890620418"
    comment = f"urn:li:comment:({post},1)"
    answer = {"id": "77", "commentUrn": f"urn:li:comment:({post},77)"}
    sent, asked = _sent(LinkedIn, "linkedin", answer, thread=f"post:{post}", in_reply_to=comment)
    assert sent.external_id == f"urn:li:comment:({post},77)"
    assert json.loads(asked.content) == {
        "actor": "urn:li:organization:96072893",
        "object": post,
        "message": {"text": "It is."},
        "parentComment": comment,
    }
    assert asked.url.raw_path.count(b"%3A") == 6  # the urn is one part of the path
    assert asked.headers["linkedin-version"].startswith("20")
    with pytest.raises(SendFailed):
        _sent(LinkedIn, "linkedin", {}, thread="post:urn:li:activity:1/../2")


@pytest.mark.django_db
def test_encrypted_chats_are_shown_as_unreadable_and_long_posts_refused_when_written(
    settings: Any,
) -> None:
    settings.BASE_URL = "https://relais.example"
    forget_channels()
    home, sample = house.unit(), sample_of("x")
    sam = house.somebody(house.department(home), Role.STAFF, name="Sam")
    values = sample.credentials | {"user_id": sample.address}
    channel = connecting.connect(home, kind="x", name="X", values=values, by=AUTOMATION)
    door = f"/hooks/x/{channel.token}/"
    crc = Client().get(door, {"crc_token": "foo"})
    told = "sha256=DcTy7IecOE1nIXA5KRcZ3lAsoNWL9GefbVQ+nWXIK0Q="
    assert (crc.status_code, crc.json()) == (200, {"response_token": told})
    payloads = {each["name"]: each for each in sample.payloads}
    for name in ("an encrypted chat", "a mention below a post of ours", "the same post as a reply"):
        body = body_of(payloads[name])
        headers = sample.sign(account_of(channel), body)
        Client().post(door, body, content_type="application/json", headers=headers)
        claiming.ingest()
    assert Message.objects.count() == 2  # a post that is told twice is one
    chat = Message.objects.get(text="")
    assert chat.notes == [UNREADABLE]
    assert chat.conversation.status == "open"
    public = Conversation.objects.get(thread__startswith="post:")
    staff = Caller(sam.user)
    assert staff.say(public, "日" * 141).json()["code"] == "too_long_for_channel"
    assert staff.say(public, "日" * 140).status_code == 201
