"""Calling one homeserver as one of its users."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, SendFailed, Trouble
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.servers import server_of
from conversations.channels.wire.values import text, whole

USER = re.compile(r"@[!-9;-~]{1,200}:([\w.-]{1,200}(?::\d{1,5})?)")
LARGEST = 16_000_000  # bytes of an answer
SECONDS = 12.0
_ACCESS = {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"}


class Api:
    def __init__(self, account: Account, transport: httpx.BaseTransport | None) -> None:
        self._account = account
        self._transport = transport

    def home(self) -> str:
        """Raises SendFailed."""
        found = USER.fullmatch(self._account.address)
        if not found:
            raise SendFailed("the account is not written as @name:server", permanent=True)
        return server_of(self._account, default=found[1])

    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._account.credentials.get('access_token', '')}"}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | list[str]] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> calling.Answer:
        """Raises SendFailed."""
        return calling.call(
            method,
            f"{self.home()}/_matrix/client/v3/{path}",
            headers=self.bearer(),
            query=query,
            body=body,
            transport=self._transport,
            given=calling.named_by(self._account, largest=LARGEST, seconds=SECONDS),
        )

    def upload(self, file: File) -> str:
        """Where the server keeps it. Nobody sees it yet. Raises SendFailed."""
        answer = calling.call(
            "POST",
            f"{self.home()}/_matrix/media/v3/upload",
            headers={**self.bearer(), "content-type": file.type or "application/octet-stream"},
            query={"filename": file.name},
            content=file.data,
            seen=False,
            transport=self._transport,
            given=calling.named_by(self._account, seconds=SECONDS),
        )
        kept = text(answer.data, "content_uri")
        if not answer.is_success or not kept.startswith("mxc://"):
            raise failure(answer)
        return kept

    def tried(
        self, path: str, query: Mapping[str, str | list[str]] | None = None, *, verb: str = "GET"
    ) -> calling.Answer:
        """Whatever it answered. Raises NotRead where it did not."""
        try:
            return self.call(verb, path, query=query, body={} if verb == "POST" else None)
        except SendFailed as error:
            raise NotRead(str(error)) from error

    def asked(
        self, path: str, query: Mapping[str, str | list[str]], *, names: str
    ) -> Mapping[str, Any]:
        """An answer of a reading, which must hold `names`. Raises NotRead."""
        answer = self.tried(path, query)
        if not answer.is_success:
            raise unread(answer)
        if names not in answer.data:
            raise NotRead("the server’s answer is not what was asked for")
        return answer.data


def escaped(name: str) -> str:
    """As one part of a path."""
    return quote(name, safe="")


def said(answer: calling.Answer) -> str:
    told = text(answer.data, "error") or text(answer.data, "errcode") or "no reason given"
    return f"Matrix: {told}"[:300]


def wait(answer: calling.Answer) -> float | None:
    asked = whole(answer.data, "retry_after_ms")
    return answer.retry_after or (min(asked / 1_000, 86_400.0) if asked > 0 else None)


def is_refused(answer: calling.Answer) -> bool:
    return answer.status == 401 or text(answer.data, "errcode") in _ACCESS


def unread(answer: calling.Answer) -> NotRead:
    return NotRead(
        f"{said(answer)} (HTTP {answer.status})",
        access=is_refused(answer),
        retry_after=wait(answer),
    )


def failure(answer: calling.Answer) -> SendFailed:
    """403 of a room says that we may not write there, not that the token is wrong."""
    trouble = Trouble.ACCESS if is_refused(answer) else None
    if trouble is None and answer.status in {403, 404}:
        trouble = Trouble.BLOCKED
    return calling.refusal(answer, said(answer), wait=wait(answer), trouble=trouble)
