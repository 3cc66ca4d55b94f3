"""Hacker News by its search (Algolia `search_by_date`): stories and comments, without a key."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.email.headers import clean
from conversations.channels.wire.email.markup import text_of
from conversations.channels.wire.reading.answers import get_json
from conversations.channels.wire.reading.feeds import moment
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard
from conversations.channels.wire.reading.walking import Page, Stamped, walk

A_PAGE = 100
ITEM = "https://news.ycombinator.com/item?id="


class HackerNewsReader:
    searches = True

    def read(self, asked: Asked) -> Heard:
        return walk(asked, lambda term, since, until: _page(asked, term, since, until))


def _page(asked: Asked, term: str, since: str, until: str) -> Page:
    filters = [f"created_at_i>={int(since)}"] if since else []
    filters += [f"created_at_i<={int(until)}"] if until else []
    query = {
        "query": f'"{term}"',
        "tags": "(story,comment)",
        "hitsPerPage": A_PAGE,
        "numericFilters": ",".join(filters),
    }
    found = get_json(asked, f"{asked.url.rstrip('/')}/api/v1/search_by_date?{urlencode(query)}")
    hits = found.get("hits") if isinstance(found, dict) else None
    if not isinstance(hits, list):
        raise NotHeard("its answer is no list of hits")
    items = [_item(hit) for hit in hits if isinstance(hit, dict)]
    return Page([each for each in items if each], full=len(hits) >= A_PAGE)


def _item(hit: dict[str, Any]) -> Stamped | None:
    id_, at = hit.get("objectID"), hit.get("created_at_i")
    if not isinstance(id_, str) or not id_.isdigit() or not isinstance(at, int):
        return None
    words = _text(hit, "comment_text") or _text(hit, "story_text")
    story, author = hit.get("story_id"), clean(_text(hit, "author"))[:200]
    points, comments = hit.get("points"), hit.get("num_comments")
    counted = [each for each in (points, comments) if isinstance(each, int) and each > 0]
    return f"{at:012d}", Mentioned(
        external_id=id_,
        url=f"{ITEM}{id_}",
        title=clean(_text(hit, "title"))[:300],
        text=text_of(words),
        author=author,
        handle=author,
        thread=str(story) if isinstance(story, int) else id_,
        stated_at=moment(_text(hit, "created_at")),
        reach=min(sum(counted), 2_000_000_000) if counted else None,
    )


def _text(hit: dict[str, Any], name: str) -> str:
    value = hit.get(name)
    return value[:100_000] if isinstance(value, str) else ""
