"""Connecting a channel to its network: the fields, the test, the door made known, the end.

What the provider gave us goes in and never comes out again. A test asks the provider itself,
outside any transaction; what it found stands in the channel's health.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.accounts import (
    account_of,
    credentials_of,
    forget_session,
    is_read,
    provider_of,
)
from conversations.channels.models import Channel, ChannelHealth, Polling
from conversations.channels.services import (
    connect_channel,
    note_heartbeat,
    note_version,
    open_channel,
)
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.provider import (
    Checked,
    Door,
    Field,
    NotConnected,
    Provider,
    Unhooks,
)
from conversations.channels.wire.registry import CHANNELS
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.organisation.models import Unit
from crm.values import Actor

logger = logging.getLogger(__name__)

EMPTIES = "-"
LONGEST = 4_000  # characters of one value
EVERY = timedelta(minutes=15)  # a connection is tested again


def fields_of(kind: str) -> tuple[Field, ...]:
    """What to fill in for this kind of channel; nothing for one that needs no connecting."""
    adapter = CHANNELS.get(kind)
    return adapter.card.fields if isinstance(adapter, Provider) else ()


def connect(unit: Unit, *, kind: str, name: str, values: Mapping[str, str], by: Actor) -> Channel:
    """A live channel with its credentials, not yet tested.

    Raises Invalid `unknown_kind`, `unknown_field`, `field_missing`, `field_unfit`; Conflict
    `connected` when this account has a channel already.
    """
    fields = fields_of(kind)
    if not fields:
        raise Invalid(_("this kind of channel is not connected so"), code="unknown_kind")
    clean = _clean(fields, values)
    _missing(fields, clean)
    address = next(
        (clean[each.name].removeprefix(each.prefix) for each in fields if each.address), ""
    )
    with transaction.atomic():
        channel = _reopened(unit, kind=kind, name=name, address=address, by=by) or open_channel(
            unit, kind=kind, name=name, address=address, by=by
        )
        keep(channel, clean)
        _begin_anew(channel)
    return channel


def _begin_anew(channel: Channel) -> None:
    """Nothing is known of these credentials, and who reads with others has no say any more. An
    account that was read before is read on from there; one that was not, from now."""
    ChannelHealth.objects.update_or_create(
        channel=channel, defaults={"works": None, "cause": "", "checked_at": None}
    )
    forget_session(channel)
    if is_read(channel):
        now = timezone.now()
        Polling.objects.update_or_create(
            channel=channel,
            defaults={
                "due_at": now,
                "claimed_at": None,
                "attempt": F("attempt") + 1,
                "failures": 0,
                "cause": "",
            },
            create_defaults={"due_at": now, "cursor": {"from": now.isoformat()}},
        )


def _reopened(unit: Unit, *, kind: str, name: str, address: str, by: Actor) -> Channel | None:
    """The channel that this account had before, with its conversations: disconnected since, or
    known from an import. None for an account that is new here."""
    had = Channel.objects.select_for_update().filter(kind=kind, address__iexact=address)
    channel = had.first() if address else None
    if channel is None:
        return None
    if channel.token is not None and channel.closed_at is None:
        raise Conflict(_("this account has a channel already"), code="connected")
    channel.unit, channel.name = unit, name
    if channel.token is None:
        return connect_channel(channel, by=by)
    channel.closed_at = None
    channel.save(update_fields=["unit", "name", "closed_at"])
    now = timezone.now()
    note_version(channel, at=now)
    record("channel_opened", channel, by=by, at=now, kind=kind)
    return channel


def change_credentials(channel: Channel, *, values: Mapping[str, str], by: Actor) -> None:
    """Other values for some fields; an empty one leaves what is there, and `-` empties a field
    that may be empty. The account stays."""
    fields = tuple(each for each in fields_of(channel.kind) if not each.address)
    given = {name: value for name, value in values.items() if value.strip()}
    clean = _clean(fields, given)
    if not clean:
        return
    for each in fields:
        if not each.required and clean.get(each.name) == EMPTIES:
            clean[each.name] = ""
    with transaction.atomic():
        keep(channel, credentials_of(channel) | clean)
        _begin_anew(channel)
        record("channel_credentials_changed", channel, by=by, fields=sorted(clean))


def _clean(fields: tuple[Field, ...], values: Mapping[str, str]) -> dict[str, str]:
    known = {each.name for each in fields}
    unknown = sorted(set(values) - known)
    if unknown:
        raise Invalid(
            _("there is no field %(name)s") % {"name": unknown[0][:60]}, code="unknown_field"
        )
    clean = {name: value.strip() for name, value in values.items()}
    for name, value in clean.items():
        if len(value) > LONGEST or not value.isprintable():
            raise Invalid(_("%(name)s can’t be kept so") % {"name": name}, code="field_unfit")
    return clean


def _missing(fields: tuple[Field, ...], clean: Mapping[str, str]) -> None:
    missing = [each.name for each in fields if each.required and not clean.get(each.name)]
    if missing:
        raise Invalid(_("%(name)s is missing") % {"name": missing[0]}, code="field_missing")


def keep(channel: Channel, clean: Mapping[str, str]) -> None:
    """Encrypted, in place of all there was."""
    channel.credentials = json.dumps({name: value for name, value in clean.items() if value})
    channel.save(update_fields=["credentials"])


def probe(channel: Channel, *, hook: bool = False) -> ChannelHealth:
    """Asks the provider whether it knows us, and keeps what it said. An account that was to be
    read no more until somebody had changed something is then read again.

    hook: also tells it where our door is, where that can be told. Outside any transaction.
    Raises Conflict `not_connected` for a channel without a provider.
    """
    provider = must_connect(channel)
    account = account_of(channel)
    try:
        if hook and isinstance(provider, Door):
            provider.hook(account)
        checked = provider.check(account)
    except (NotConnected, SendFailed) as error:
        return _found(channel, None, str(error), passing=getattr(error, "passing", False))
    except Exception as error:  # an adapter's bug says nothing of the credentials
        logger.exception("channel %s: the test failed", channel.pk)
        return _found(channel, None, f"the test failed: {type(error).__name__}", passing=True)
    Polling.objects.filter(channel=channel, due_at=None).update(due_at=timezone.now())
    return _found(channel, checked, "")


def must_connect(channel: Channel) -> Provider:
    """Raises Conflict `not_connected` for a channel that has no connection to a network."""
    provider = provider_of(channel)
    if provider is None or channel.closed_at is not None:
        raise Conflict(_("this channel has no connection"), code="not_connected")
    return provider


def _found(
    channel: Channel, checked: Checked | None, cause: str, *, passing: bool = False
) -> ChannelHealth:
    found: dict[str, object] = {"cause": cause[:500], "checked_at": timezone.now()}
    if checked is not None:
        found |= {
            "works": True,
            "name": checked.name[:200],
            "remarks": [each[:300] for each in checked.remarks],
            "expires_at": checked.expires_at,
        }
        if not is_read(channel):
            note_heartbeat(channel)
    elif not passing:
        found["works"] = False
    health, _made = ChannelHealth.objects.update_or_create(channel=channel, defaults=found)
    return health


def note_mailbox(
    channel: Channel, *, cause: str, access: bool = False, expires_at: datetime | None = None
) -> None:
    """What fetching a mailbox found; kept when it changes, and every few minutes.

    cause: "" where it works. access: the server no longer takes our word or token.
    """
    now = timezone.now()
    works = True if not cause else (False if access else None)
    found: dict[str, object] = {"cause": cause[:500], "checked_at": now, "expires_at": expires_at}
    known = ChannelHealth.objects.filter(channel=channel).first()
    if works is None and known is not None:
        works = known.works
    same = known is not None and (known.works, known.cause) == (works, cause[:500])
    if same and known is not None and known.checked_at and known.checked_at > now - EVERY / 3:
        return
    ChannelHealth.objects.update_or_create(channel=channel, defaults=found | {"works": works})


def probe_due(*, at: datetime, most: int = 20) -> int:
    """Tests the connections whose last test is a while ago. Returns how many.

    A test that the provider answered is a sign of life of a door; one that it did not is none, so
    that a connection that died is seen where sources are counted. A polled account has another:
    that it was read.
    """
    live = Channel.objects.filter(token__isnull=False, paused_at=None, closed_at=None)
    stopped = Polling.objects.filter(due_at=None).values("channel")  # a person's test goes on
    due = (
        live.filter(kind__in=provider_kinds())
        .exclude(pk__in=stopped)
        .filter(Q(health=None) | Q(health__checked_at=None) | Q(health__checked_at__lt=at - EVERY))
    )
    channels = list(due.order_by("health__checked_at")[:most])
    for channel in channels:
        probe(channel)
    return len(channels)


def provider_kinds() -> list[str]:
    return [kind for kind, adapter in CHANNELS.items() if isinstance(adapter, Provider)]


def disconnect(channel: Channel, *, by: Actor) -> None:
    """The end of it: the door answers 410, nothing goes out, the credentials are gone. What was
    said stays. Disconnecting twice changes nothing."""
    if channel.closed_at is not None:
        return
    adapter, account = provider_of(channel), account_of(channel)
    with transaction.atomic():
        channel.closed_at = timezone.now()
        channel.credentials = ""
        channel.save(update_fields=["closed_at", "credentials"])
        forget_session(channel)
        note_version(channel, at=channel.closed_at)
        record("channel_disconnected", channel, by=by)
        if isinstance(adapter, Unhooks):
            transaction.on_commit(lambda: _unhook(adapter, account), robust=True)


def _unhook(adapter: Unhooks, account: Account) -> None:
    """A courtesy: whoever does not hear it gets 410 from the door."""
    try:
        adapter.unhook(account)
    except (NotConnected, SendFailed) as error:
        logger.warning("a network was not told that its door is closed: %s", error)
