"""Every kind of channel that can be live, by name."""

from __future__ import annotations

from conversations.channels.wire.alerts import Alerts
from conversations.channels.wire.bluesky.adapter import Bluesky
from conversations.channels.wire.contract import Channel
from conversations.channels.wire.discord.adapter import Discord
from conversations.channels.wire.email.adapter import Email
from conversations.channels.wire.google.adapter import GoogleReviews
from conversations.channels.wire.kannel import Kannel
from conversations.channels.wire.linkedin import LinkedIn
from conversations.channels.wire.mastodon.adapter import Mastodon
from conversations.channels.wire.matrix.adapter import Matrix
from conversations.channels.wire.meta.instagram import Instagram
from conversations.channels.wire.meta.page import Page
from conversations.channels.wire.meta.whatsapp import WhatsApp
from conversations.channels.wire.slack import Slack
from conversations.channels.wire.telegram.adapter import Telegram
from conversations.channels.wire.twilio import Twilio
from conversations.channels.wire.webchat import WebChat
from conversations.channels.wire.webhook import Webhook
from conversations.channels.wire.x.adapter import X

CHANNELS: dict[str, Channel] = {
    "alerts": Alerts(),
    "bluesky": Bluesky(),
    "discord": Discord(),
    "email": Email(),
    "facebook": Page(),
    "google_reviews": GoogleReviews(),
    "instagram": Instagram(),
    "kannel": Kannel(),
    "linkedin": LinkedIn(),
    "mastodon": Mastodon(),
    "matrix": Matrix(),
    "slack": Slack(),
    "sms": Twilio(),
    "telegram": Telegram(),
    "webchat": WebChat(),
    "webhook": Webhook(),
    "whatsapp": WhatsApp(),
    "x": X(),
}
