"""What Meta's products share: the signed hook with its handshake, and the Graph API."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from conversations.channels.wire import calling, signatures
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, SendFailed, Trouble
from conversations.channels.wire.provider import (
    Ask,
    Field,
    NotConnected,
    NotRead,
    Reply,
    gettext_noop,
)
from conversations.channels.wire.values import each, inside, text, whole

HOST = "https://graph.facebook.com"
VERSION = "v26.0"
COUNT_SECONDS = 10.0  # after which nothing further is asked for in one question
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


def changes(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """(entry's id, value, field) of every change of every entry."""
    for entry in each(said, "entry"):
        for change in each(entry, "changes"):
            yield text(entry, "id"), inside(change, "value"), text(change, "field")


class Product:
    """What Meta's products do alike as channels; each adds how it reads and what it sends."""

    idempotent = False
    accepted = 200
    host = HOST

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def verify(self, account: Account, body: bytes, headers: Mapping[str, str]) -> bool:
        return signatures.meta(account.credentials.get("app_secret", ""), headers, body)

    def greet(self, account: Account, ask: Ask) -> Reply | None:
        """The handshake: the challenge comes back word for word, for our own token only."""
        if ask.method != "GET" or ask.query.get("hub.mode") != "subscribe":
            return None
        wanted = account.credentials.get("verify_token", "")
        if not signatures.same(ask.query.get("hub.verify_token", ""), wanted):
            return Reply(403)
        return Reply(200, ask.query.get("hub.challenge", "")[:500])

    def delivery_key(self, body: bytes, headers: Mapping[str, str]) -> str:
        return ""

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def call(
        self,
        account: Account,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        file: tuple[str, File] | None = None,
        seen: bool | None = None,
    ) -> calling.Answer:
        """`path`: what follows the version. Raises SendFailed where no answer came."""
        version = account.options.get("graph_version", VERSION)
        if not _VERSION.fullmatch(version):
            version = VERSION
        return calling.call(
            method,
            f"{self.host}/{version}/{path}",
            headers={"authorization": f"Bearer {account.credentials.get('access_token', '')}"},
            body=body,
            query=query,
            form=form,
            file=file,
            seen=seen,
            transport=self._transport,
        )

    def post(self, account: Account, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What Meta answers to something sent. Raises SendFailed."""
        answer = self.call(account, "POST", path, body=body)
        if not answer.is_success:
            raise failure(answer)
        return answer.data

    def asked(self, account: Account, path: str, fields: str = "") -> Mapping[str, Any]:
        """For tests of a connection. Raises NotConnected in the provider's words."""
        return self._told(account, "GET", path, {"fields": fields} if fields else {})

    def counted(
        self, account: Account, external_ids: Sequence[str], fields: str
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What there is still to tell of these, one by one: one that is gone would spoil all the
        others of one question. Stops when it takes too long. Raises NotRead."""
        end = time.monotonic() + COUNT_SECONDS
        for id_ in external_ids:
            if time.monotonic() > end:
                return
            try:
                answer = self.call(account, "GET", id_, query={"fields": fields})
            except SendFailed as error:
                raise NotRead(str(error)) from error
            if answer.is_success:
                yield id_, answer.data
            elif not _is_gone(answer):
                raise _unread(answer)

    def _told(
        self, account: Account, method: str, path: str, query: Mapping[str, str]
    ) -> Mapping[str, Any]:
        try:
            answer = self.call(account, method, path, query=query)
        except SendFailed as error:
            raise NotConnected(str(error), passing=True) from error
        if answer.is_success:
            return answer.data
        failed = failure(answer)
        passing = failed.trouble in {Trouble.PASSING, Trouble.LIMITED}
        raise NotConnected(str(failed), passing=passing)


def _is_gone(answer: calling.Answer) -> bool:
    """No such object, or none that may be seen any more."""
    error = inside(answer.data, "error")
    return answer.status == 404 or (
        whole(error, "code") in {100, 803} and whole(error, "error_subcode") in {0, 33}
    )


def _unread(answer: calling.Answer) -> NotRead:
    failed = failure(answer)
    access = failed.trouble is Trouble.ACCESS
    return NotRead(str(failed), access=access, retry_after=failed.retry_after)


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
    if not error:  # no word of Meta's own: a gateway on the way
        return None
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
