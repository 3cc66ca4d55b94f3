"""The generic channel: any system that signs the Standard Webhooks way becomes one.

In:  {"type": "message.received", "timestamp", "data": one message or a list of up to 500}
     message: {"id", "thread", "from": {"handle", "name"?}, "text", "sent_at"?, "attachments"?}
     {"type": "publication.counted", "timestamp", "data": one or a list of up to 500 of
     {"id": the publication's, "metric", "value"}}
     {"type": "mention.received", "timestamp", "data": one or a list of up to 500 of
     {"id", "text", "url"?, "title"?, "author"?: {"name"?, "handle"?}, "thread"?, "stated_at"?,
     "reach"?}}: something said elsewhere, to nobody of ours in particular
Out: {"type": "message.send", "timestamp", "data": {"id", "thread", "to", "text", "in_reply_to",
     "attachments"?: [{"name", "type", "base64"}]}}
     {"type": "publication.publish", "timestamp", "data": {"id", "text", "author"}}
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from conversations.channels.wire import posting, standard_webhooks, strict_json
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Counted,
    File,
    Inbound,
    Item,
    Mentioned,
    Outbound,
    Party,
    Post,
    Refused,
    SendFailed,
    Sent,
)
from conversations.channels.wire.takes import Takes
from conversations.channels.wire.values import digest_of

MOST_MESSAGES = 500
LONGEST_TEXT = 100_000
LONGEST_ID = 500
LONGEST_HANDLE = 320
MOST_FILES = 20
LONGEST_METRIC = 60
LARGEST_COUNT = 1e12


class Webhook:
    idempotent = True  # the receiver knows a repeat by webhook-id
    takes = Takes(most=MOST_FILES, largest=10_000_000, together=10_000_000, public=True)

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return standard_webhooks.verify(account.secret, headers=headers, body=body, now=time.time())

    def parse(self, account: Account, body: bytes, headers: Mapping[str, str]) -> Sequence[Item]:
        try:
            event = strict_json.loads(body)
        except strict_json.NotStrict as error:
            raise Refused(str(error)) from error
        if not isinstance(event, dict):
            raise Refused("not an object")
        read = _READ_BY.get(str(event.get("type")))
        if read is None:
            raise Refused("type is not message.received")
        data = event.get("data")
        items = data if isinstance(data, list) else [data]
        if not 1 <= len(items) <= MOST_MESSAGES:
            raise Refused(f"data holds {len(items)} messages, 1 to {MOST_MESSAGES} are taken")
        return [read(item) for item in items]

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        return self._post(account, message.id, _outgoing(message))

    def publishes(self, account: Account) -> str:
        return "" if account.callback_url else "the channel has no callback URL"

    def publish(self, account: Account, post: Post) -> Sent:
        data = {"id": post.id, "text": post.text, "author": post.sender_name}
        return self._post(account, post.id, _event("publication.publish", data))

    def _post(self, account: Account, message_id: str, body: bytes) -> Sent:
        if not account.callback_url:
            raise SendFailed("the channel has no callback URL", permanent=True)
        answer = posting.post(
            account.callback_url,
            body=body,
            headers=standard_webhooks.headers(account.secret, message_id=message_id, body=body),
            loopback=account.loopback,
            inside=account.inside,
            transport=self._transport,
        )
        return _understand(answer)


def _message(value: Any) -> Inbound:
    if not isinstance(value, dict):
        raise Refused("a message is not an object")
    sender = value.get("from")
    if not isinstance(sender, dict):
        raise Refused("from is not an object")
    text = _text(value, "text", longest=LONGEST_TEXT)
    handle = _text(sender, "handle", longest=LONGEST_HANDLE).strip()
    if not handle:
        raise Refused("from.handle is empty")
    if len(handle.casefold()) > LONGEST_HANDLE:  # folding makes some letters two
        raise Refused("from.handle is too long")
    return Inbound(
        external_id=_text(value, "id", longest=LONGEST_ID, empty=False),
        thread=_text(value, "thread", longest=LONGEST_ID),
        sender=Party(handle=handle, name=_text(sender, "name", longest=200, default="")),
        text=text,
        body_digest=digest_of(text),
        sent_at=_moment(value.get("sent_at")),
        files=_files(value.get("attachments")),
    )


def _counted(value: Any) -> Counted:
    if not isinstance(value, dict):
        raise Refused("a count is not an object")
    number = value.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Refused("value is not a number")
    if not 0 <= number <= LARGEST_COUNT:
        raise Refused("value is out of range")
    return Counted(
        external_id=_text(value, "id", longest=LONGEST_ID, empty=False),
        metric=_text(value, "metric", longest=LONGEST_METRIC, empty=False),
        value=float(number),
    )


def _mentioned(value: Any) -> Mentioned:
    if not isinstance(value, dict):
        raise Refused("a mention is not an object")
    author = value.get("author", {})
    if not isinstance(author, dict):
        raise Refused("author is not an object")
    url = _text(value, "url", longest=2_000, default="").strip()
    if url and not (url.startswith(("http://", "https://")) and url.isprintable()):
        raise Refused("url is no http or https address")
    reach = value.get("reach")
    if reach is not None and (isinstance(reach, bool) or not isinstance(reach, int)):
        raise Refused("reach is not a whole number")
    if reach is not None and not 0 <= reach <= 2_000_000_000:
        raise Refused("reach is out of range")
    return Mentioned(
        external_id=_text(value, "id", longest=LONGEST_ID, empty=False),
        text=_text(value, "text", longest=LONGEST_TEXT),
        url=url,
        title=_text(value, "title", longest=LONGEST_ID, default=""),
        author=_text(author, "name", longest=200, default=""),
        handle=_text(author, "handle", longest=LONGEST_HANDLE, default=""),
        thread=_text(value, "thread", longest=LONGEST_ID, default=""),
        stated_at=_moment(value.get("stated_at")),
        reach=reach,
    )


_READ_BY: dict[str, Callable[[Any], Item]] = {
    "message.received": _message,
    "publication.counted": _counted,
    "mention.received": _mentioned,
}


def _text(
    value: dict[str, Any],
    name: str,
    *,
    longest: int,
    default: str | None = None,
    empty: bool = True,
) -> str:
    text = value.get(name, default)
    if not isinstance(text, str):
        raise Refused(f"{name} is not a text")
    if len(text) > longest:
        raise Refused(f"{name} is longer than {longest} characters")
    if not (empty or text.strip()):
        raise Refused(f"{name} is empty")
    return text


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Refused("sent_at is no ISO 8601 time") from error
    if moment.tzinfo is None:
        raise Refused("sent_at has no offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Refused("sent_at is out of range") from error


def _files(value: Any) -> tuple[File, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_FILES:
        raise Refused(f"attachments is no list of up to {MOST_FILES}")
    return tuple(_file(item) for item in value)


def _file(value: Any) -> File:
    if not isinstance(value, dict):
        raise Refused("an attachment is not an object")
    try:
        data = base64.b64decode(_text(value, "base64", longest=14_000_000), validate=True)
    except ValueError as error:  # also for a text that is not ASCII
        raise Refused("an attachment is not base64") from error
    return File(
        name=_text(value, "name", longest=200, empty=False),
        type=_text(value, "type", longest=120),
        data=data,
    )


def _outgoing(message: Outbound) -> bytes:
    data: dict[str, Any] = {
        "id": message.id,
        "thread": message.thread,
        "to": {"handle": message.to.handle},
        "text": message.text,
        "in_reply_to": message.in_reply_to or None,
    }
    if message.files:
        data["attachments"] = [
            {
                "name": file.name,
                "type": file.type,
                "base64": base64.b64encode(file.data).decode(),
            }
            for file in message.files
        ]
    return _event("message.send", data)


def _event(kind: str, data: dict[str, Any]) -> bytes:
    event = {"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    return json.dumps(event, ensure_ascii=False).encode()


def _understand(answer: posting.Answer) -> Sent:
    if answer.is_success:
        return Sent(external_id=_given_id(answer.body))
    raise SendFailed(
        f"HTTP {answer.status}", permanent=answer.is_final, retry_after=answer.retry_after
    )


def _given_id(body: bytes) -> str:
    """The id the other side gave the message, when its answer carries one we can keep."""
    try:
        value = strict_json.loads(body)
    except strict_json.NotStrict:
        return ""
    given = value.get("id") if isinstance(value, dict) else None
    return given if isinstance(given, str) and len(given) <= LONGEST_ID else ""
