"""Discord's gateway on loopback, for the tests of lines."""

from __future__ import annotations

import pytest

from conversations.channels import holding
from conversations.channels.accounts import forget_channels
from conversations.channels.wire.registry import CHANNELS
from tests.conversations.channels.wire.worlds.discord import (
    DiscordWorld,
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> DiscordWorld:
    made = DiscordWorld()
    monkeypatch.setitem(CHANNELS, "discord", made.adapter())
    monkeypatch.setattr(holding, "WITHIN", 0.0)
    forget_channels()
    return made
