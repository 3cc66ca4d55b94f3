"""Discord's gateway, played on loopback: sessions that go on, that are forgotten, that end."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from conversations.channels.accounts import account_of
from conversations.channels.health import health_of
from conversations.channels.models import Channel, ChannelHealth, Envelope, Heartbeat, Polling
from conversations.channels.wire.discord import catching, gateway
from conversations.channels.wire.provider import Held, NotRead
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox.models import Message
from tests.conversations.channels.lines import connect, hear, ops, texts
from tests.conversations.channels.wire.worlds.discord import (
    ME,
    PRIVATE,
    SERVER,
    TALK,
    THREAD,
    DiscordWorld,
)

pytestmark = pytest.mark.django_db


def test_who_we_are_is_told_once_and_the_next_line_goes_on(world: DiscordWorld) -> None:
    channel = connect()
    assert isinstance(CHANNELS["discord"], Held)
    row = hear()
    identify = world.told[0]["d"]
    assert (identify["token"], identify["intents"]) == ("bot-secret", 1 | 512 | 4096 | 32768)
    assert Heartbeat.objects.get().source.channel == channel
    assert (ChannelHealth.objects.get().works, row.claimed_at, row.failures) == (True, None, 0)
    world.say("said while nobody listened")
    hear()
    assert ops(world) == [gateway.IDENTIFY, gateway.RESUME]
    resumed = next(each["d"] for each in world.told if each["op"] == gateway.RESUME)
    assert resumed == {"token": "bot-secret", "session_id": row.cursor["session"], "seq": 2}
    assert texts() == ["said while nobody listened"]
    assert set(world.codes) <= {gateway.OURS, None}  # with 1000 the session would be over
    assert health_of(channel).last_read_at is not None


def test_a_session_that_is_forgotten_begins_anew_and_what_was_missed_is_read(
    world: DiscordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    world.say("before the first line")
    hear()
    world.say("in private", few=True)
    hear()
    assert len(texts()) == 2
    world.forget()
    for number in range(230):
        world.write(f"missed {number}")
    world.write("missed in the thread", place=THREAD)
    changed = world.write("missed in privat", place=PRIVATE)
    changed |= {"content": "missed in private", "edited_timestamp": world.clock.tick().isoformat()}
    slow = httpx.Response(429, json={"retry_after": 0.05, "global": False})
    world.answers[f"channels/{TALK}/messages"] = [slow, httpx.Response(502, text="no")]
    monkeypatch.setattr(catching, "PAUSE", 0.05)
    hear()  # Discord no longer knows the session
    assert "session" not in Polling.objects.get().cursor
    row = hear()
    said = texts()
    assert len(said) == 2 + 230 + 2
    assert {"missed 0", "missed 229", "missed in the thread", "missed in private"} <= set(said)
    assert (row.cursor["gaps"], row.cause, row.cursor["awaited"]) == ("[]", "", "[]")
    world.say("and on")
    hear()
    assert len(texts()) == 2 + 230 + 3
    assert Envelope.objects.filter(state="failed").count() == 0


def test_who_dies_while_catching_up_is_inherited_from(world: DiscordWorld) -> None:
    connect()
    hear()
    world.forget()
    for number in range(250):
        world.write(f"missed {number}")
    hear()
    pages = []

    def after_a_page() -> bool:
        pages.append(len([1 for _, path, _ in world.asked if path.endswith("/messages")]))
        return pages[-1] >= 1

    row = hear(after_a_page)
    assert row.cursor["gaps"] != "[]"
    hear()
    assert len(texts()) == 250
    assert ops(world).count(gateway.IDENTIFY) == 2


def test_threads_that_were_put_away_meanwhile_are_read_after_a_long_pause(
    world: DiscordWorld,
) -> None:
    connect()
    world.clock.now -= timedelta(hours=3)
    old = (world.clock.now - timedelta(hours=1)).isoformat()
    Polling.objects.update(cursor={"from": old})
    world.say("three hours ago")
    hear()
    for number in range(5):
        place = str(6_001 + number)
        world.messages[place] = []
        world.write(f"put away {number}", place=place)
        world.archived.insert(0, (place, world.clock.tick().isoformat()))
    world.messages["6100"] = []
    world.write("long before", place="6100", id="4194304")
    world.archived.append(("6100", "2016-01-01T00:00:00+00:00"))
    asked = len(world.asked)
    world.forget()
    hear()
    hear()
    assert texts() == ["three hours ago", *(f"put away {number}" for number in range(5))]
    paths = [path for _, path, _ in world.asked[asked:]]
    assert paths.count(f"channels/{TALK}/threads/archived/public") == 3
    assert "channels/8000/threads/archived/public" in paths  # a forum
    assert "channels/6100/messages" not in paths


def test_a_line_that_no_longer_answers_is_hung_up_and_gone_on_with(world: DiscordWorld) -> None:
    connect()
    world.interval, world.acks = 100, False
    began = time.monotonic()
    hear(lambda: time.monotonic() > began + 60)
    assert time.monotonic() - began < 40
    assert Polling.objects.get().failures == 0  # ends of lines are no failures
    world.interval, world.acks = 45_000, True
    world.say("after the silence")
    hear()
    assert texts() == ["after the silence"]
    assert ops(world) == [gateway.IDENTIFY, gateway.RESUME]


def test_heartbeats_keep_a_quiet_line(world: DiscordWorld) -> None:
    connect()
    world.interval = 200
    began = time.monotonic()

    def beats() -> int:
        return sum(each["op"] == gateway.BEAT for each in world.told)

    hear(lambda: beats() == 4 or time.monotonic() > began + 20)
    assert beats() == 4
    assert time.monotonic() - began > 3 * 0.2  # at its pace; the first comes at any time
    assert world.sessions


@pytest.mark.parametrize(
    ("end", "again"),
    [
        ({"op": 7, "d": None}, gateway.RESUME),
        ({"op": 9, "d": True}, gateway.RESUME),
        ({"op": 9, "d": False}, gateway.IDENTIFY),
        (4000, gateway.RESUME),
        (4008, gateway.RESUME),
        (4007, gateway.IDENTIFY),
        (4009, gateway.IDENTIFY),
        (1001, gateway.IDENTIFY),
    ],
)
def test_an_open_line_ends_and_the_next_one_begins_as_discord_says(
    world: DiscordWorld, end: Any, again: int
) -> None:
    connect()
    heard = world.heard()
    done: list[bool] = []

    def told() -> bool:
        if heard() and not done:
            done.append(True)
            line = next(iter(world.sessions.values())).line
            assert line is not None
            line.close(end) if isinstance(end, int) else line.send(json.dumps(end))
        return False

    row = hear(told)
    assert (row.failures, row.cause, row.claimed_at) == (0, "", None)
    assert ("session" in row.cursor) is (again == gateway.RESUME)
    assert row.due_at is not None
    assert row.due_at - timezone.now() < timedelta(seconds=7)
    world.say("and on")
    hear()
    assert texts() == ["and on"]
    assert ops(world)[-1] == again


def test_failures_before_the_welcome_grow_apart_and_the_days_limit_is_kept(
    world: DiscordWorld,
) -> None:
    connect()
    waits = []
    for _ in range(5):
        world.greets = [{"op": 9, "d": False}]
        now = timezone.now()
        due = hear(lambda: False).due_at
        assert due is not None
        waits.append((due - now).total_seconds())
    assert waits[-1] > 25 > waits[0] > 1
    world.limit = {"total": 1000, "remaining": 8, "reset_after": 7_200_000}
    now = timezone.now()
    row = hear(lambda: False)
    assert row.due_at is not None
    assert (row.due_at - now).total_seconds() >= 7_200
    assert "no further session" in row.cause
    assert len(ops(world)) == 5


def test_the_token_is_told_to_discord_alone(world: DiscordWorld) -> None:
    connect()
    hear()
    cursor = Polling.objects.get().cursor
    for elsewhere in ("wss://127.0.0.1.evil.example/", "http://127.0.0.1/", "", "ws://[::1]/"):
        Polling.objects.update(cursor=cursor | {"resume": elsewhere})
        world.say("hello")
        hear()  # where all begin
    world.names = (".discord.gg",)
    with pytest.raises(NotRead, match="not its own"):
        world.adapter().hold(account_of(Channel.objects.get()), {})
    assert len(texts()) == 4
    assert ops(world) == [gateway.IDENTIFY] + [gateway.RESUME] * 4


def test_only_the_channels_that_are_named_are_heard_with_their_threads(world: DiscordWorld) -> None:
    connect(channels=f"{TALK}, 77")
    world.messages["5001"] = []
    hear()
    said = [world.say(text, place=place) for text, place in (("in it", TALK), ("else", "5001"))]
    world.say("in its thread", place=THREAD)
    world.say("in private", few=True)
    world.edit(said[1], "edited elsewhere")
    hear()
    assert texts() == ["in it", "in its thread", "in private"]
    assert not Envelope.objects.filter(body__contains=b"elsewhere").exists()


def test_where_discord_says_no_more_for_now_nothing_is_asked_and_nothing_held_back(
    world: DiscordWorld,
) -> None:
    connect()
    hear()
    world.messages["5001"] = []
    slow = httpx.Response(429, json={"retry_after": 60, "global": True})
    world.answers["channels/5001"] = [slow, slow]
    for text in ("one", "two", "three"):
        world.say(text, place="5001")
    hear()
    assert texts() == ["one", "two", "three"]
    assert len(world.answers["channels/5001"]) == 1


def test_a_thread_goes_on_with_the_message_that_it_hangs_on(world: DiscordWorld) -> None:
    connect()
    hear()
    world.say("Where is my parcel?", id=THREAD)
    hear()
    world.say("Nobody?", place=THREAD)
    world.say("another", place=THREAD, by="3001")
    hear()
    texts()
    first, second, other = Message.objects.order_by("stated_at", "pk")
    assert first.conversation == second.conversation
    assert other.conversation != first.conversation


def test_what_comes_out_of_order_or_of_nobody_costs_nothing(world: DiscordWorld) -> None:
    connect()
    hear()
    late = world.write("taken back before it came")
    world.tell("MESSAGE_DELETE", {"id": late["id"], "channel_id": TALK})
    world.tell("MESSAGE_CREATE", late)
    world.tell("MESSAGE_CREATE", late)
    world.say("ours", by=ME)
    bulk = [world.say(text).partition(":")[2] for text in ("a", "b")]
    world.tell("MESSAGE_DELETE_BULK", {"ids": bulk, "channel_id": TALK})
    world.say_rubbish()
    for session in world.sessions.values():
        session.frames.append("[" * 50)
        world.put(session, {"op": 0, "t": None, "d": None})
        world.put(session, {"op": 0, "t": "MESSAGE_CREATE", "d": {"id": "²" * 30}})
        world.put(session, {"op": 5, "d": []})
    world.say("the last one")
    hear()
    assert texts() == ["", "", "", "the last one"]
    states = list(Envelope.objects.values_list("state", flat=True))
    assert states.count("failed") == 2  # seen, and nothing else is held up


def test_a_server_joined_later_has_no_past_here(world: DiscordWorld) -> None:
    connect()
    hear()
    world.messages["5001"] = []
    world.write("long before", place="5001")
    there = {"id": "4001", "channels": [{"id": "5001", "type": 0, "last_message_id": "9" * 19}]}
    for session in world.sessions.values():
        world.put(session, {"op": 0, "t": "GUILD_CREATE", "d": there})
    world.say("now", place="5001")
    hear()
    assert texts() == ["now"]
    assert SERVER not in Polling.objects.get().cursor["awaited"]
