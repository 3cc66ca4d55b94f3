"""The reader of RSS and Atom feeds, with conditional GET."""

from __future__ import annotations

import re

from conversations.channels.wire.reading import feeds
from conversations.channels.wire.reading.answers import NOT_MODIFIED, cut_words, get
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard

ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.1"
LONGEST_TAG = 500
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}\"?([A-Za-z0-9._-]{1,40})")


class FeedReader:
    searches = False

    def read(self, asked: Asked) -> Heard:
        headers = {"accept": ACCEPT}
        if asked.etag:
            headers["if-none-match"] = asked.etag
        if asked.last_modified:
            headers["if-modified-since"] = asked.last_modified
        found = get(asked, asked.url, headers)
        if found.status == NOT_MODIFIED:
            return Heard(etag=asked.etag, last_modified=asked.last_modified, unchanged=True)
        charset = _CHARSET.search(found.headers.get("content-type", ""))
        try:
            feed = feeds.read(found.body, url=found.url, charset=charset[1] if charset else "")
        except feeds.NotAFeed as error:
            raise NotHeard(cut_words(found.cut, asked) if found.cut else str(error)) from error
        remark = cut_words(found.cut, asked) if found.cut else feed.broken
        return Heard(
            items=feed.items,
            etag="" if remark else _kept(found.headers.get("etag", ""), LONGEST_TAG),
            last_modified="" if remark else _kept(found.headers.get("last-modified", ""), 100),
            moved_to=found.moved_to,
            remark=remark,
        )


def _kept(value: str, longest: int) -> str:
    """What can be sent back as it came; a validator that can't is none."""
    fits = len(value) <= longest and value.isascii() and value.isprintable()
    return value if fits else ""
