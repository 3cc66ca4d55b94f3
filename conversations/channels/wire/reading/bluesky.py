"""Bluesky by `app.bsky.feed.searchPosts`; where the server wants a sign-in, an app password."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.email.headers import clean
from conversations.channels.wire.reading.answers import get_json
from conversations.channels.wire.reading.feeds import moment
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard
from conversations.channels.wire.reading.walking import Page, Stamped, walk

A_PAGE = 100
PROFILE = "https://bsky.app/profile/"
_COUNTS = ("likeCount", "repostCount", "replyCount", "quoteCount")


class BlueskyReader:
    """secret: "" or `handle:app-password`; each reading makes a session (300 a day are let)."""

    searches = True

    def read(self, asked: Asked) -> Heard:
        if not asked.terms:
            return Heard(cursor=asked.cursor, unchanged=True)
        headers = _session(asked)
        return walk(asked, lambda term, since, until: _page(asked, headers, term, since, until))


def _session(asked: Asked) -> dict[str, str]:
    handle, _, password = asked.secret.partition(":")
    if not password:
        return {}
    found = get_json(
        asked,
        f"{asked.url.rstrip('/')}/xrpc/com.atproto.server.createSession",
        {"content-type": "application/json"},
        method="POST",
        content=json.dumps({"identifier": handle, "password": password}).encode(),
    )
    token = found.get("accessJwt") if isinstance(found, dict) else None
    if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
        raise NotHeard("it gave no session for the app password")
    return {"authorization": f"Bearer {token}"}


def _page(asked: Asked, headers: dict[str, str], term: str, since: str, until: str) -> Page:
    query = {"q": f'"{term}"' if " " in term else term, "limit": A_PAGE, "sort": "latest"}
    query |= {name: value for name, value in (("since", since), ("until", until)) if value}
    where = f"{asked.url.rstrip('/')}/xrpc/app.bsky.feed.searchPosts?{urlencode(query)}"
    found = get_json(asked, where, dict(headers))
    posts = found.get("posts") if isinstance(found, dict) else None
    if not isinstance(posts, list):
        raise NotHeard("its answer is no list of posts")
    items = [_item(post) for post in posts if isinstance(post, dict)]
    return Page([each for each in items if each], full=len(posts) >= A_PAGE)


def _item(post: dict[str, Any]) -> Stamped | None:
    uri, at = post.get("uri"), post.get("indexedAt")
    author, record = post.get("author"), post.get("record")
    if not (isinstance(uri, str) and uri.startswith("at://") and len(uri) < 500):
        return None
    if not (isinstance(at, str) and isinstance(author, dict) and isinstance(record, dict)):
        return None
    stated = moment(at)
    if stated is None:
        return None
    handle = clean(text_in(author, "handle"))[:300]
    counts = [post.get(name) for name in _COUNTS]
    return at, Mentioned(
        external_id=uri,
        url=f"{PROFILE}{quote(uri.split('/')[2], safe=':')}/post/{quote(uri.rpartition('/')[2])}",
        text=clean(text_in(record, "text")),
        author=clean(text_in(author, "displayName")).strip()[:200] or handle,
        handle=handle,
        thread=root_of(record) or uri,
        stated_at=moment(text_in(record, "createdAt")) or stated,
        reach=min(sum(each for each in counts if isinstance(each, int)), 2_000_000_000),
    )


def root_of(record: dict[str, Any]) -> str:
    reply = record.get("reply")
    root = reply.get("root") if isinstance(reply, dict) else None
    return text_in(root, "uri")[:500] if isinstance(root, dict) else ""


def text_in(value: dict[str, Any], name: str) -> str:
    said = value.get(name)
    return said[:10_000] if isinstance(said, str) else ""
