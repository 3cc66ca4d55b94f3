"""Whose address is whose: how far an address of a network reaches."""

from __future__ import annotations

from conversations.channels.models import Channel
from conversations.channels.wire.contract import Party
from crm.contacts.services import Address

_ONE_WORLD = {"email"}  # networks whose addresses mean the same person on every channel


def address(channel: Channel, party: Party) -> Address:
    """Anywhere else an address means somebody on its own channel only."""
    scope = "" if channel.kind in _ONE_WORLD else str(channel.pk)
    return Address(channel.kind, scope, party.handle, party.name)
