"""Every kind of place that can be read, by name."""

from __future__ import annotations

from conversations.channels.wire.reading.feed import FeedReader
from conversations.channels.wire.reading.reader import Reader

READERS: dict[str, Reader] = {
    "feed": FeedReader(),
}
