"""Instagram, by its own login: direct messages, and comments below what the company published.

Instagram tells no deletion of a comment, and of a mention elsewhere only that there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.contract import (
    Account,
    Echoed,
    File,
    Ignored,
    Inbound,
    Item,
    Outbound,
    Party,
    Remote,
    SendFailed,
    Sent,
)
from conversations.channels.wire.meta import graph, messaging
from conversations.channels.wire.provider import (
    Ask,
    Card,
    Checked,
    Field,
    NotConnected,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.values import each, inside, loaded, moment, text

HOST = "https://graph.instagram.com"
MEDIA = "media:"
SUBSCRIBED = "messages,message_edit,messaging_postbacks,messaging_seen,comments,live_comments"


class Instagram:
    idempotent = False
    accepted = 200
    card = Card(
        title="Instagram",
        fields=(
            Field(
                "account_id",
                gettext_noop("Account id"),
                gettext_noop("Of the professional account: a long number, not its name."),
                secret=False,
                address=True,
            ),
            graph.ACCESS_TOKEN,
            graph.APP_SECRET,
            graph.VERIFY_TOKEN,
        ),
        steps=(
            gettext_noop(
                "Add Instagram with Instagram login to an app at developers.facebook.com, with "
                "instagram_business_manage_messages and instagram_business_manage_comments."
            ),
            gettext_noop(
                "Webhooks: enter the address of the door and the verify token. The test subscribes "
                "the account."
            ),
            gettext_noop("In the Instagram app, allow access to messages for connected tools."),
        ),
        longest=1_000,
        window=timedelta(hours=24),
        public=MEDIA,
        per_minute=600,
    )

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return graph.verify(account, body, headers)

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        return graph.greet(account, ask)

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        return ""

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset(text(entry, "id") for entry in each(loaded(body), "entry")) - {""}

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        items: list[Item] = []
        for entry in each(loaded(body), "entry"):
            if text(entry, "id") != account.address:
                items.append(Ignored("for another account"))
                continue
            items += messaging.items_of(entry, account.address)
            at = moment(text(entry, "time"), milliseconds=len(text(entry, "time")) > 11)
            for change in each(entry, "changes"):
                items += _change(change, account.address, at)
        return items or [Ignored("nothing in it")]

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        if message.thread.startswith(MEDIA):
            path, key = f"{_comment_of(message)}/replies", "id"
            body: dict[str, Any] = {"message": message.text}
        else:
            path, key = f"{account.address}/messages", "message_id"
            body = {"recipient": {"id": message.to.handle}, "message": {"text": message.text}}
        answer = graph.call(account, "POST", path, body=body, transport=self._transport, host=HOST)
        if not answer.is_success:
            raise graph.failure(answer)
        return Sent(text(answer.data, key))

    def check(self, account: Account) -> Checked:
        told = graph.asked(
            account,
            "me",
            {"fields": "user_id,username"},
            transport=self._transport,
            host=HOST,
        )
        if text(told, "user_id") != account.address:
            raise NotConnected(f"the token is of another account, {text(told, 'user_id')}")
        return Checked(name=f"@{text(told, 'username')}")

    def name_of(self, account: Account, handle: str) -> str:
        if not (handle.isascii() and handle.isdigit()):
            return ""
        told = graph.asked(
            account, handle, {"fields": "name,username"}, transport=self._transport, host=HOST
        )
        return text(told, "name") or text(told, "username")

    def hook(self, account: Account) -> None:
        path, query = f"{account.address}/subscribed_apps", {"subscribed_fields": SUBSCRIBED}
        try:
            answer = graph.call(
                account, "POST", path, query=query, transport=self._transport, host=HOST
            )
        except SendFailed as error:
            raise NotConnected(str(error), passing=True) from error
        if not answer.is_success:
            raise NotConnected(str(graph.failure(answer)), passing=answer.status >= 429)

    def fetch(self, account: Account, remote: Remote) -> File:
        return calling.fetch_file(remote, remote.key, hosts=(), loopback=account.loopback)


def _comment_of(message: Outbound) -> str:
    if not (message.in_reply_to.isascii() and message.in_reply_to.isdigit()):
        raise SendFailed("nothing of theirs is left to answer", permanent=True)
    return message.in_reply_to


def _change(change: Mapping[str, Any], account: str, at: datetime | None) -> Iterator[Item]:
    """`value` is an object in what is delivered, a list in the documentation."""
    field = text(change, "field")
    if field not in {"comments", "live_comments"}:
        yield Ignored(f"{field[:60]}: Instagram does not pass on what was said")
        return
    value = change.get("value")
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield _comment(one, account, at)


def _comment(value: Mapping[str, Any], account: str, at: datetime | None) -> Item:
    author, id_ = inside(value, "from"), text(value, "id")
    thread = f"{MEDIA}{text(inside(value, 'media'), 'id')}"
    words = text(value, "text")
    if not (id_ and text(author, "id")):
        return Ignored("a comment of nobody in particular")
    if text(author, "id") == account or text(author, "self_ig_scoped_id") == account:
        return Echoed(id_, words, thread=thread, sent_at=at, below=text(value, "parent_id"))
    parent = text(value, "parent_id")
    return Inbound(
        external_id=id_,
        sender=Party(text(author, "id"), text(author, "username")[:200]),
        text=words,
        body_digest=hashlib.sha256(words.encode()).hexdigest(),
        thread=thread,
        sent_at=at,
        references=(parent,) if parent else (),
    )
