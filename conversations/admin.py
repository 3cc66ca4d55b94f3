"""Gathers the admin pages of the floor's rooms."""

from conversations.inbox import admin as inbox

__all__ = ["inbox"]
