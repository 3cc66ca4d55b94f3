"""A server's stream of an account's notifications: each mention is one, in private as well.

It only tells that there is something; what it is, is read as ever. Source:
docs.joinmastodon.org/methods/streaming (`user:notification`).
"""

from __future__ import annotations

import re

from conversations.channels.wire import strict_json
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.mastodon.api import Api, unread
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.reading.line import Call
from conversations.channels.wire.values import inside, text

_PATH = "/api/v1/streaming?stream=user%3Anotification"


def call_of(api: Api) -> Call:
    """Where the server says that it streams: it may be another name. Raises NotRead."""
    try:
        server, answer = api.server(), api.call("GET", "instance", version="v2")
    except SendFailed as error:
        raise NotRead(str(error)) from error
    if not answer.is_success:
        raise unread(answer)
    named = text(inside(answer.data, "configuration", "urls"), "streaming")
    where = re.sub(r"^ws(s?)://", r"http\1://", named).rstrip("/") or server
    if server.startswith("https:") and not where.startswith("https:"):
        raise NotRead("the server would stream without encryption")
    return Call(where + _PATH, api.bearer())


def rings(frame: str) -> bool:
    try:
        event = strict_json.mended(frame.encode("utf-8", "replace"))
    except strict_json.NotStrict:
        return False
    return isinstance(event, dict) and event.get("event") == "notification"
