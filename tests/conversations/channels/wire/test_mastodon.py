"""What is special about Mastodon: who may read an answer, what a server hides, recorded traffic."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Ignored,
    Inbound,
    Outbound,
    Party,
    Post,
    SendFailed,
)
from conversations.channels.wire.mastodon import reading
from conversations.channels.wire.mastodon.adapter import Mastodon
from conversations.channels.wire.provider import NotConnected, NotRead
from tests.conversations.channels.wire.worlds.mastodon import BOB, MastodonWorld

FIXTURES = Path(__file__).resolve().parents[5] / "shared/fixtures/webhooks"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="no captured traffic here")
ACCOUNT = Account(address="brand@masto.example", credentials=MastodonWorld.values)


def _answer(thread: str, below: str, text: str = "Yes.") -> Outbound:
    return Outbound("m1", "", thread, Party("bob@away.example"), text, in_reply_to=below)


def test_an_answer_is_read_by_no_more_people_than_the_question() -> None:
    world = MastodonWorld()
    adapter = world.adapter()
    for told, thread, wanted in (
        ("public", "public:1", "public"),
        ("unlisted", "public:1", "unlisted"),
        ("private", "public:1", "direct"),
        ("direct", "public:1", "direct"),
        ("public", "direct", "direct"),
        ("something new", "public:1", "direct"),
    ):
        asked = world.say("Where is it?")
        world.statuses[asked]["visibility"] = told
        world.keys.clear()
        sent = adapter.send(ACCOUNT, _answer(thread, asked))
        assert world.statuses[sent.external_id]["visibility"] == wanted, (told, thread)


def test_the_person_is_named_once_and_what_is_gone_is_not_answered_in_public() -> None:
    world = MastodonWorld()
    adapter = world.adapter()
    asked = world.say("Where is it?")
    adapter.send(ACCOUNT, _answer(f"public:{asked}", asked))
    assert world.sent[-1].text == "@bob@away.example Yes."
    world.keys.clear()
    adapter.send(ACCOUNT, _answer(f"public:{asked}", asked, "Yes, @Bob@Away.example."))
    assert world.sent[-1].text == "Yes, @Bob@Away.example."
    world.take_back(asked)
    with pytest.raises(SendFailed) as failed:
        adapter.send(ACCOUNT, _answer(f"public:{asked}", asked))
    assert failed.value.permanent
    world.keys.clear()
    adapter.send(ACCOUNT, _answer("direct", asked))
    assert (world.sent[-1].below, world.sent[-1].audience) == ("", "few")


def test_the_same_message_sent_twice_is_one_post_where_the_server_keeps_keys() -> None:
    world = MastodonWorld()
    asked = world.say("Where is it?")
    once = world.adapter().send(ACCOUNT, _answer("direct", asked))
    assert world.adapter().send(ACCOUNT, _answer("direct", asked)) == once
    assert len(world.sent) == 1
    world.adapter().publish(ACCOUNT, Post("p1", "", "News"))
    assert (world.sent[-1].text, world.sent[-1].audience) == ("News", "everybody")


def _read(world: MastodonWorld, cursor: dict[str, str]) -> tuple[list[dict[str, Any]], Any]:
    cursor.pop("looked", None)
    reading = world.adapter().read(ACCOUNT, cursor)
    return [json.loads(one.body) for one in reading.found], dict(reading.cursor)


@pytest.mark.parametrize("many", [True, False])
def test_who_blocks_us_has_taken_nothing_back(many: bool) -> None:
    world = MastodonWorld()
    world.many = many
    asked = world.say("Where is it?")
    _, cursor = _read(world, {"from": "2026-01-01T00:00:00+00:00"})
    world.blocked = True
    found, cursor = _read(world, cursor)
    assert found == []
    world.blocked = False
    world.take_back(asked)
    found, cursor = _read(world, cursor)
    assert found == [{"kind": "gone", "id": asked}]
    assert _read(world, cursor)[0] == []


def test_late_posts_are_looked_at_in_turn_and_not_for_ever() -> None:
    world = MastodonWorld()
    ids = [world.say(f"number {number}") for number in range(50)]
    _, cursor = _read(world, {"from": "2026-01-01T00:00:00+00:00"})
    looked: set[str] = set()
    for _ in range(3):
        minutes_ago = datetime.now(UTC) - timedelta(minutes=3)
        at = cursor["looked"].partition(" ")[2]
        reading = world.adapter().read(
            ACCOUNT, cursor | {"looked": f"{minutes_ago.isoformat()} {at}"}
        )
        cursor = dict(reading.cursor)
        looked.add(at)
    assert looked == {"20", "40", "60"}
    old = [[each, BOB, "", "2020-01-01T00:00:00Z"] for each in ids]
    _, cursor = _read(world, cursor | {"watched": json.dumps(old)})
    assert cursor["watched"] == "[]"


def test_a_limit_that_ends_at_a_time_is_waited_for() -> None:
    world = MastodonWorld()
    end = (datetime.now(UTC) + timedelta(seconds=200)).isoformat().replace("+00:00", "Z")
    world.trouble = httpx.Response(429, json={}, headers={"x-ratelimit-reset": end})
    with pytest.raises(NotRead) as failed:
        world.adapter().read(ACCOUNT, {"from": ""})
    assert 190 < (failed.value.retry_after or 0) <= 200


def test_a_server_is_named_by_the_account_or_by_itself_and_never_without_encryption() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.copy_with(path="/", query=None)))
        return httpx.Response(200, json={"id": "1", "acct": "brand"})

    adapter = Mastodon(httpx.MockTransport(handler))
    for server, wanted in (
        ("", "https://masto.example/"),
        ("social.masto.example", "https://social.masto.example/"),
        ("https://social.masto.example/", "https://social.masto.example/"),
    ):
        told = MastodonWorld.values | {"server": server}
        assert adapter.check(Account(address="brand@masto.example", credentials=told)).name
        assert set(asked) == {wanted}
        asked.clear()
    for server in ("http://masto.example", "https://a@b.example", "https://x/../y", "ftp://x"):
        told = MastodonWorld.values | {"server": server}
        with pytest.raises((NotConnected, SendFailed)):
            adapter.check(Account(address="brand@masto.example", credentials=told))
    other = Account(address="other@masto.example", credentials=MastodonWorld.values)
    with pytest.raises(NotConnected, match="of another account"):
        adapter.check(other)
    assert "http://" not in "".join(asked)


def test_a_server_inside_of_the_house_is_not_called() -> None:
    for server in ("https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254"):
        told = MastodonWorld.values | {"server": server}
        with pytest.raises(NotConnected, match="private network"):
            Mastodon().check(Account(address="brand@masto.example", credentials=told))


@needs_fixtures
def test_recorded_traffic_of_real_servers_gives_our_words(subtests: Any) -> None:
    """Mastodon's own (Mastodon.py's cassettes), GoToSocial's and Takahe's."""
    account = Account(address="brand@localhost:3000")
    seen: list[type] = []
    for status in _recorded():
        with subtests.test(str(status.get("uri"))):
            for kind in ("mention", "own", "edited"):
                body = json.dumps({"kind": kind, "status": status}).encode()
                [item] = Mastodon().parse(account, body, {})
                seen.append(type(item))
                assert not isinstance(item, Deleted)
                if isinstance(item, Inbound):
                    assert item.external_id == status["id"]
                    assert "@" in item.sender.handle
                    assert item.sent_at is not None
                    assert "<" not in item.text
                    assert (item.thread == "direct") is (
                        status["visibility"] in {"direct", "private"}
                    )
    assert seen.count(Inbound) >= 100
    assert {Inbound, Echoed, Ignored} <= set(seen)


def _recorded() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if {"visibility", "content", "account", "in_reply_to_id"} <= value.keys():
                found.append(value)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    files = [*sorted((FIXTURES / "mastodon-cassettes").glob("*.json"))]
    files += [FIXTURES / "real-peers" / "takahe_mention_notification.json"]
    files += [FIXTURES / "real-peers" / "gotosocial_user_stream.json"]
    for path in files:
        walk(json.loads(path.read_text("utf-8")))
    return found


@needs_fixtures
def test_recorded_exchanges_of_a_real_server_are_read_through_the_adapter() -> None:
    """The server's own answers, by their addresses, as Mastodon.py's suite recorded them."""
    path = FIXTURES / "mastodon-cassettes" / "test_notifications_mentions_only.json"
    recorded = json.loads(path.read_text("utf-8"))["interactions"]
    [said] = [one["response"]["body"] for one in recorded if one["request"]["method"] == "POST"]
    asked: list[str] = []

    def replay(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path.endswith("/notifications") and "min_id" not in request.url.params:
            [told] = [
                one["response"]
                for one in recorded
                if "/notifications?types" in one["request"]["uri"]
            ]
            return httpx.Response(200, json=told["body"], headers=told["headers"])
        if request.url.path.endswith("verify_credentials"):
            return httpx.Response(200, json={"id": "117020565966271181"})
        if request.url.path.endswith("/api/v1/statuses"):
            return httpx.Response(200, json=[said])
        return httpx.Response(200, json=[])

    adapter = Mastodon(httpx.MockTransport(replay))
    account = Account(address="mastodonpy_test@localhost:3000", credentials={"server": "x.example"})
    reading = adapter.read(account, {"from": "2026-08-01T00:00:00+00:00"})
    [item] = [item for one in reading.found for item in adapter.parse(account, one.body, {})]
    assert isinstance(item, Inbound)
    assert (item.external_id, item.sender.handle) == (said["id"], "admin@localhost:3000")
    assert item.text == "@mastodonpy_test hello!"
    assert b'"admin@localhost:3000"' in reading.found[0].body  # by which an erasure finds it
    assert reading.cursor["mentions"] == "21"
    again = adapter.read(account, reading.cursor)
    assert (again.found, again.more) == ([], False)


def test_a_server_that_is_slow_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    world = MastodonWorld()
    world.say("first")
    _, cursor = _read(world, {"from": "2026-01-01T00:00:00+00:00"})
    for number in range(90):
        world.say(f"number {number}")
    monkeypatch.setattr(reading, "SECONDS", -1.0)
    met = []
    for _ in range(4):
        told = world.adapter().read(ACCOUNT, cursor)
        met += [json.loads(one.body)["status"]["content"] for one in told.found]
        cursor = dict(told.cursor)
        if not told.more:
            break
    assert len(met) == 90
