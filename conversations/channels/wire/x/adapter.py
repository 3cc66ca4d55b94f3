"""X: its Activity API in, posts and direct messages out (docs.x.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from conversations.channels.wire import calling, oauth1, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Ignored,
    Item,
    Outbound,
    Remote,
    SendFailed,
    Sent,
    Trouble,
)
from conversations.channels.wire.provider import (
    Ask,
    Card,
    Checked,
    Field,
    NotConnected,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.values import inside, loaded, text
from conversations.channels.wire.x.reading import CHAT, POST, items_of

API = "https://api.x.com/2"
LONGEST_POST = 280
_ADDRESS = re.compile(r"https?://\S+")
_LIGHT = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


class X:
    idempotent = False
    accepted = 200
    card = Card(
        title="X",
        fields=(
            Field(
                "user_id",
                gettext_noop("Account id"),
                gettext_noop("A long number, not the name behind the @."),
                secret=False,
                address=True,
            ),
            Field(
                "consumer_key",
                gettext_noop("API key"),
                gettext_noop("Of the app, at developer.x.com, Keys and tokens."),
            ),
            Field(
                "consumer_secret",
                gettext_noop("API key secret"),
                gettext_noop("Of the app; X signs each delivery with it."),
            ),
            Field(
                "access_token",
                gettext_noop("Access token"),
                gettext_noop("Of the account itself, with the rights to write and direct message."),
            ),
            Field(
                "access_token_secret",
                gettext_noop("Access token secret"),
                gettext_noop("It stands beside the access token."),
            ),
        ),
        steps=(
            gettext_noop("Make an app at developer.x.com with access to the X Activity API."),
            gettext_noop("Register the address of the door as its webhook (POST /2/webhooks)."),
            gettext_noop(
                "Subscribe the account to post.mention.create, post.reply.create, post.create, "
                "post.delete, dm.received, dm.sent and chat.received."
            ),
            gettext_noop(
                "X bills each post that it delivers, and keeps encrypted chats to its own app."
            ),
        ),
        longest=10_000,
        per_minute=15,
        public=POST,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return signatures.x(account.credentials.get("consumer_secret", ""), headers, body)

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        """The check that X repeats by the hour: its token, signed."""
        token = ask.query.get("crc_token", "")
        secret = account.credentials.get("consumer_secret", "")
        if ask.method != "GET" or not token or not secret:
            return None
        mac = hmac.new(secret.encode(), token[:500].encode(), hashlib.sha256).digest()
        said = {"response_token": f"sha256={base64.b64encode(mac).decode()}"}
        return Reply(200, json.dumps(said), "application/json")

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        return text(inside(loaded(body), "data"), "event_uuid")

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset({text(inside(loaded(body), "data", "filter"), "user_id")}) - {""}

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        event = inside(loaded(body), "data")
        if text(inside(event, "filter"), "user_id") != account.address:
            return [Ignored("for another account")]
        return list(items_of(event, account.address))

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def weigh(self, thread: str, text: str) -> tuple[int, int]:
        if not thread.startswith(POST):
            return len(text), self.card.longest
        return weight_of(text), LONGEST_POST

    def send(self, account: Account, message: Outbound) -> Sent:
        if message.thread.startswith(CHAT):
            raise SendFailed("encrypted chats are answered in the app of X", permanent=True)
        if message.thread.startswith(POST):
            return self._reply(account, message)
        if not _is_id(message.to.handle):
            raise SendFailed("this person has no account on X", permanent=True)
        path = f"dm_conversations/with/{message.to.handle}/messages"
        told = self._post(account, path, {"text": message.text})
        return Sent(text(inside(told, "data"), "dm_event_id"))

    def _reply(self, account: Account, message: Outbound) -> Sent:
        below = message.in_reply_to or message.thread.removeprefix(POST)
        if not _is_id(below):
            raise SendFailed("nothing of theirs is left to answer", permanent=True)
        body = {"text": message.text, "reply": {"in_reply_to_tweet_id": below}}
        told = self._post(account, "tweets", body)
        return Sent(text(inside(told, "data"), "id"))

    def _post(self, account: Account, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        url = f"{API}/{path}"
        answer = calling.call(
            "POST",
            url,
            headers={"authorization": oauth1.header("POST", url, account.credentials)},
            body=body,
            transport=self._transport,
        )
        if not answer.is_success:
            raise _failure(answer)
        return answer.data

    def check(self, account: Account) -> Checked:
        url = f"{API}/users/me"
        answer = calling.asked(
            "GET",
            url,
            headers={"authorization": oauth1.header("GET", url, account.credentials)},
            transport=self._transport,
        )
        if answer.status in {401, 403}:
            raise NotConnected("X does not take these keys and tokens")
        if not answer.is_success:
            passing = answer.status == 429 or answer.status >= 500
            raise NotConnected(f"X: {_said(answer)}"[:300], passing=passing)
        me = inside(answer.data, "data")
        if text(me, "id") != account.address:
            raise NotConnected(f"the access token is of another account, {text(me, 'id')[:30]}")
        return Checked(name=f"@{text(me, 'username')}")

    def hook(self, account: Account) -> None:
        """The app's own token registers a webhook, which an account's does not."""

    def fetch(self, account: Account, remote: Remote) -> File:
        """Pictures of direct messages are shown to the account alone."""
        headers = {"authorization": oauth1.header("GET", remote.key, account.credentials)}
        return calling.fetch_file(
            remote,
            remote.key,
            hosts=("ton.twitter.com", "ton.x.com"),
            headers=headers,
            loopback=account.loopback,
        )


def weight_of(words: str) -> int:
    """As X counts a post: an address is 23, a letter of most alphabets 1, any other mark 2."""
    rest = _ADDRESS.sub("", words)
    light = sum(any(low <= ord(mark) <= high for low, high in _LIGHT) for mark in rest)
    return 23 * len(_ADDRESS.findall(words)) + light + 2 * (len(rest) - light)


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _said(answer: calling.Answer) -> str:
    return text(answer.data, "detail") or text(answer.data, "title") or f"HTTP {answer.status}"


def _failure(answer: calling.Answer) -> SendFailed:
    said = f"X: {_said(answer)}"[:300]
    if answer.status == 429:
        return calling.refusal(answer, said, wait=_until_reset(answer), trouble=Trouble.LIMITED)
    if answer.status == 403:  # of many things: also a person who takes no messages, or a repeat
        words = said.lower()
        blocked = "cannot send messages to this user" in words or "blocked" in words
        sort = Trouble.BLOCKED if blocked else Trouble.PERMANENT
        return calling.refusal(answer, said, trouble=sort)
    return calling.refusal(answer, said)


def _until_reset(answer: calling.Answer) -> float | None:
    """X says when, in seconds since 1970."""
    at = calling.seconds_since(answer.headers.get("x-rate-limit-reset", ""))
    return None if at is None else max(1.0, at - time.time())
