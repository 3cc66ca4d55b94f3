"""Every kind of place that can be read or followed, by name."""

from __future__ import annotations

from conversations.channels.wire.reading.bluesky import BlueskyReader
from conversations.channels.wire.reading.bluesky_stream import BlueskyStream
from conversations.channels.wire.reading.feed import FeedReader
from conversations.channels.wire.reading.hackernews import HackerNewsReader
from conversations.channels.wire.reading.mastodon import MastodonReader
from conversations.channels.wire.reading.mastodon_stream import MastodonStream
from conversations.channels.wire.reading.reader import Reader
from conversations.channels.wire.reading.stream import Stream

READERS: dict[str, Reader] = {
    "feed": FeedReader(),
    "mastodon": MastodonReader(),
    "bluesky": BlueskyReader(),
    "hackernews": HackerNewsReader(),
}

STREAMS: dict[str, Stream] = {
    "mastodon_live": MastodonStream(),
    "bluesky_live": BlueskyStream(),
}
