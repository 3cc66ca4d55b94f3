"""Every kind of channel that can be live, by name."""

from __future__ import annotations

from conversations.channels.wire.alerts import Alerts
from conversations.channels.wire.contract import Channel
from conversations.channels.wire.email.adapter import Email
from conversations.channels.wire.webchat import WebChat
from conversations.channels.wire.webhook import Webhook

CHANNELS: dict[str, Channel] = {
    "alerts": Alerts(),
    "email": Email(),
    "webchat": WebChat(),
    "webhook": Webhook(),
}
