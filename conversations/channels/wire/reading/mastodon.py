"""Mastodon: hashtags on any server, and the search of posts where an access token is given.

A word without a token is looked for as a hashtag: searching posts is for signed-in accounts only.
`#word` is always a hashtag.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.email.headers import clean
from conversations.channels.wire.email.markup import text_of
from conversations.channels.wire.reading.answers import get_json
from conversations.channels.wire.reading.feeds import absolute, moment
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard
from conversations.channels.wire.reading.walking import Page, Stamped, walk

A_PAGE = 40
_TAG = re.compile(r"#?(\w{2,100})")
_OPEN = {"public", "unlisted"}
_COUNTS = ("favourites_count", "reblogs_count", "replies_count")


class MastodonReader:
    """secret: "" or an access token with `read:search`."""

    searches = True

    def read(self, asked: Asked) -> Heard:
        return walk(asked, lambda term, since, until: _page(asked, term, since, until))


def _page(asked: Asked, term: str, since: str, until: str) -> Page:
    """Stamps are the server's own ids, which rise with time, filled up to sort as text."""
    found = get_json(asked, _address(asked, term, since, until), headers_of(asked))
    posts = found.get("statuses") if isinstance(found, dict) else found
    if not isinstance(posts, list):
        raise NotHeard("its answer is no list of posts")
    items = [item_of(post, asked) for post in posts if isinstance(post, dict)]
    return Page([each for each in items if each], full=len(posts) >= A_PAGE)


def headers_of(asked: Asked) -> dict[str, str]:
    return {"authorization": f"Bearer {asked.secret}"} if asked.secret else {}


def _address(asked: Asked, term: str, since: str, until: str) -> str:
    server, tag = asked.url.rstrip("/"), _TAG.fullmatch(term)
    span = {"since_id": str(int(since))} if since else {}
    if until:
        span["max_id"] = str(int(until))  # this one is not included, but it is known already
    if tag and (term.startswith("#") or not asked.secret):
        query = urlencode({"limit": A_PAGE, **span})
        return f"{server}/api/v1/timelines/tag/{quote(tag[1])}?{query}"
    if not asked.secret:
        raise NotHeard("posts are searched for a phrase with an access token only")
    said = f'"{term}"' if " " in term else term
    query = urlencode({"q": said, "type": "statuses", "limit": A_PAGE, **span})
    return f"{server}/api/v2/search?{query}"


def item_of(post: dict[str, Any], asked: Asked) -> Stamped | None:
    """A post that everybody may read, with its id filled up to sort as text; None for others."""
    id_, account = _text(post, "id"), post.get("account")
    if not (id_.isascii() and id_.isdigit() and len(id_) <= 30 and isinstance(account, dict)):
        return None
    if post.get("visibility") not in _OPEN:
        return None
    uri = _text(post, "uri")[:1_000] or f"{asked.url}/{id_}"
    handle = _handle(account, asked)
    counts = [post.get(name) for name in _COUNTS]
    warned = clean(_text(post, "spoiler_text")).strip()
    words = text_of(_text(post, "content"))
    return id_.zfill(30), Mentioned(
        external_id=uri,
        url=absolute(_text(post, "url") or uri, asked.url),
        text=f"{warned}\n{words}".strip(),
        author=clean(_text(account, "display_name")).strip()[:200] or handle,
        handle=handle,
        thread=_text(post, "in_reply_to_id")[:100] or uri[:500],
        stated_at=moment(_text(post, "created_at")),
        reach=min(sum(each for each in counts if isinstance(each, int)), 2_000_000_000),
    )


def _handle(account: dict[str, Any], asked: Asked) -> str:
    """`name@host`, also for the server's own people, whom it names without."""
    name = clean(_text(account, "acct"))[:250]
    return name if "@" in name or not name else f"{name}@{urlsplit(asked.url).hostname}"


def _text(value: dict[str, Any], name: str) -> str:
    said = value.get(name)
    return said[:100_000] if isinstance(said, str) else ""
