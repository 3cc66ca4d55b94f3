"""From a channel's row to what its adapter needs; and the quick way for the doors."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse

from conversations.channels.models import Channel, NetworkSession
from conversations.channels.wire import drill
from conversations.channels.wire.account import Account, Lent
from conversations.channels.wire.contract import Channel as Adapter
from conversations.channels.wire.contract import Publisher
from conversations.channels.wire.provider import (
    Counts,
    Door,
    Finder,
    Held,
    Polled,
    Provider,
    Rings,
)
from conversations.channels.wire.registry import CHANNELS

REMEMBERED = 2.0  # seconds: a rotated secret or a closed channel is known everywhere by then
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DRILL: Adapter = drill.Drill()
_by_token: dict[str, tuple[float, Channel | None]] = {}


def adapter_of(channel: Channel) -> Adapter | None:
    """None for a kind that is only known from imported history. Drills are opened by nobody, so
    their kind is not among those of channels."""
    adapter = _DRILL if channel.kind == drill.KIND else CHANNELS.get(channel.kind)
    if isinstance(adapter, Provider) and channel.token is None:
        return None  # known from an import: nothing opens it
    return adapter


def provider_of(channel: Channel) -> Provider | None:
    """None for a channel that is connected to no network."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Provider) else None


def posted_to(channel: Channel) -> Door | None:
    """None for a channel that no network posts to."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Door) else None


def polled_by(channel: Channel) -> Polled | None:
    """None for a channel that is not read again and again."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Polled) else None


def held_by(channel: Channel) -> Held | None:
    """None for a channel that is not heard on a line."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Held) else None


def bell_of(channel: Channel) -> Rings | None:
    """None for a channel whose network does not tell that there is something to read."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Rings) else None


def bell_kinds() -> list[str]:
    return [kind for kind, adapter in CHANNELS.items() if isinstance(adapter, Rings)]


def is_read(channel: Channel) -> bool:
    """Whether nobody posts for it: its sign of life is that we read it, or hear it."""
    return polled_by(channel) is not None or held_by(channel) is not None


def polled_kinds() -> list[str]:
    return [kind for kind, adapter in CHANNELS.items() if isinstance(adapter, Polled)]


def held_kinds() -> list[str]:
    return [kind for kind, adapter in CHANNELS.items() if isinstance(adapter, Held)]


def finder_of(channel: Channel) -> Finder | None:
    """None for a channel on which nothing is found that was not said to us."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Finder) and channel.is_open else None


def counting_of(channel: Channel) -> Counts | None:
    """None for a channel whose network is not asked how what we published is doing."""
    adapter = adapter_of(channel)
    return adapter if isinstance(adapter, Counts) and channel.is_open else None


def counting_kinds() -> list[str]:
    """The kinds of channels whose networks are asked so."""
    return [kind for kind, adapter in CHANNELS.items() if isinstance(adapter, Counts)]


def public_key(channel: Channel, external_id: str) -> str:
    """The key of the thread that begins with this post of ours."""
    provider = provider_of(channel)
    public = provider.card.public if provider else ""
    return external_id if external_id.startswith(public) else f"{public}{external_id}"


def door_of(channel: Channel) -> str:
    """The public address that the provider posts to; "" where there is none."""
    if channel.token is None or posted_to(channel) is None:
        return ""
    return settings.BASE_URL + reverse("provider", args=[channel.kind, channel.token])


def credentials_of(channel: Channel) -> dict[str, str]:
    """Clear text: for adapters, never for a page or a log."""
    stored = json.loads(channel.credentials) if channel.credentials else {}
    return {str(name): str(value) for name, value in stored.items()}


def publisher_of(channel: Channel) -> Publisher | None:
    """None for a channel on which a person must publish by hand."""
    adapter = adapter_of(channel) if channel.token is not None else None
    if not isinstance(adapter, Publisher) or adapter.publishes(account_of(channel)):
        return None
    return adapter


def account_of(channel: Channel) -> Account:
    """`mail_url`: a mailbox may send through a server of its own, else all use EMAIL_URL."""
    options = {name: str(value) for name, value in channel.options.items()}
    return Account(
        address=channel.address,
        callback_url=channel.callback_url,
        secret=channel.secret,
        options={"mail_url": settings.EMAIL_URL, **options},
        loopback=settings.LOCAL,
        inside=settings.INTERNAL_HOSTS,
        credentials=credentials_of(channel),
        door=door_of(channel),
        lent=_Kept(channel),
    )


class _Kept(Lent):
    """Read when an adapter asks, and kept encrypted. Two processes that renew at once each keep
    what they got; the later one stays."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._asked = False

    def tokens(self) -> Mapping[str, str]:
        if not self._asked:
            row = NetworkSession.objects.filter(channel=self._channel).first()
            super().keep(json.loads(row.tokens) if row and row.tokens else {})
            self._asked = True
        return super().tokens()

    def keep(self, tokens: Mapping[str, str]) -> None:
        super().keep(tokens)
        self._asked = True
        NetworkSession.objects.update_or_create(
            channel=self._channel, defaults={"tokens": json.dumps(dict(tokens))}
        )


def forget_session(channel: Channel) -> None:
    """Other credentials, or none: what they were exchanged for must not outlive them."""
    NetworkSession.objects.filter(channel=channel).delete()


def channel_at(token: str) -> Channel | None:
    """The channel whose door has this unguessable token, remembered for two seconds."""
    if not _TOKEN.fullmatch(token):
        return None
    now = time.monotonic()
    known = _by_token.get(token)
    if known is not None and known[0] > now:
        return known[1]
    channel = Channel.objects.filter(token=token).first()
    if len(_by_token) > 10_000:  # strangers may try many
        _by_token.clear()
    _by_token[token] = (now + REMEMBERED, channel)
    return channel


def forget_channels() -> None:
    """For tests: what is remembered does not outlive them."""
    _by_token.clear()
