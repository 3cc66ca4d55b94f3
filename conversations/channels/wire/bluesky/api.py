"""Calling one account's server by XRPC, with a session that is kept and renewed.

The network counts how often one signs in (300 a day): the tokens lie in `account.lent`, and only
a refresh token that is refused as well leads back to the app password.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, SendFailed, Trouble
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.servers import server_of
from conversations.channels.wire.values import inside, text

DEFAULT = "https://bsky.social"
CHAT = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
LARGEST = 8_000_000  # bytes of an answer
SECONDS = 10.0
_ENDED = {"ExpiredToken", "InvalidToken", "AuthMissing"}
_NOT_TAKEN = {"AuthenticationRequired", "AccountTakedown", "AccountDeactivated", "InvalidToken"}


class Api:
    def __init__(self, account: Account, transport: httpx.BaseTransport | None) -> None:
        self._account = account
        self._transport = transport

    def did(self) -> str:
        """Who we are. Raises SendFailed."""
        return (self._account.lent.tokens() or self._sign_in())["did"]

    def get(
        self,
        method: str,
        query: Mapping[str, str | list[str]] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> calling.Answer:
        """Raises SendFailed where no answer came, or no session."""
        return self._with_session("GET", method, headers=headers, query=query)

    def post(
        self, method: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> calling.Answer:
        return self._with_session("POST", method, headers=headers, body=body)

    def upload(self, file: File) -> Mapping[str, Any]:
        """The blob as a record names it. Nobody sees it yet. Raises SendFailed."""
        answer = self._with_session(
            "POST",
            "com.atproto.repo.uploadBlob",
            headers={"content-type": file.type},
            content=file.data,
            seen=False,
        )
        blob = inside(answer.data, "blob")
        if not answer.is_success or not blob:
            raise failure(answer)
        return blob

    def asked(
        self, method: str, query: Mapping[str, str | list[str]], *, names: str
    ) -> Mapping[str, Any]:
        """An answer of a reading, which must hold the list `names`. Raises NotRead."""
        try:
            answer = self.get(method, query)
        except SendFailed as error:
            raise unread_by(error) from error
        if not answer.is_success:
            raise unread(answer)
        if not isinstance(answer.data.get(names), list):
            raise NotRead("the server’s answer is not what was asked for")
        return answer.data

    def _with_session(
        self, verb: str, method: str, *, headers: Mapping[str, str] | None, **said: Any
    ) -> calling.Answer:
        tokens = self._account.lent.tokens() or self._sign_in()
        answer = self._call(verb, method, tokens["access"], headers=headers, **said)
        if answer.status in {400, 401} and text(answer.data, "error") in _ENDED:
            tokens = self._renewed(tokens)
            answer = self._call(verb, method, tokens["access"], headers=headers, **said)
        return answer

    def _call(
        self,
        verb: str,
        method: str,
        token: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **said: Any,
    ) -> calling.Answer:
        bearer = {"authorization": f"Bearer {token}"} if token else {}
        return calling.call(
            verb,
            f"{server_of(self._account, default=DEFAULT)}/xrpc/{method}",
            headers={**bearer, **(headers or {})},
            transport=self._transport,
            given=calling.named_by(self._account, largest=LARGEST, seconds=SECONDS),
            **said,
        )

    def _sign_in(self) -> Mapping[str, str]:
        said = {
            "identifier": self._account.address.removeprefix("@"),
            "password": self._account.credentials.get("app_password", ""),
        }
        answer = self._asked_for_session("createSession", body=said)
        if not answer.is_success:
            raise failure(answer)
        return self._kept(answer)

    def _renewed(self, tokens: Mapping[str, str]) -> Mapping[str, str]:
        answer = self._asked_for_session("refreshSession", tokens.get("refresh", ""))
        return self._kept(answer) if answer.is_success else self._sign_in()

    def _asked_for_session(self, method: str, token: str = "", **said: Any) -> calling.Answer:
        """Whatever happens to it, nothing of ours has left by then."""
        try:
            return self._call("POST", f"com.atproto.server.{method}", token, **said)
        except SendFailed as error:
            raise SendFailed(str(error), permanent=error.permanent) from error

    def _kept(self, answer: calling.Answer) -> Mapping[str, str]:
        names = {"access": "accessJwt", "refresh": "refreshJwt", "did": "did"}
        tokens = {ours: text(answer.data, theirs) for ours, theirs in names.items()}
        if not all(each.isascii() and each.isprintable() and each for each in tokens.values()):
            raise SendFailed("the server gave no session")
        self._account.lent.keep(tokens)
        return tokens


def said(answer: calling.Answer) -> str:
    told = text(answer.data, "message") or text(answer.data, "error") or "no reason given"
    return f"Bluesky: {told}"[:300]


def wait(answer: calling.Answer) -> float | None:
    """Its limits end at a second since 1970."""
    if answer.status != 429 or answer.retry_after is not None:
        return answer.retry_after
    end = answer.headers.get("ratelimit-reset", "")
    return min(max(int(end) - time.time(), 1.0), 86_400.0) if end.isdigit() else None


def is_refused(answer: calling.Answer) -> bool:
    return answer.status in {401, 403} or text(answer.data, "error") in _NOT_TAKEN


def failure(answer: calling.Answer) -> SendFailed:
    trouble = Trouble.ACCESS if is_refused(answer) else None
    return calling.refusal(answer, said(answer), wait=wait(answer), trouble=trouble)


def unread(answer: calling.Answer) -> NotRead:
    return NotRead(
        f"{said(answer)} (HTTP {answer.status})",
        access=is_refused(answer),
        retry_after=wait(answer),
    )


def unread_by(error: SendFailed) -> NotRead:
    return NotRead(
        str(error), access=error.trouble is Trouble.ACCESS, retry_after=error.retry_after
    )
