"""A channel known from imported history gets a door, and its past goes on."""

import pytest
from django.utils import timezone

from conversations.channels.models import Channel, ChannelVersion, Source
from conversations.channels.services import connect_channel
from crm.errors import Conflict, Invalid
from crm.organisation.models import Unit
from crm.values import AUTOMATION

pytestmark = pytest.mark.django_db


def imported(kind: str) -> Channel:
    unit = Unit.objects.create(name="Brand")
    return Channel.objects.create(kind=kind, unit=unit, name="Old", closed_at=timezone.now())


def test_an_imported_channel_gets_a_door_a_secret_and_a_source() -> None:
    channel = connect_channel(imported("email"), by=AUTOMATION, address=" Help@Brand.example")
    kept = Channel.objects.get()
    assert kept.is_open
    assert kept.address == "help@brand.example"
    assert kept.secret.startswith("whsec_")
    assert Source.objects.get().channel == channel
    assert ChannelVersion.objects.get().closed_at is None


def test_a_channel_with_a_door_keeps_it() -> None:
    channel = connect_channel(imported("webhook"), by=AUTOMATION)
    with pytest.raises(Conflict, match="door"):
        connect_channel(channel, by=AUTOMATION)
    assert Channel.objects.get().token == channel.token
    assert Source.objects.count() == 1


def test_a_kind_without_an_adapter_stays_closed() -> None:
    with pytest.raises(Invalid):
        connect_channel(imported("carrier-pigeon"), by=AUTOMATION)
    assert Channel.objects.get().token is None
    assert not Source.objects.exists()
