"""Calling Google as one of its users: a token of an hour, bought with the refresh token.

The token lies in `account.lent`; one that is refused before its end is renewed once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import SendFailed, Trouble
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.values import each, inside, text, whole

TOKENS = "https://oauth2.googleapis.com/token"
REVIEWS = "https://mybusiness.googleapis.com/v4"
ACCOUNTS = "https://mybusinessaccountmanagement.googleapis.com/v1"
PLACES = "https://mybusinessbusinessinformation.googleapis.com/v1"
SCOPE = "https://www.googleapis.com/auth/business.manage"
LARGEST = 4_000_000  # bytes of an answer: fifty reviews with their texts
EARLY = 120.0  # seconds before its end from which a token is renewed
_LIMITS = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
NOT_OPENED = (
    "Google has not opened the Business Profile API to this project (its quota is 0): "
    "ask for access first"
)


class Api:
    def __init__(self, account: Account, transport: httpx.BaseTransport | None) -> None:
        self._account = account
        self._transport = transport

    def call(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> calling.Answer:
        """Whatever it does has no further effect when it is done twice. Raises SendFailed where no
        answer came, or no token."""
        lent = self._account.lent.tokens()
        late = float(lent.get("ends_at", "0")) - EARLY < time.time()
        token = self.renew()["access"] if late else lent["access"]
        answer = self._call(method, url, token, query, body)
        if answer.status == 401 and not late:
            answer = self._call(method, url, self.renew()["access"], query, body)
        return answer

    def _call(
        self,
        method: str,
        url: str,
        token: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> calling.Answer:
        return calling.call(
            method,
            url,
            headers={"authorization": f"Bearer {token}"},
            query=query,
            body=body,
            seen=False,
            transport=self._transport,
            given=calling.Given(judged=False, largest=LARGEST, seconds=10.0),
        )

    def renew(self) -> Mapping[str, str]:
        """access, ends_at and, where Google says so, until when the refresh token holds: each
        moment in seconds since 1970. Raises SendFailed."""
        keys = self._account.credentials
        form = {name: keys.get(name, "") for name in ("client_id", "client_secret")}
        form |= {"refresh_token": keys.get("refresh_token", ""), "grant_type": "refresh_token"}
        answer = calling.call("POST", TOKENS, form=form, seen=False, transport=self._transport)
        access = text(answer.data, "access_token")
        if not answer.is_success or not (access.isascii() and access.isprintable() and access):
            raise _no_token(answer)
        granted = text(answer.data, "scope").split()
        if granted and SCOPE not in granted:
            cause = "the refresh token was given without the right business.manage"
            raise SendFailed(cause, permanent=True, trouble=Trouble.ACCESS)
        now = time.time()
        tokens = {"access": access, "ends_at": str(now + (whole(answer.data, "expires_in") or 300))}
        if left := whole(answer.data, "refresh_token_expires_in"):
            tokens["refresh_ends_at"] = str(now + left)
        self._account.lent.keep(tokens)
        return tokens


def _no_token(answer: calling.Answer) -> SendFailed:
    why = text(answer.data, "error_description") or text(answer.data, "error") or "no reason given"
    refused = answer.status in {400, 401, 403}
    cause = f"Google gives no token: {why}"[:300]
    return calling.refusal(answer, cause, trouble=Trouble.ACCESS if refused else Trouble.PASSING)


def said(answer: calling.Answer) -> str:
    if is_closed(answer):
        return NOT_OPENED
    return f"Google: {text(inside(answer.data, 'error'), 'message') or 'no reason given'}"[:300]


def is_closed(answer: calling.Answer) -> bool:
    """A quota of nothing: the project has not been let in."""
    return any(text(told, "quota_limit_value") == "0" for told in _told(answer))


def is_limited(answer: calling.Answer) -> bool:
    """Older parts of Google answer 403 where they mean 429."""
    error = inside(answer.data, "error")
    reasons = {text(one, "reason") for one in each(error, "errors")}
    return answer.status == 429 or bool(reasons & _LIMITS)


def _told(answer: calling.Answer) -> Iterator[Mapping[str, Any]]:
    for detail in each(inside(answer.data, "error"), "details"):
        yield inside(detail, "metadata")


def is_refused(answer: calling.Answer) -> bool:
    return answer.status in {401, 403} and not is_limited(answer)


def failure(answer: calling.Answer) -> SendFailed:
    trouble = Trouble.LIMITED if is_limited(answer) else None
    if is_refused(answer) or is_closed(answer):
        trouble = Trouble.ACCESS
    return calling.refusal(answer, said(answer), trouble=trouble)


def unread(answer: calling.Answer) -> NotRead:
    access = is_refused(answer) or is_closed(answer)
    cause = f"{said(answer)} (HTTP {answer.status})"
    return NotRead(cause, access=access, retry_after=answer.retry_after)


def unread_by(error: SendFailed) -> NotRead:
    return NotRead(
        str(error), access=error.trouble is Trouble.ACCESS, retry_after=error.retry_after
    )
