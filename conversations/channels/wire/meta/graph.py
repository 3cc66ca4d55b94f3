"""What Meta's products share: the signed hook with its handshake, and the Graph API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from conversations.channels.wire import calling, signatures
from conversations.channels.wire.contract import Account, SendFailed, Trouble
from conversations.channels.wire.provider import (
    Ask,
    Field,
    NotConnected,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.values import each, inside, text, whole

HOST = "https://graph.facebook.com"
VERSION = "v26.0"
_VERSION = re.compile(r"v\d{2}\.\d")
# Codes as the platforms' error pages list them; what stands in none is judged by its status.
_PASSING = {1, 2, 131000, 131016, 133004, 133005, 133006}
_LIMITED = {4, 17, 32, 341, 613, 80007, 130429, 131048, 131056, 133016}
_ACCESS = {0, 3, 10, 102, 190, 131005, 131031, 131042, 131045, 368, *range(200, 300)}
_WINDOW = {131047}
_WINDOW_BELOW = {2018278, 2534022}  # code 10 with one of these is no matter of rights
_BLOCKED = {551, 131026, 131050, 131021, 130497}
_PERMANENT = {100, 131008, 131009, 131049, 131051, 131052, 131053, 130472, 130403, 135000}

APP_SECRET = Field(
    "app_secret",
    gettext_noop("App secret"),
    gettext_noop("App settings, Basic. Meta signs each delivery with it."),
)
VERIFY_TOKEN = Field(
    "verify_token",
    gettext_noop("Verify token"),
    gettext_noop(
        "Any word of your own; enter the same one at Meta beside the address of the door."
    ),
)
ACCESS_TOKEN = Field(
    "access_token",
    gettext_noop("Access token"),
    gettext_noop("Of a system user of the business, without an end."),
)


def verify(account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
    return signatures.meta(account.credentials.get("app_secret", ""), headers, body)


def greet(account: Account, ask: Ask) -> Reply | None:
    """The handshake: the challenge comes back word for word, for our own token only."""
    if ask.method != "GET" or ask.query.get("hub.mode") != "subscribe":
        return None
    wanted = account.credentials.get("verify_token", "")
    if not signatures.same(ask.query.get("hub.verify_token", ""), wanted):
        return Reply(403)
    return Reply(200, ask.query.get("hub.challenge", "")[:500])


def changes(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """(entry's id, value, field) of every change of every entry."""
    for entry in each(said, "entry"):
        for change in each(entry, "changes"):
            yield text(entry, "id"), inside(change, "value"), text(change, "field")


def call(
    account: Account,
    method: str,
    path: str,
    *,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    host: str = HOST,
) -> calling.Answer:
    """`path`: what follows the version. Raises SendFailed where no answer came."""
    version = account.options.get("graph_version", VERSION)
    if not _VERSION.fullmatch(version):
        version = VERSION
    return calling.call(
        method,
        f"{host}/{version}/{path}",
        headers={"authorization": f"Bearer {account.credentials.get('access_token', '')}"},
        body=body,
        query=query,
        transport=transport,
    )


def asked(
    account: Account,
    path: str,
    query: Mapping[str, str],
    *,
    transport: httpx.BaseTransport | None,
    host: str = HOST,
) -> Mapping[str, Any]:
    """For tests of a connection. Raises NotConnected in the provider's words."""
    try:
        answer = call(account, "GET", path, query=query, transport=transport, host=host)
    except SendFailed as error:
        raise NotConnected(str(error), passing=True) from error
    if answer.is_success:
        return answer.data
    failed = failure(answer)
    passing = failed.trouble in {Trouble.PASSING, Trouble.LIMITED}
    raise NotConnected(str(failed), passing=passing)


def failure(answer: calling.Answer) -> SendFailed:
    """429 is read before the body: its codes are not all known."""
    error = inside(answer.data, "error")
    if answer.status == 429:
        return calling.refusal(answer, words(error), trouble=Trouble.LIMITED)
    return calling.refusal(answer, words(error), trouble=trouble_of(error))


def words(error: Mapping[str, Any]) -> str:
    details = text(inside(error, "error_data"), "details") or text(error, "error_user_msg")
    said = details or text(error, "message") or text(error, "title") or "no reason given"
    return f"Meta {whole(error, 'code')}: {said}"[:300]


def trouble_of(error: Mapping[str, Any]) -> Trouble | None:
    code, below = whole(error, "code"), whole(error, "error_subcode")
    if code in _WINDOW or below in _WINDOW_BELOW:
        return Trouble.WINDOW
    for codes, trouble in _BY_CODES:
        if code in codes:
            return trouble
    return Trouble.PERMANENT if code >= 132_000 else None


_BY_CODES = (
    (_PASSING, Trouble.PASSING),
    (_LIMITED, Trouble.LIMITED),
    (_BLOCKED, Trouble.BLOCKED),
    (_PERMANENT, Trouble.PERMANENT),
    (_ACCESS, Trouble.ACCESS),
)
