"""Telegram: a bot's webhook in, the Bot API out (core.telegram.org/bots/api, 10.x).

A message is known by chat and number together; a thread is a chat (and a topic of it). A chat
that a business account shares with the bot is named by its connection too. Telegram reports edits,
and deletions only of business chats; it has no receipts and no key against sending twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from conversations.channels.wire import calling, signatures, strict_json
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Item,
    Outbound,
    Refused,
    Remote,
    SendFailed,
    Sent,
    Trouble,
)
from conversations.channels.wire.parts import in_parts
from conversations.channels.wire.provider import (
    Ask,
    Card,
    Checked,
    Field,
    NotConnected,
    NotFetched,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.telegram.updates import items_of
from conversations.channels.wire.values import inside

API = "https://api.telegram.org"
TAKEN = (
    "message",
    "edited_message",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "my_chat_member",
)
LARGEST = 20 * 1024 * 1024  # bytes that a bot may fetch
LARGEST_PHOTO = 10 * 1024 * 1024
LONGEST_CAPTION = 1_024
_SHOWN = {"image/jpeg": "photo", "image/png": "photo", "video/mp4": "video", "audio/mpeg": "audio"}
_THREAD = re.compile(r"(-?\d{1,20})(?:/(\d{1,20}))?(?:@([\w-]{1,200}))?")


class Telegram:
    idempotent = False
    accepted = 200
    card = Card(
        title="Telegram",
        fields=(
            Field(
                "bot_token",
                gettext_noop("Bot token"),
                gettext_noop("What @BotFather answered to /newbot, such as 123456:ABC-DEF."),
            ),
        ),
        steps=(
            gettext_noop("Write /newbot to @BotFather in Telegram and choose a name."),
            gettext_noop("Copy the token here: the door is made known to Telegram by itself."),
        ),
        longest=4096,
        per_minute=1_500,
    )
    takes = Takes(most=10, largest=LARGEST, together=LARGEST)  # Telegram itself takes 50 MB

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        given = headers.get("x-telegram-bot-api-secret-token", "")
        return signatures.same(given, secret_token(account))

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        return None

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        number = strict_json.loads(body).get("update_id")
        return f"update:{number}" if isinstance(number, int) else ""

    def recipients(self, body: bytes) -> frozenset[str]:
        return frozenset()

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        try:
            update = strict_json.loads(body)
        except strict_json.NotStrict as error:
            raise Refused(str(error)) from error
        if not isinstance(update, dict):
            raise Refused("not an update")
        return items_of(update)

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        below = message.text if message.files and len(message.text) <= LONGEST_CAPTION else ""
        steps = [
            partial(self._post, account, message, file, below if not number else "")
            for number, file in enumerate(message.files)
        ]
        if message.text and not below:
            steps = [partial(self._post, account, message, None, message.text), *steps]
        return in_parts(message, steps)

    def _post(self, account: Account, message: Outbound, file: File | None, words: str) -> str:
        """A text, or a file with a text below it. Returns the id under which it stands there."""
        body, kind = _addressed(message), _kind_of(file)
        if words:
            body["text" if file is None else "caption"] = words
        answer = self._call(account, f"send{kind.capitalize()}", body, file=file, name=kind)
        moved = _moved(answer)
        if moved is not None:  # the group became a supergroup: nothing was sent yet
            body["chat_id"] = moved
            body.pop("reply_parameters", None)
            answer = self._call(account, f"send{kind.capitalize()}", body, file=file, name=kind)
        if not answer.data.get("ok"):
            raise _failure(answer)
        number = inside(answer.data, "result").get("message_id")
        return f"{body['chat_id']}:{number}" if isinstance(number, int) else ""

    def check(self, account: Account) -> Checked:
        me = self._asked(account, "getMe")
        hooked = self._asked(account, "getWebhookInfo")
        if hooked.get("url") != account.door:
            raise NotConnected("Telegram does not post to this channel's door")
        remarks = []
        if hooked.get("last_error_message"):
            remarks.append(f"Telegram could not deliver: {hooked['last_error_message']}"[:200])
        waiting = hooked.get("pending_update_count")
        if isinstance(waiting, int) and waiting > 100:
            remarks.append(f"{waiting} deliveries wait at Telegram")
        return Checked(name=f"@{me.get('username', '')}", remarks=tuple(remarks))

    def hook(self, account: Account) -> None:
        self._asked(
            account,
            "setWebhook",
            {
                "url": account.door,
                "secret_token": secret_token(account),
                "allowed_updates": list(TAKEN),
            },
        )

    def unhook(self, account: Account) -> None:
        self._asked(account, "deleteWebhook")

    def fetch(self, account: Account, remote: Remote) -> File:
        if remote.size > LARGEST:
            raise NotFetched("Telegram lets bots fetch up to 20 MB", permanent=True)
        try:
            answer = self._call(account, "getFile", {"file_id": remote.key})
        except SendFailed as error:
            raise NotFetched(str(error)) from error
        path = inside(answer.data, "result").get("file_path")
        if not isinstance(path, str):
            gone = answer.status == 400
            raise NotFetched(_said(answer), permanent=gone)
        url = f"{API}/file/bot{_token(account)}/{path}"
        return calling.fetch_file(remote, url, hosts=(), loopback=account.loopback)

    def _asked(
        self, account: Account, method: str, body: dict[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """What the bot's own API says of the bot. Raises NotConnected."""
        try:
            answer = self._call(account, method, body or {})
        except SendFailed as error:
            raise NotConnected(str(error), passing=not error.permanent) from error
        if answer.status in {401, 404}:
            raise NotConnected("Telegram does not know this bot token")
        if not answer.data.get("ok"):
            raise NotConnected(_said(answer), passing=answer.status >= 429)
        return inside(answer.data, "result")

    def _call(
        self,
        account: Account,
        method: str,
        body: dict[str, Any],
        *,
        file: File | None = None,
        name: str = "",
    ) -> calling.Answer:
        url = f"{API}/bot{_token(account)}/{method}"
        if file is None:
            return calling.call("POST", url, body=body, transport=self._transport)
        form = {
            key: each if isinstance(each, str) else json.dumps(each) for key, each in body.items()
        }
        return calling.call("POST", url, form=form, file=(name, file), transport=self._transport)


def secret_token(account: Account) -> str:
    """What Telegram shows at each delivery: of the letters that it allows, made of our secret."""
    return (
        hashlib.sha256(f"telegram {account.secret}".encode()).hexdigest() if account.secret else ""
    )


def _token(account: Account) -> str:
    token = account.credentials.get("bot_token", "")
    if not re.fullmatch(r"\d{1,20}:[\w-]{1,100}", token, re.ASCII):
        raise SendFailed("the bot token is not one", permanent=True, trouble=Trouble.ACCESS)
    return token


def _where(message: Outbound) -> tuple[int, int, str]:
    found = _THREAD.fullmatch(message.thread or message.to.handle)
    if not found:
        raise SendFailed("this conversation names no chat of Telegram", permanent=True)
    return int(found[1]), int(found[2] or 0), found[3] or ""


def _addressed(message: Outbound) -> dict[str, Any]:
    chat, topic, business = _where(message)
    body: dict[str, Any] = {"chat_id": chat}
    if topic:
        body["message_thread_id"] = topic
    if business:
        body["business_connection_id"] = business
    quoted = message.in_reply_to.rpartition(":")[2]
    if chat < 0 and quoted.isdigit():  # in a group it must be seen who is answered
        body["reply_parameters"] = {"message_id": int(quoted), "allow_sending_without_reply": True}
    return body


def _kind_of(file: File | None) -> str:
    """Of the method that sends it, and of its field there."""
    if file is None:
        return "message"
    kind = _SHOWN.get(file.type, "document")
    return "document" if kind == "photo" and len(file.data) > LARGEST_PHOTO else kind


def _moved(answer: calling.Answer) -> int | None:
    to = inside(answer.data, "parameters").get("migrate_to_chat_id")
    return to if isinstance(to, int) else None


def _failure(answer: calling.Answer) -> SendFailed:
    said = _said(answer)
    wait = calling.seconds(inside(answer.data, "parameters").get("retry_after", ""))
    if answer.status == 403:
        return calling.refusal(answer, said, trouble=Trouble.BLOCKED)
    if answer.status in {401, 404}:
        return calling.refusal(answer, "the bot token is refused", trouble=Trouble.ACCESS)
    return calling.refusal(answer, said, wait=wait)


def _said(answer: calling.Answer) -> str:
    return f"Telegram: {answer.data.get('description') or 'no reason given'}"[:300]
