"""Gathers the admin pages of the floor's rooms."""

from conversations.channels import admin as channels
from conversations.channels import envelopes_admin as envelopes
from conversations.editorial import admin as editorial
from conversations.inbox import admin as inbox
from conversations.knowledge import admin as knowledge
from conversations.listening import admin as listening
from conversations.service_levels import admin as service_levels

__all__ = [
    "channels",
    "editorial",
    "envelopes",
    "inbox",
    "knowledge",
    "listening",
    "service_levels",
]
