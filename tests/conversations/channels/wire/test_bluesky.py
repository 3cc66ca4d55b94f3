"""What is special about Bluesky: sessions, bytes, strands of a thread, chats, wrong clocks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.bluesky.adapter import Bluesky
from conversations.channels.wire.bluesky.names import moment_of, named, tid
from conversations.channels.wire.bluesky.richtext import facets_of, spelled
from conversations.channels.wire.contract import Outbound, Party, Post, Remote, SendFailed
from conversations.channels.wire.provider import NotConnected, NotFetched, NotRead
from crm.values import uuid7
from tests.conversations.channels.wire.worlds.bluesky import BOB, CONVO, US, BlueskyWorld

FROM = {"from": "2026-01-01T00:00:00+00:00"}


def _account() -> Account:
    return Account(address="brand.example", credentials=BlueskyWorld.values)


def _answer(thread: str, below: str = "", text: str = "Yes.") -> Outbound:
    return Outbound(str(uuid7()), "", thread, Party(BOB), text, in_reply_to=below)


def _calls(world: BlueskyWorld, name: str) -> int:
    return sum(method.endswith(name) for _, method, _ in world.asked)


def test_one_signs_in_once_and_renews_what_one_was_lent() -> None:
    world, account = BlueskyWorld(), _account()
    for _ in range(5):
        world.adapter().read(account, FROM)
    assert (_calls(world, "createSession"), _calls(world, "refreshSession")) == (1, 0)
    world.valid = "another"  # it ended
    world.adapter().read(account, FROM)
    assert (_calls(world, "createSession"), _calls(world, "refreshSession")) == (1, 1)
    world.valid, world.refreshable = "another", False
    world.adapter().read(account, FROM)
    assert (_calls(world, "createSession"), _calls(world, "refreshSession")) == (2, 2)
    wrong = Account(address="brand.example", credentials={"app_password": "x"})
    with pytest.raises(NotRead) as failed:
        BlueskyWorld().adapter().read(wrong, FROM)
    assert failed.value.access
    with pytest.raises(NotConnected) as refused:
        BlueskyWorld().adapter().check(wrong)
    assert not refused.value.passing


def test_a_session_that_cannot_be_had_leaves_no_message_unknown() -> None:
    world = BlueskyWorld()
    world.trouble = httpx.ReadTimeout("slow")
    with pytest.raises(SendFailed) as failed:
        world.adapter().send(_account(), _answer("at://x"))
    assert (failed.value.unknown, failed.value.permanent) == (False, False)


def test_an_answer_names_the_first_post_and_the_one_above_it() -> None:
    world, account = BlueskyWorld(), _account()
    root = world.say("Where is it?")
    first = world.adapter().send(account, _answer(root, root))
    below = world.say("And now?", below=first.external_id)
    second = world.adapter().send(account, _answer(root, below))
    record = world.posts[second.external_id]["record"]
    assert record["reply"]["root"] == {"uri": root, "cid": world.posts[root]["cid"]}
    assert record["reply"]["parent"] == {"uri": below, "cid": world.posts[below]["cid"]}
    world.take_back(below)
    with pytest.raises(SendFailed) as failed:
        world.adapter().send(account, _answer(root, below))
    assert failed.value.permanent


def test_a_post_sent_twice_is_one_post() -> None:
    world, account = BlueskyWorld(), _account()
    message = _answer(world.say("Where is it?"))
    assert world.adapter().send(account, message) == world.adapter().send(account, message)
    assert len(world.sent) == 1
    ours = str(uuid7())
    assert named(ours) == named(ours)
    assert abs(named(ours)[0] - datetime.now(UTC)) < timedelta(seconds=5)
    assert moment_of(named(ours)[1]) is not None
    world.adapter().publish(account, Post(ours, "", "News"))
    assert "reply" not in world.posts[world.sent[-1].id]["record"]


def test_names_of_records_hold_their_moment_and_sort_by_it() -> None:
    at = 1_795_500_750_123_456
    assert tid(at, 5) < tid(at, 6) < tid(at + 1, 0)
    told = moment_of(tid(at, 5))
    assert told is not None
    assert abs(told.timestamp() - at / 1e6) < 0.001
    assert moment_of("3jzfcijpj2z2a") == datetime.fromtimestamp(1_688_137_381.887, UTC).replace(
        microsecond=887_007
    )
    for other in ("self", "", "3jzfcijpj2z21", "z" * 13):
        assert moment_of(other) is None


def test_facets_count_bytes() -> None:
    words = "Voilà 🎉 @bob.example, https://shop.example/a. #late #1 @nobody.example é@x.y"
    found = facets_of(words, lambda handle: BOB if handle == "bob.example" else "")
    shown = {
        words.encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(): one[
            "features"
        ][0]
        for one in found
    }
    assert {name: each["$type"].partition("#")[2] for name, each in shown.items()} == {
        "https://shop.example/a": "link",
        "@bob.example": "mention",
        "#late": "tag",
    }
    assert shown["@bob.example"]["did"] == BOB
    assert spelled(words, {"facets": found}) == words


def test_a_notice_from_a_clock_that_is_wrong_is_not_jumped_over() -> None:
    world, account = BlueskyWorld(), _account()
    world.say("now")
    cursor = world.adapter().read(account, FROM).cursor
    late = world.say("said by a clock that is five minutes slow")
    past = (world.clock.now - timedelta(minutes=5)).isoformat(timespec="milliseconds")
    world.notices[-1]["indexedAt"] = past.replace("+00:00", "Z")
    reading = world.adapter().read(account, cursor)
    assert f"post:{late}" in [one.key for one in reading.found]


def test_chats_that_this_password_does_not_open_keep_nobody_from_reading_posts() -> None:
    world, account = BlueskyWorld(), _account()
    world.chats = False
    asked = world.say("Where is it?")
    reading = world.adapter().read(account, FROM)
    assert [one.key for one in reading.found] == [f"post:{asked}"]
    assert "direct messages" in reading.remark
    [remark] = world.adapter().check(account).remarks
    assert "direct messages" in remark


def test_an_answer_in_a_chat_stays_there() -> None:
    world, account = BlueskyWorld(), _account()
    sent = world.adapter().send(account, _answer(f"chat:{CONVO}", "at://never"))
    assert sent.external_id.startswith(f"{CONVO}/")
    assert [each.audience for each in world.sent] == ["few"]
    with pytest.raises(SendFailed):
        world.adapter().send(account, _answer("", ""))


def test_who_blocks_us_has_taken_nothing_back() -> None:
    world, account = BlueskyWorld(), _account()
    asked = world.say("Where is it?")
    cursor = dict(world.adapter().read(account, FROM).cursor)
    cursor.pop("looked")
    world.blocked = True
    reading = world.adapter().read(account, cursor)
    assert not [one for one in reading.found if one.key.startswith("gone:")]
    world.blocked = False
    world.take_back(asked)
    cursor.pop("looked", None)
    reading = world.adapter().read(account, cursor)
    assert [json.loads(one.body) for one in reading.found] == [{"kind": "gone", "uri": asked}]


def test_a_file_is_asked_for_where_its_author_keeps_it(subtests: Any) -> None:
    asked: list[str] = []

    def directory(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if BOB not in str(request.url):
            return httpx.Response(404, json={})
        service = {"id": "#atproto_pds", "serviceEndpoint": "https://127.0.0.1"}
        return httpx.Response(200, json={"service": [service]})

    adapter = Bluesky(httpx.MockTransport(directory))
    for key, cause, permanent in (
        (f"{BOB} bafkreiabc", "we do not go there", True),  # an author's server inside of the house
        (f"{US} bafkreiabc", "HTTP 404", True),
        ("did:web:10.0.0.1/x bafkreiabc", "nobody is named so", True),
        ("x y", "nobody is named so", True),
    ):
        with subtests.test(key), pytest.raises(NotFetched, match=cause) as failed:
            adapter.fetch(_account(), Remote("a.jpg", "image/jpeg", key))
        assert failed.value.permanent is permanent
    assert asked == [f"https://plc.directory/{BOB}", f"https://plc.directory/{US}"]
