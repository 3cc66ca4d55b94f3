"""Every kind of place that can be read, by name."""

from __future__ import annotations

from conversations.channels.wire.reading.bluesky import BlueskyReader
from conversations.channels.wire.reading.feed import FeedReader
from conversations.channels.wire.reading.hackernews import HackerNewsReader
from conversations.channels.wire.reading.mastodon import MastodonReader
from conversations.channels.wire.reading.reader import Reader

READERS: dict[str, Reader] = {
    "feed": FeedReader(),
    "mastodon": MastodonReader(),
    "bluesky": BlueskyReader(),
    "hackernews": HackerNewsReader(),
}
