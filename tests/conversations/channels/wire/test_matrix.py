"""What is special about Matrix: gaps of a sync, invitations, encryption, who may edit."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    Deleted,
    Edited,
    Ignored,
    Inbound,
    Outbound,
    Party,
    SendFailed,
)
from conversations.channels.wire.matrix.adapter import Matrix
from conversations.channels.wire.matrix.reading import may_invite
from conversations.channels.wire.provider import NotConnected, NotRead
from tests.conversations.channels.wire.test_mastodon import FIXTURES, needs_fixtures
from tests.conversations.channels.wire.worlds.matrix import BOB, ROOM, US, MatrixWorld

FROM = {"from": "2026-01-01T00:00:00+00:00"}
ACCOUNT = Account(address=US, credentials=MatrixWorld.values)


def _answer(thread: str = ROOM, below: str = "", ours: str = "m1") -> Outbound:
    return Outbound(ours, "", thread, Party(BOB), "Yes.", in_reply_to=below)


def _keys(reading: Any) -> list[str]:
    return [one.key.removeprefix("event:") for one in reading.found]


def test_a_gap_that_one_reading_does_not_reach_is_gone_on_with() -> None:
    world = MatrixWorld()
    cursor = dict(world.adapter().read(ACCOUNT, FROM).cursor)
    said = [world.say(f"number {number}") for number in range(1_300)]
    met: list[str] = []
    for _ in range(10):
        reading = world.adapter().read(ACCOUNT, cursor)
        met += _keys(reading)
        cursor = dict(reading.cursor)
        if not reading.more:
            break
    assert sorted(met) == sorted(said)
    assert cursor["gaps"] == "[]"


def test_the_first_reading_walks_no_further_back_than_the_connection() -> None:
    world = MatrixWorld()
    for _ in range(400):
        world.say("long ago", ago=1)
    new = world.say("now")
    reading = world.adapter().read(ACCOUNT, FROM)
    assert (_keys(reading), reading.more) == ([new], False)


def test_invitations_are_accepted_as_the_account_is_set() -> None:
    for invites, accepted in (("", True), ("no", False), ("other.example", False)):
        world = MatrixWorld()
        world.invited_by = BOB
        told = Account(address=US, credentials=MatrixWorld.values | {"invites": invites})
        world.adapter().read(told, FROM)
        assert bool(world.joined) is accepted, invites
    assert may_invite(BOB, "other.example, Away.example")
    assert not may_invite("nobody", "")


def test_nothing_is_said_in_clear_where_others_encrypt() -> None:
    world = MatrixWorld()
    world.encrypted = True
    with pytest.raises(SendFailed, match="encrypted") as failed:
        world.adapter().send(ACCOUNT, _answer())
    assert failed.value.permanent
    assert not world.sent
    world.encrypted = False
    assert world.adapter().send(ACCOUNT, _answer()) == world.adapter().send(ACCOUNT, _answer())
    assert len(world.sent) == 1


def test_what_is_encrypted_is_said_to_be_unreadable_and_asks_for_somebody() -> None:
    world = MatrixWorld()
    world.put(BOB, {"algorithm": "m.megolm", "ciphertext": "A"}, type="m.room.encrypted")
    [found] = world.adapter().read(ACCOUNT, FROM).found
    [item] = Matrix().parse(ACCOUNT, found.body, {})
    assert isinstance(item, Inbound)
    assert (item.text, item.automated) == ("", False)
    assert "can’t be read" in item.notes[0]


def test_an_answer_stands_in_its_thread_and_below_its_question() -> None:
    world = MatrixWorld()
    world.adapter().send(ACCOUNT, _answer(f"{ROOM} $root", "$asked", "m2"))
    relation = world.events[-1]["content"]["m.relates_to"]
    assert (relation["rel_type"], relation["event_id"]) == ("m.thread", "$root")
    assert relation["m.in_reply_to"] == {"event_id": "$asked"}
    world.adapter().send(ACCOUNT, _answer(f"{ROOM} $root", "", "m3"))
    assert world.events[-1]["content"]["m.relates_to"]["is_falling_back"] is True
    with pytest.raises(SendFailed):
        world.adapter().send(ACCOUNT, _answer("not a room"))


def test_only_its_author_edits_a_message() -> None:
    world = MatrixWorld()
    asked = world.say("I want my money back")
    world.edit(asked, "All is well")
    world.events[-1]["sender"] = "@mallory:away.example"
    world.edit(asked, "I want a new one")
    reading = world.adapter().read(ACCOUNT, FROM)
    read = [item for one in reading.found for item in Matrix().parse(ACCOUNT, one.body, {})]
    assert [type(item) for item in read] == [Inbound, Ignored, Edited]
    assert isinstance(read[2], Edited)
    assert read[2].text == "I want a new one"


def test_a_wait_in_milliseconds_is_kept_to_and_a_room_that_is_shut_is_no_wrong_token() -> None:
    world = MatrixWorld()
    said = {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2_500}
    world.trouble = httpx.Response(429, json=said)
    with pytest.raises(NotRead) as failed:
        world.adapter().read(ACCOUNT, FROM)
    assert failed.value.retry_after == 2.5
    with pytest.raises(SendFailed) as refused:
        world.adapter().send(ACCOUNT, _answer())
    assert (refused.value.retry_after, refused.value.trouble) == (2.5, "limited")
    world.trouble = httpx.Response(403, json={"errcode": "M_FORBIDDEN", "error": "not in room"})
    with pytest.raises(SendFailed) as refused:
        world.adapter().send(ACCOUNT, _answer())
    assert (refused.value.permanent, refused.value.trouble) == (True, "blocked")
    world.trouble = None
    other = Account(address="@other:brand.example", credentials=MatrixWorld.values)
    with pytest.raises(NotConnected, match="of another account"):
        world.adapter().check(other)


@needs_fixtures
def test_events_captured_from_a_real_server_give_our_words(subtests: Any) -> None:
    """What Synapse pushed to an application service: the same events as a sync brings."""
    path = FIXTURES / "real-peers" / "matrix_as_transactions.json"
    seen: set[type] = set()
    for transaction in json.loads(path.read_text("utf-8")):
        for event in transaction["body"]["events"]:
            with subtests.test(event["event_id"]):
                body = {"event": event, "room": event["room_id"], "me": "@crmbot:acme.test"}
                body |= {"author": event["sender"], "others": ["@alice:acme.test"]}
                [item] = Matrix().parse(ACCOUNT, json.dumps(body).encode(), {})
                seen.add(type(item))
                if isinstance(item, Inbound):
                    assert item.text or item.remotes
                    assert item.thread == event["room_id"]
    assert {Inbound, Edited, Deleted, Ignored} <= seen
