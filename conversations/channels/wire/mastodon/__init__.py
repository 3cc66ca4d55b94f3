"""Mastodon as a channel, and the servers that speak its API (GoToSocial, Takahe, Pleroma)."""
