"""Servers that the company names itself, because its network has many."""

from __future__ import annotations

import re

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import SendFailed

_SERVER = re.compile(r"(https?)://([\w.-]{1,250}(?::\d{1,5})?)/?")


def server_of(account: Account, *, default: str) -> str:
    """Its address, without a slash at the end: what stands in the field `server`, else `default`.

    Plain http is for this very machine and for the house's own network only. Raises SendFailed.
    """
    named = account.credentials.get("server", "") or default
    if "://" not in named:
        named = f"https://{named}"
    found = _SERVER.fullmatch(named.lower())
    host = found[2].partition(":")[0] if found else ""
    if not found or (found[1] == "http" and not account.loopback and host not in account.inside):
        raise SendFailed("the server is not an https address", permanent=True)
    return f"{found[1]}://{found[2]}"
