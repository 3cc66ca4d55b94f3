"""Mastodon, Bluesky and Hacker News, searched for what the watches say."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conversations.listening import watches
from conversations.listening.models import Health, Mention
from tests.conversations.listening.conftest import Ear
from tests.conversations.listening.server import Outside, Request

pytestmark = pytest.mark.django_db


def _query(request: Request) -> dict[str, str]:
    return {name: said[0] for name, said in parse_qs(urlsplit(request.path).query).items()}


def _json(request: Request, value: Any) -> None:
    request.answer(json.dumps(value).encode(), content_type="application/json")


def _toot(number: int, text: str = "I like #brand") -> dict[str, Any]:
    return {
        "id": str(1000 + number),
        "uri": f"https://social.example/users/nina/statuses/{number}",
        "url": f"https://social.example/@nina/{number}",
        "content": f"<p>{text} <b>{number}</b></p>",
        "visibility": "public",
        "created_at": "2026-11-24T09:30:00.000Z",
        "in_reply_to_id": None,
        "spoiler_text": "",
        "favourites_count": 3,
        "reblogs_count": 2,
        "replies_count": 1,
        "account": {"acct": "nina", "display_name": "Nina \u202e Peak"},
    }


def test_mastodon_is_asked_for_hashtags_without_a_token(ear: Ear, far: Outside) -> None:
    watches.change_watch(ear.watch, terms=["#brand"], competitors=[], by=ear.ada.acting)
    private = {**_toot(2), "visibility": "private"}
    far.answers["/api/v1/timelines/tag/brand"] = lambda r: _json(r, [private, _toot(1)])
    place = ear.hears(far.url, kind="mastodon")
    assert place.health == Health.WELL, place.cause
    mention = Mention.objects.get()
    assert (mention.handle, mention.reach) == ("nina@127.0.0.1", 6)
    assert mention.text == "I like #brand 1"
    assert mention.url == "https://social.example/@nina/1"
    assert mention.external_id.endswith("/statuses/1")
    ear.reads(place)
    assert _query(far.asked[-1])["since_id"] == "1001"


def test_mastodon_is_searched_with_a_token_that_no_other_server_sees(
    ear: Ear, far: Outside
) -> None:
    far.answers["/api/v2/search"] = lambda r: _json(r, {"statuses": [_toot(1, text="brand")]})
    ear.hears(far.url, kind="mastodon", secret="s3cret")
    assert [_query(each)["q"] for each in far.asked] == ["brand", "Rival"]
    assert {each.headers["authorization"] for each in far.asked} == {"Bearer s3cret"}
    assert Mention.objects.count() == 1


def test_a_phrase_without_a_token_says_what_is_missing(ear: Ear, far: Outside) -> None:
    watches.change_watch(ear.watch, terms=["brand boots"], competitors=[], by=ear.ada.acting)
    place = ear.hears(far.url, kind="mastodon")
    assert "with an access token only" in place.cause
    assert not far.asked


def _post(number: int, at: str, text: str = "brand") -> dict[str, Any]:
    return {
        "uri": f"at://did:plc:abc/app.bsky.feed.post/{number}",
        "cid": "c",
        "author": {"did": "did:plc:abc", "handle": "nina.bsky.social", "displayName": "Nina"},
        "record": {"text": f"{text} {number}", "createdAt": at,
                   "reply": {"root": {"uri": "at://did:plc:abc/app.bsky.feed.post/root"}}},
        "indexedAt": at,
        "likeCount": 4,
    }  # fmt: skip


def test_bluesky_is_searched_with_a_session_of_its_app_password(ear: Ear, far: Outside) -> None:
    far.answers["/xrpc/com.atproto.server.createSession"] = lambda r: _json(
        r, {"accessJwt": f"jwt of {json.loads(r.said)['identifier']}".replace(" ", "-")}
    )
    posts = [_post(1, "2026-11-24T09:30:00.000Z")]
    far.answers["/xrpc/app.bsky.feed.searchPosts"] = lambda r: _json(
        r, {"posts": posts if _query(r)["q"] == "brand" else []}
    )
    place = ear.hears(far.url, kind="bluesky", secret="me.bsky.social:abcd-efgh")
    assert place.health == Health.WELL, place.cause
    mention = Mention.objects.get()
    assert mention.url == "https://bsky.app/profile/did:plc:abc/post/1"
    assert (mention.thread.endswith("/root"), mention.reach) == (True, 4)
    assert far.asked[-1].headers["authorization"] == "Bearer jwt-of-me.bsky.social"
    ear.reads(place)
    asked = [_query(each) for each in far.asked if "searchPosts" in each.path]
    assert asked[-2]["since"] == "2026-11-24T09:30:00.000Z"


def _hit(number: int, text: str = "brand") -> dict[str, Any]:
    return {
        "objectID": str(number),
        "created_at_i": 1_700_000_000 + number,
        "created_at": "2023-11-14T22:13:20Z",
        "author": "pg",
        "comment_text": f"<p>{text} {number}",
        "story_id": 77,
    }


class _HackerNews:
    """Everything there is, the newest first, a hundred a page, as the search shows it."""

    def __init__(self) -> None:
        self.hits: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> None:
        asked = _query(request)
        found = self.hits if asked["query"] == '"brand"' else []
        for said in filter(None, asked.get("numericFilters", "").split(",")):
            value = int(said.rpartition("=")[2])
            upper = said.startswith("created_at_i<")
            found = [h for h in found if (h["created_at_i"] <= value) == upper
                     or h["created_at_i"] == value]  # fmt: skip
        newest = sorted(found, key=lambda hit: -hit["created_at_i"])
        _json(request, {"hits": newest[: int(asked["hitsPerPage"])]})


def test_hacker_news_is_walked_down_to_where_it_was_read(ear: Ear, far: Outside) -> None:
    news = far.answers["/api/v1/search_by_date"] = _HackerNews()
    news.hits = [_hit(n) for n in range(250)]
    place = ear.hears(far.url, kind="hackernews")
    assert Mention.objects.count() == 100  # a term that is new here: its past is not fetched
    news.hits += [_hit(n) for n in range(250, 1_400)]
    while "until brand" in ear.reads(place).cursor:
        assert place.health == Health.WELL
    assert Mention.objects.count() == 100 + 1_150
    ear.reads(place)
    assert place.last_new == 0
    mention = Mention.objects.get(external_id="1399")
    assert (mention.url, mention.thread) == ("https://news.ycombinator.com/item?id=1399", "77")


@pytest.mark.parametrize("kind", ["mastodon", "bluesky", "hackernews"])
@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]x", b"{}", b'{"hits": 1}', b"null", b"[" * 50_000, b'{"posts": [1, {}]}',
     b'{"hits": [{"objectID": "1", "created_at_i": "x"}], "statuses": [{"id": 1}]}'],
)  # fmt: skip
def test_nonsense_is_the_place_s_trouble_and_nothing_else(
    ear: Ear, far: Outside, kind: str, answer: bytes
) -> None:
    for path in (
        "/api/v1/timelines/tag/brand",
        "/api/v1/timelines/tag/Rival",
        "/xrpc/app.bsky.feed.searchPosts",
        "/api/v1/search_by_date",
    ):
        far.serves(path, answer)
    place = ear.hears(far.url, kind=kind)
    assert "reader failed" not in place.cause
    assert not Mention.objects.exists()


def test_a_place_without_a_watch_asks_nothing(ear: Ear, far: Outside) -> None:
    watches.end_watch(ear.watch, by=ear.ada.acting)
    place = ear.hears(far.url, kind="bluesky")
    assert place.health == Health.WELL
    assert not far.asked
