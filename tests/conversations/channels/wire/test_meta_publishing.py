"""What was published on a page of Facebook or on Instagram is counted; a page can be published on.

Answers written from developers.facebook.com (object/reactions, object/comments, Pages API: posts;
instagram-media), read 2026-11-30.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from conversations.channels.connecting import connect
from conversations.channels.wire.contract import Counted, Post, Publisher, SendFailed, Sent
from conversations.channels.wire.meta.instagram import Instagram
from conversations.channels.wire.meta.page import Page
from conversations.channels.wire.provider import Counts, NotRead
from conversations.channels.wire.registry import CHANNELS
from conversations.editorial import life, measuring
from conversations.editorial.learning import measured
from tests.conversations.channels.wire.samples import sample_of
from tests.conversations.editorial.plan import desk as a_desk

GONE = {"error": {"code": 100, "error_subcode": 33, "message": "does not exist"}}
RIGHTS = {"error": {"code": 10, "message": "requires pages_read_engagement"}}


class Meta:
    """Objects by their id; `trouble` in place of any answer."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects
        self.trouble: httpx.Response | Exception | None = None
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        id_ = request.url.path.rpartition("/")[2]
        known = self.objects.get(id_)
        return httpx.Response(200, json=known) if known else httpx.Response(400, json=GONE)


def _total(number: int) -> dict[str, Any]:
    return {"data": [], "summary": {"total_count": number}}


POST = {"id": "5_7", "reactions": _total(12), "comments": _total(3), "shares": {"count": 2}}


def test_a_page_is_asked_post_by_post_and_one_that_is_gone_spoils_no_other() -> None:
    meta = Meta({"5_7": POST, "5_9": {"id": "5_9", "reactions": _total(1)}})
    page, account = Page(httpx.MockTransport(meta)), sample_of("facebook").account()
    assert isinstance(page, Counts)
    counted = page.counts(account, ["5_7", "5_8", "not/an/id", "5_9"])
    assert counted[:3] == [
        Counted("5_7", "likes", 12.0),
        Counted("5_7", "comments", 3.0),
        Counted("5_7", "shares", 2.0),
    ]
    assert [(one.external_id, one.value) for one in counted[3:]] == [
        ("5_9", 1.0),
        ("5_9", 0.0),
        ("5_9", 0.0),
    ]
    assert len(meta.asked) == 3
    asked = parse_qs(meta.asked[0].url.query.decode())
    assert asked["fields"][0].startswith("reactions.summary(total_count)")
    for trouble, access in (
        (httpx.Response(403, json=RIGHTS), True),
        (httpx.Response(500, json={}), False),
        (httpx.ConnectError("no"), False),
    ):
        meta.trouble = trouble
        with pytest.raises(NotRead) as failed:
            page.counts(account, ["5_7"])
        assert failed.value.access is access


def test_likes_that_instagram_does_not_tell_are_not_said_to_be_none() -> None:
    meta = Meta({"77": {"like_count": 4, "comments_count": 1}, "78": {"comments_count": 0}})
    channel = Instagram(httpx.MockTransport(meta))
    assert isinstance(channel, Counts)
    assert channel.counts(sample_of("instagram").account(), ["77", "78", "79"]) == [
        Counted("77", "likes", 4.0),
        Counted("77", "comments", 1.0),
        Counted("78", "comments", 0.0),
    ]
    assert meta.asked[0].url.host == "graph.instagram.com"


def test_a_page_is_published_on_when_its_settings_ask_for_it() -> None:
    meta = Meta({"feed": {"id": "5_10"}})
    page, account = Page(httpx.MockTransport(meta)), sample_of("facebook").account()
    assert isinstance(page, Publisher)
    assert page.publishes(account)
    asking = replace(account, options={"publish": "True"})
    assert page.publishes(asking) == ""
    assert page.publish(asking, Post("1", "", "The new tent is here")) == Sent("5_10")
    assert meta.asked[0].url.path.endswith(f"/{account.address}/feed")
    meta.trouble = httpx.ReadTimeout("slow")
    with pytest.raises(SendFailed) as failed:
        page.publish(asking, Post("1", "", "The new tent is here"))
    assert failed.value.unknown


@pytest.mark.django_db
def test_what_was_published_by_hand_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = a_desk()
    meta = Meta({"5_7": POST})
    monkeypatch.setitem(CHANNELS, "facebook", Page(httpx.MockTransport(meta)))
    sample = sample_of("facebook")
    values = {"page_id": sample.address, **sample.credentials}
    desk.channel = connect(
        desk.channel.unit, kind="facebook", name="Ours", values=values, by=desk.ada.acting
    )
    row = life.confirm(desk.approved(), external_id="5_7", by=desk.ben.acting)
    assert measuring.measure_due() == 1
    assert measured(row).counts == {"likes": 12, "comments": 3, "shares": 2}
