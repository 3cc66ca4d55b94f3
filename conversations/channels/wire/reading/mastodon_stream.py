"""Mastodon's streaming API: all public posts that a server knows, its own, or those of a hashtag.

The place's address says which: the server alone, `/public/local` or `/tags/name` on it, as people
see these pages. A stream has no memory: what was said while nobody listened is read from the
timeline of the same name. Source: docs.joinmastodon.org/methods/streaming and /timelines.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from conversations.channels.wire import addresses, strict_json
from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.reading.answers import get_json
from conversations.channels.wire.reading.line import Call
from conversations.channels.wire.reading.mastodon import A_PAGE, headers_of, item_of
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard
from conversations.channels.wire.reading.stream import Said

PAGES = 20  # of what was missed
_TAG = re.compile(r"/tags/([^/]{1,300})/?")
_LOCAL = re.compile(r"/public/local/?")


class MastodonStream:
    """secret: an access token; most servers stream to signed-in accounts only."""

    def missed(self, asked: Asked) -> Heard:
        """From where it was left upwards, so that a cut loses nothing; at first nothing."""
        last, items, full = asked.cursor.get("last", ""), [], bool(asked.cursor.get("last"))
        for _ in range(PAGES):
            if not full or asked.traffic.seconds >= asked.bounds.seconds * 0.8:
                break
            page = get_json(asked, _timeline(asked, last), headers_of(asked))
            if not isinstance(page, list):
                raise NotHeard("its answer is no list of posts")
            found = [each for each in (_stamped(post, asked) for post in page) if each]
            items += [item for _, item in found]
            top = max((stamp for stamp, _ in found), default=last)
            full, last = len(page) >= A_PAGE and top > last, max(top, last)
        remark = "more was said while nobody listened than could be read" if full else ""
        return Heard(items=items, cursor={"last": last} if last else {}, remark=remark)

    def call(self, asked: Asked) -> Call:
        parts = urlsplit(_streaming(asked))
        query = urlencode(_which(asked))
        url = urlunsplit((parts.scheme, parts.netloc, "/api/v1/streaming", query, ""))
        return Call(url, headers_of(asked))

    def said(self, frame: str, asked: Asked) -> Said | None:
        event = _object(frame)
        if event.get("error"):
            raise NotHeard(f"the stream says: {str(event['error'])[:200]}")
        if event.get("event") != "update":
            return None
        payload = event.get("payload")
        post = _object(payload) if isinstance(payload, str) else {}
        found = _stamped(post, asked)
        if found is None:
            return None
        stamp, item = found
        return Said(item, {"last": max(stamp, asked.cursor.get("last", ""))})


def _stamped(post: Any, asked: Asked) -> tuple[str, Mentioned] | None:
    return item_of(post, asked) if isinstance(post, dict) else None


def _object(text: str) -> dict[str, Any]:
    try:
        value = strict_json.loads(text.encode("utf-8", "replace"))
    except strict_json.NotStrict:
        return {}  # one frame that nobody can read does not end the stream
    return value if isinstance(value, dict) else {}


def _which(asked: Asked) -> dict[str, str]:
    path = urlsplit(asked.url).path
    if tag := _TAG.fullmatch(path):
        return {"stream": "hashtag", "tag": unquote(tag[1])}
    return {"stream": "public:local" if _LOCAL.fullmatch(path) else "public"}


def _server(asked: Asked) -> str:
    parts = urlsplit(asked.url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def _timeline(asked: Asked, last: str) -> str:
    which = _which(asked)
    said = {"limit": str(A_PAGE), "min_id": str(int(last))}
    if which["stream"] == "hashtag":
        return f"{_server(asked)}/api/v1/timelines/tag/{quote(which['tag'])}?{urlencode(said)}"
    if which["stream"] == "public:local":
        said["local"] = "true"
    return f"{_server(asked)}/api/v1/timelines/public?{urlencode(said)}"


def _streaming(asked: Asked) -> str:
    """Where the server says that it streams: it may be another name. Judged like every address."""
    about = get_json(asked, f"{_server(asked)}/api/v2/instance")
    said: Any = about
    for name in ("configuration", "urls", "streaming"):
        said = said.get(name) if isinstance(said, dict) else None
    if not isinstance(said, str) or not said:
        return _server(asked)
    url = re.sub(r"^ws(s?)://", r"http\1://", said)
    if asked.url.startswith("https:") and not url.startswith("https:"):
        raise NotHeard("it would stream without encryption")
    try:
        addresses.checked(url)
    except addresses.NotAllowed as error:
        raise NotHeard(f"the address of its stream: {error}") from error
    return url
