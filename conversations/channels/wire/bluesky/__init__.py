"""Bluesky as a channel, and other servers of the AT Protocol."""
