"""Signing in to mail servers that take no password (XOAUTH2): tokens, renewed before they end.

A token is remembered until then, by this process only, so that not each mail asks for a new one;
whoever forgets it asks again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from conversations.channels.wire import posting
from conversations.channels.wire.contract import Refused, SendFailed, Trouble
from conversations.channels.wire.values import loaded, text, whole

KEYS = ("token_url", "client_id", "client_secret", "refresh_token")
EARLY = 120.0  # seconds before its end from which a token is renewed
SHORTEST = 300  # seconds, where the server does not say how long one lasts
MOST = 1_000  # tokens remembered
_known: dict[str, Token] = {}


@dataclass(frozen=True, slots=True)
class Token:
    """ends_at: seconds since 1970."""

    value: str
    ends_at: float


def is_set(keys: Mapping[str, str]) -> bool:
    return all(keys.get(name) for name in KEYS if name != "client_secret")


def token(
    keys: Mapping[str, str],
    *,
    loopback: bool = False,
    transport: httpx.BaseTransport | None = None,
) -> Token:
    """keys: as `KEYS`, and `scope` where the server wants it. Raises SendFailed."""
    name = hashlib.sha256("\0".join(keys.get(each, "") for each in KEYS).encode()).hexdigest()
    known = _known.get(name)
    if known is not None and known.ends_at - EARLY > time.time():
        return known
    fresh = _renewed(keys, loopback, transport)
    if len(_known) >= MOST:
        _known.clear()
    _known[name] = fresh
    return fresh


def forget() -> None:
    _known.clear()


def _renewed(
    keys: Mapping[str, str], loopback: bool, transport: httpx.BaseTransport | None
) -> Token:
    url = keys.get("token_url", "")
    if not url.startswith("https://"):
        raise SendFailed("the token address is no https address", permanent=True)
    form = {"grant_type": "refresh_token"}
    form |= {each: keys[each] for each in (*KEYS[1:], "scope") if keys.get(each)}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    answer = posting.post(
        url,
        body=urlencode(form).encode(),
        headers=headers,
        loopback=loopback,
        transport=transport,
    )
    said = _read(answer.body)
    given = text(said, "access_token")
    if answer.is_success and given and given.isascii() and given.isprintable():
        return Token(given, time.time() + (whole(said, "expires_in") or SHORTEST))
    why = text(said, "error_description") or text(said, "error") or "no reason given"
    cause = f"no token to sign in with: {why} (HTTP {answer.status})"[:300]
    if answer.status in {400, 401, 403}:
        raise SendFailed(cause, permanent=True, trouble=Trouble.ACCESS)
    raise SendFailed(cause, retry_after=answer.retry_after, trouble=Trouble.PASSING)


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        return loaded(body)
    except Refused:
        return {}


def shown(user: str, token: str) -> str:
    """What a server of mail is told (XOAUTH2)."""
    return f"user={user}\1auth=Bearer {token}\1\1"
