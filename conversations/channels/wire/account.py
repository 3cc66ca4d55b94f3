"""What an adapter is given of the channel that it serves. Nothing of Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Lent:
    """What a network lends us for a while: the tokens of a session, clear text, never logged.

    This one is forgotten with the object; the room gives one that keeps what it is told, so that
    an adapter need not sign in for each call (networks count how often one does).
    """

    def __init__(self, tokens: Mapping[str, str] | None = None) -> None:
        self._tokens = dict(tokens or {})

    def tokens(self) -> Mapping[str, str]:
        return self._tokens

    def keep(self, tokens: Mapping[str, str]) -> None:
        """In place of those there were."""
        self._tokens = dict(tokens)


@dataclass(frozen=True, slots=True)
class Account:
    """What an adapter needs to know of the channel it serves.

    address: the channel's own address on its network. callback_url: where to post (webhook).
    secret: clear text, never logged. options: the channel's own settings. loopback: whether the
    callback may be on this machine itself (local mode only). inside: hosts in the house's own
    network that may be called where the company names them (INTERNAL_HOSTS). credentials: what the
    company got from the provider, clear text, never logged. door: the public address that it posts
    to. lent: what it gave us for a while in exchange for them.
    """

    address: str = ""
    callback_url: str = ""
    secret: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    loopback: bool = False
    inside: frozenset[str] = frozenset()
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    door: str = ""
    lent: Lent = field(default_factory=Lent, repr=False, compare=False)
