"""Streams of Mastodon and Bluesky: followed from where they were left, kept once, let go."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from conversations.channels.models import Heartbeat
from conversations.listening import ears, following, hearing, places, reading
from conversations.listening.models import Health, Mention, Place
from tests.conversations.listening.conftest import Ear
from tests.conversations.listening.server import Outside
from tests.conversations.listening.streaming import Stage, stage

pytestmark = pytest.mark.django_db

BEFORE = "2026-11-24T09:30:00.000001Z"
AT = 1_795_512_600_000_001  # the same instant in microseconds


@pytest.fixture(name="on")
def _on(far: Outside) -> Iterator[Stage]:
    with stage() as on:
        yield on


def _post(key: str, text: str = "I like my Brand tent", **more: Any) -> dict[str, Any]:
    """A frame of `subscribeEvents`, as its lexicon has it; no capture exists."""
    return {
        "payload": {
            "$type": "network.bsky.jetstream.subscribeEvents#commit",
            "seq": 7,
            "did": "did:plc:nina",
            "time": BEFORE,
            "witnessedAt": BEFORE,
            "rev": "3k",
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": key,
            "cid": "bafy",
            "record": {"text": text, "createdAt": "2026-11-24T09:29:59Z", "langs": ["en"]},
            **more,
        }
    }


def _first_version(key: str) -> dict[str, Any]:
    said = _post(key)["payload"]
    commit = {name: said[name] for name in ("operation", "collection", "rkey", "cid", "record")}
    return {"did": said["did"], "time_us": AT, "kind": "commit", "commit": commit}


def _toot(number: int, text: str = "my Brand tent", **more: Any) -> dict[str, Any]:
    return {
        "id": str(1000 + number),
        "uri": f"https://social.example/users/nina/statuses/{number}",
        "url": f"https://social.example/@nina/{number}",
        "content": f"<p>{text} {number}</p>",
        "visibility": "public",
        "created_at": "2026-11-24T09:30:00.000Z",
        "account": {"acct": "nina@social.example", "display_name": "Nina"},
        **more,
    }


def _update(post: dict[str, Any]) -> dict[str, Any]:
    return {"stream": ["public"], "event": "update", "payload": json.dumps(post)}


def _follow(place: Place, told_to_stop: Callable[[], bool]) -> Place:
    Place.objects.filter(pk=place.pk).update(due_at=timezone.now())
    claimed = following.claim()
    assert claimed is not None
    following.follow(claimed, told_to_stop=told_to_stop)
    place.refresh_from_db()
    return place


def _counted() -> int:
    """In a thread of its own, which keeps no connection."""
    try:
        return Mention.objects.count()
    finally:
        connections.close_all()


def _keys() -> set[str]:
    said = Mention.objects.values_list("external_id", flat=True)
    return {external_id.rpartition("/")[2] for external_id in said}


def test_a_jetstream_is_followed_from_where_it_was_left(ear: Ear, on: Stage) -> None:
    others = [
        _post("like", collection="app.bsky.feed.like"),
        _post("gone", operation="delete", record=None),
        _post("weather", "what a sky"),
        "not json",
        {"payload": {"$type": "#identity", "did": "did:plc:nina"}},
    ]
    on.says = [[_post("a"), *others, _post("b")], [_post("b"), _post("c")]]
    place = ear.at(on.url, kind="bluesky_live")
    _follow(place, on.heard())
    assert (place.health, place.cause) == (Health.WELL, "")
    assert _keys() == {"a", "b"}
    mention = Mention.objects.get(external_id__endswith="/a")
    assert mention.handle == "did:plc:nina"
    assert mention.url == "https://bsky.app/profile/did:plc:nina/post/a"
    assert mention.language == "en"
    assert mention.sightings.get().watch == ear.watch
    assert Heartbeat.objects.filter(source=place.source).count() == 1
    assert on.query() == {"collections": "app.bsky.feed.post", "kinds": "commit"}
    assert on.calls[-1].headers["Sec-WebSocket-Protocol"] == "xrpc.v1.json"
    assert "network.bsky.jetstream.subscribeEvents" in on.calls[-1].path
    assert place.cursor == {"at": str(AT)}

    _follow(place, on.heard())
    assert on.query()["cursor"] == str(AT - 5_000_000)  # heard twice, kept once
    assert _keys() == {"a", "b", "c"}
    assert Mention.objects.count() == 3


def test_the_first_version_of_a_jetstream_is_understood(ear: Ear, on: Stage) -> None:
    on.says = [[_first_version("a")]]
    place = _follow(ear.at(f"{on.url}/subscribe", kind="bluesky_live"), on.heard())
    assert _keys() == {"a"}
    assert on.calls[0].path.startswith("/subscribe?")
    assert on.query() == {"wantedCollections": "app.bsky.feed.post"}
    assert place.cursor == {"at": str(AT)}


def test_what_a_jetstream_no_longer_keeps_is_said(ear: Ear, on: Stage) -> None:
    on.says = [[{"payload": {"$type": "x#info", "name": "OutdatedCursor"}}, _post("a")]]
    place = _follow(ear.at(on.url, kind="bluesky_live"), on.heard())
    assert place.health == Health.TROUBLED
    assert "more was said" in place.cause
    assert _keys() == {"a"}


def test_a_post_found_by_search_and_by_stream_is_one(ear: Ear, far: Outside, on: Stage) -> None:
    on.says = [[_post("a")]]
    _follow(ear.at(on.url, kind="bluesky_live"), on.heard())
    found = {
        "uri": "at://did:plc:nina/app.bsky.feed.post/a",
        "indexedAt": "2026-11-24T09:30:00Z",
        "author": {"handle": "nina.example", "displayName": "Nina"},
        "record": {"text": "I like my Brand tent", "createdAt": "2026-11-24T09:29:59Z"},
    }
    answer = json.dumps({"posts": [found]}).encode()
    far.serves("/xrpc/app.bsky.feed.searchPosts", answer)
    ear.hears(far.url, kind="bluesky")
    assert Mention.objects.count() == 1


def test_mastodon_streams_where_its_server_says(ear: Ear, far: Outside, on: Stage) -> None:
    about = {"configuration": {"urls": {"streaming": on.url.replace("http", "ws")}}}
    far.serves("/api/v2/instance", json.dumps(about).encode())
    on.says = [
        [
            _update(_toot(1)),
            _update(_toot(2, visibility="private")),
            {"stream": ["public"], "event": "delete", "payload": "1001"},
            {"event": "update", "payload": "{"},
            _update(_toot(3, "nothing of us")),
        ]
    ]
    place = ear.at(far.url, kind="mastodon_live", secret="token-1")
    _follow(place, on.heard())
    assert (place.health, place.cause) == (Health.WELL, "")
    assert _keys() == {"1"}
    assert on.query() == {"stream": "public"}
    assert on.calls[-1].headers["Authorization"] == "Bearer token-1"
    assert int(place.cursor["last"]) == 1003

    missed = [_toot(5), _toot(4)]
    far.serves("/api/v1/timelines/public", json.dumps(missed).encode())
    on.says = [[_update(_toot(5)), _update(_toot(6))]]
    _follow(place, on.heard())
    assert "min_id=1003" in far.asked[-1].path  # a stream repeats nothing
    assert _keys() == {"1", "4", "5", "6"}


def test_a_hashtag_and_a_servers_own_posts_have_streams(ear: Ear, far: Outside, on: Stage) -> None:
    about = {"configuration": {"urls": {"streaming": on.url}}}
    far.serves("/api/v2/instance", json.dumps(about).encode())
    for path, asked in (
        ("/tags/caf%C3%A9", {"stream": "hashtag", "tag": "café"}),
        ("/public/local", {"stream": "public:local"}),
    ):
        place = ear.at(f"{far.url}{path}", kind="mastodon_live")
        _follow(place, on.heard())
        places.pause_place(place, paused=True, by=ear.ada.acting)
        assert on.query() == asked


@pytest.mark.parametrize(
    ("refuses", "cause", "wait"),
    [
        ((401, {}), "it wants a sign-in", 5),
        ((429, {"Retry-After": "600"}), "come less often", 600),
        ((302, {"Location": "http://10.0.0.1/"}), "it answers with an error (HTTP 302)", 5),
        ((410, {}), "gone for good", None),
    ],
)
def test_a_stream_that_refuses_is_shown_and_tried_later(
    ear: Ear, on: Stage, refuses: Any, cause: str, wait: int | None
) -> None:
    on.refuses = refuses
    place = _follow(ear.at(on.url, kind="bluesky_live"), on.heard(longest=3))
    assert cause in place.cause
    assert len(on.calls) == 1
    if wait is None:
        assert (place.health, place.due_at) == (Health.GONE, None)
    else:
        assert place.health == Health.TROUBLED
        assert place.due_at is not None
        assert timedelta(0) < place.due_at - timezone.now() <= timedelta(seconds=wait)
        assert place.due_at - timezone.now() > timedelta(seconds=wait - 5)


def test_a_stream_that_breaks_keeps_what_it_said(ear: Ear, on: Stage) -> None:
    on.says, on.hangs_up = [[_post("a"), {"error": "ConsumerTooSlow"}]], True
    place = _follow(ear.at(on.url, kind="bluesky_live"), on.heard())
    assert place.health == Health.TROUBLED
    assert "ConsumerTooSlow" in place.cause
    assert place.failures == 1
    on.says, on.hangs_up = [[_post("a")]], False
    place = _follow(place, on.heard())
    assert (_keys(), place.health, place.failures) == ({"a"}, Health.WELL, 0)


def test_a_database_that_goes_away_is_not_the_streams_fault(
    ear: Ear, on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection")

    place = _follow(ear.at(on.url, kind="bluesky_live"), on.heard())
    before = (place.cursor, place.health, place.failures)
    on.says = [[_post("a")]]
    with monkeypatch.context() as broken:
        broken.setattr(hearing, "take", gone)
        with pytest.raises(OperationalError):
            _follow(place, on.heard())
    place.refresh_from_db()
    assert (place.cursor, place.health, place.failures) == before
    assert place.claimed_at is not None  # until its lease is over
    on.says = [[_post("a")]]
    Place.objects.filter(pk=place.pk).update(claimed_at=timezone.now() - reading.LEASE)
    _follow(place, on.heard())
    assert _keys() == {"a"}


def test_streams_lead_into_no_private_network(ear: Ear, far: Outside, settings: Any) -> None:
    settings.LISTENING_LOOPBACK = False
    place = _follow(ear.at("http://127.0.0.1:9/", kind="bluesky_live"), lambda: True)
    assert "private network" in place.cause


@pytest.mark.parametrize("act", ["pause", "another address"])
def test_a_place_that_changes_is_let_go_within_a_moment(ear: Ear, on: Stage, act: str) -> None:
    on.says = [[_post("a")]]
    place = ear.at(on.url, kind="bluesky_live")
    heard, done = on.heard(), []

    def told() -> bool:
        if heard() and not done:
            done.append(time.monotonic())
            if act == "pause":
                places.pause_place(place, paused=True, by=ear.ada.acting)
            else:
                places.change_place(place, by=ear.ada.acting, url=f"{on.url}/subscribe")
        return bool(done) and time.monotonic() > done[0] + 60

    following_since = time.monotonic()
    _follow(place, told)
    assert time.monotonic() - following_since < 40  # not until it is told to stop
    assert place.claimed_at is None
    if act == "pause":
        assert following.claim() is None
    else:
        assert (place.cursor, place.health) == ({}, Health.NEW)


def test_a_stream_has_one_follower_and_is_inherited_from_a_dead_one(ear: Ear, on: Stage) -> None:
    place = ear.at(on.url, kind="bluesky_live")
    claimed = following.claim()
    assert claimed is not None
    assert following.claim() is None
    assert reading.claim(at=timezone.now()) is None  # no worker reads what is followed
    Place.objects.filter(pk=place.pk).update(claimed_at=timezone.now() - reading.LEASE)
    heir = following.claim()
    assert heir is not None
    assert heir.attempt == claimed.attempt + 1
    on.says = [[_post("a")]]
    following.follow(claimed, told_to_stop=on.heard())  # it wakes, and may write no position
    place.refresh_from_db()
    assert (place.cursor, place.read_at) == ({}, None)


@pytest.mark.django_db(transaction=True)
def test_one_process_follows_all_of_them_until_it_is_told_to_stop(ear: Ear, on: Stage) -> None:
    on.says = [[_post("a")], [_post("b")]]
    for name in ("one", "two"):
        ear.at(f"{on.url}/{name}", kind="bluesky_live")

    async def listen() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(ears.listen_to_streams(stop))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            await asyncio.sleep(0.2)
            if await asyncio.to_thread(_counted) == 2:
                break
        stop.set()
        await asyncio.wait_for(task, 40)

    asyncio.run(listen())
    assert _keys() == {"a", "b"}
    assert on.open_lines == 0
    assert not Place.objects.exclude(claimed_at=None).exists()
