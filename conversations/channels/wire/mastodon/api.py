"""One server's API: where it is, how it is called, how long it asks us to wait."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, SendFailed, Trouble
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.servers import server_of
from conversations.channels.wire.values import text

_NAME = re.compile(r"@?([\w.-]{1,100})@([\w.-]{1,250}(?::\d{1,5})?)")
LARGEST = 8_000_000  # bytes: forty posts with the profiles of all who are in them
SECONDS = 10.0
PREPARED_WITHIN = 8.0
_NOT_YET = {202, 206}


def name_and_host(account: Account) -> tuple[str, str]:
    """Of `brand@mastodon.example`. Raises SendFailed."""
    found = _NAME.fullmatch(account.address)
    if not found:
        raise SendFailed("the account is not written as name@server", permanent=True)
    return found[1].lower(), found[2].lower()


class Api:
    def __init__(self, account: Account, transport: httpx.BaseTransport | None) -> None:
        self._account = account
        self._transport = transport

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | list[str]] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        version: str = "v1",
    ) -> calling.Answer:
        """key: with it the server takes the same post once. Raises SendFailed."""
        headers = self.bearer()
        if key:
            headers["idempotency-key"] = key
        return calling.call(
            method,
            f"{self.server()}/api/{version}/{path}",
            headers=headers,
            query=query,
            body=body,
            transport=self._transport,
            given=calling.named_by(self._account, largest=LARGEST, seconds=SECONDS),
        )

    def upload(self, file: File) -> str:
        """The server's id of it, once it can be shown; the file's name tells who can't see it.

        Nobody sees it yet. Raises SendFailed.
        """
        answer = calling.call(
            "POST",
            f"{self.server()}/api/v2/media",
            headers=self.bearer(),
            form={"description": file.name},
            file=("file", file),
            seen=False,
            transport=self._transport,
            given=calling.named_by(self._account, seconds=SECONDS),
        )
        kept = text(answer.data, "id")
        if not answer.is_success or not kept:
            raise failure(answer)
        end = time.monotonic() + PREPARED_WITHIN
        while answer.status in _NOT_YET:
            if time.monotonic() > end:
                raise SendFailed("the server still prepares the file", trouble=Trouble.PASSING)
            time.sleep(0.5)
            answer = self.call("GET", f"media/{kept}")
        if not answer.is_success:
            raise failure(answer)
        return kept

    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._account.credentials.get('access_token', '')}"}

    def server(self) -> str:
        """Raises SendFailed."""
        return server_of(self._account, default=name_and_host(self._account)[1])

    def asked(self, path: str, query: Mapping[str, str | list[str]] | None = None) -> Any:
        """What a GET of a reading brought, a list or an object. Raises NotRead."""
        answer = self.tried(path, query)
        if not answer.is_success:
            raise unread(answer)
        return answer.items if answer.items is not None else answer.data

    def listed(
        self, path: str, query: Mapping[str, str | list[str]] | None = None
    ) -> list[Mapping[str, Any]]:
        """Raises NotRead, also for an answer that is no list: an empty one is none either."""
        found = self.asked(path, query)
        if not isinstance(found, list):
            raise NotRead("the server’s answer is no list")
        return [each for each in found if isinstance(each, dict)]

    def tried(
        self, path: str, query: Mapping[str, str | list[str]] | None = None
    ) -> calling.Answer:
        """Whatever it answered. Raises NotRead where it did not."""
        try:
            return self.call("GET", path, query=query)
        except SendFailed as error:
            raise NotRead(str(error)) from error


def said(answer: calling.Answer) -> str:
    return f"Mastodon: {text(answer.data, 'error') or 'no reason given'}"[:300]


def wait(answer: calling.Answer) -> float | None:
    """Mastodon says when its limit ends, not for how long."""
    if answer.status != 429 or answer.retry_after is not None:
        return answer.retry_after
    try:
        end = datetime.fromisoformat(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    return min(max((end - datetime.now(UTC)).total_seconds(), 1.0), 3_600.0)


def unread(answer: calling.Answer) -> NotRead:
    return calling.unread(answer, said(answer), wait=wait(answer))


def failure(answer: calling.Answer) -> SendFailed:
    trouble = Trouble.PERMANENT if answer.status in {404, 410, 422} else None
    return calling.refusal(answer, said(answer), wait=wait(answer), trouble=trouble)
