"""Lines of networks are held, on Discord's gateway on loopback: nothing lost, nothing doubled, one
holder, and what ends a line for good is said."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from conversations.channels import claims, connecting, holding, listener, polling
from conversations.channels.models import Channel, ChannelHealth, Envelope, Heartbeat, Polling
from conversations.channels.services import pause
from conversations.channels.wire.discord import gateway
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.conversations.channels.lines import connect, hear, ops, texts
from tests.conversations.channels.wire.worlds.discord import (
    DiscordWorld,
)

pytestmark = pytest.mark.django_db


def test_who_dies_half_way_loses_nothing_and_what_is_said_twice_is_one(
    world: DiscordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    before = hear().cursor

    class Killed(BaseException):
        """No `except Exception` sees it, as nobody sees a kill."""

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    said = [world.say(f"number {number}") for number in range(5)]
    with monkeypatch.context() as patched:
        patched.setattr(claims, "note_heartbeat", dies)  # after the rows were written
        with pytest.raises(Killed):
            hear()
    assert Polling.objects.get().cursor == before
    assert not Envelope.objects.exists()
    assert holding.claim() is None  # in the dead one's hand
    Polling.objects.update(claimed_at=timezone.now() - holding.LEASE)
    hear()
    Polling.objects.update(cursor=before)  # as if it had died after the network was told
    hear()
    world.edit(said[0], "number zero")
    hear()
    world.take_back(said[1])
    hear()
    assert texts() == ["number zero", "", *(f"number {number}" for number in range(2, 5))]
    assert not Envelope.objects.filter(state="failed").exists()
    assert ops(world).count(gateway.IDENTIFY) == 1


def test_the_network_is_told_that_something_arrived_once_it_is_stored(
    world: DiscordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    hear()
    world.say("precious")
    kept: list[int] = []

    def falls(*_: Any, **__: Any) -> bool:
        for session in world.sessions.values():
            assert session.line is not None
            session.line.send('{"op": 1, "d": null}')  # Discord asks for a heartbeat
        kept.append(1)
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(claims, "keep", falls)
        with pytest.raises(OperationalError):
            hear()
    row = Polling.objects.get()
    assert (row.failures, ChannelHealth.objects.get().works) == (0, True)  # not the line's fault
    beats = [each["d"] for each in world.told if each["op"] == gateway.BEAT]
    assert kept
    assert not any(beat is not None and beat > 2 for beat in beats)
    Polling.objects.update(claimed_at=None)
    hear()
    assert texts() == ["precious"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [(4014, "Message Content Intent"), (4004, "bot token"), (4011, "sharding"), (4013, "intent")],
)
def test_what_must_not_be_tried_again_waits_for_a_person(
    world: DiscordWorld, code: int, cause: str
) -> None:
    channel = connect()
    world.greets = [code]
    row = hear(lambda: False)
    health = ChannelHealth.objects.get()
    assert (row.due_at, health.works) == (None, False)
    assert cause in health.cause
    assert holding.claim() is None
    ChannelHealth.objects.update(checked_at=timezone.now() - timedelta(days=1))
    assert connecting.probe_due(at=timezone.now()) == 0  # no test of ours says that it works
    assert not Heartbeat.objects.exists()
    assert connecting.probe(channel).works is True  # a person's does
    world.say("at last")
    hear()
    assert texts() == ["at last"]


def test_a_test_of_the_connection_says_what_is_wrong(world: DiscordWorld) -> None:
    channel = connect()
    world.flags = 0
    health = connecting.probe(channel)
    assert (health.works, "Message Content Intent" in health.cause) == (False, True)
    world.flags, world.guilds = 1 << 18, []
    health = connecting.probe(channel)
    assert (health.works, health.remarks) == (
        True,
        ["the bot is in no server: open its installation link"],
    )
    Channel.objects.update(address="999")
    assert "another application" in connecting.probe(Channel.objects.get()).cause
    assert not Heartbeat.objects.exists()  # that Discord knows us is no sign that we hear it


def test_one_holds_the_line_and_a_late_one_writes_nothing(world: DiscordWorld) -> None:
    connect()
    slow = holding.claim()
    assert slow is not None
    assert holding.claim() is None
    assert polling.claim(at=timezone.now()) is None  # no worker reads what is held
    Polling.objects.update(claimed_at=timezone.now() - holding.LEASE)
    heir = holding.claim()
    assert heir is not None
    assert heir.attempt == slow.attempt + 1
    world.say("hello")
    holding.hold(slow, told_to_stop=world.heard(longest=3))
    assert not Envelope.objects.exists()
    assert Polling.objects.get().cursor.keys() == {"from"}
    holding.hold(heir, told_to_stop=world.heard())
    assert texts() == ["hello"]


@pytest.mark.parametrize("act", ["other credentials", "the end"])
def test_a_connection_that_changes_is_let_go(world: DiscordWorld, act: str) -> None:
    channel = connect()
    heard, acted = world.heard(), []

    def told() -> bool:
        if heard() and not acted:
            acted.append(time.monotonic())
            if act == "the end":
                connecting.disconnect(channel, by=AUTOMATION)
            else:
                connecting.change_credentials(
                    channel, values={"bot_token": "another"}, by=AUTOMATION
                )
            world.say("after that")
        return bool(acted) and time.monotonic() > acted[0] + 60

    hear(told)
    assert time.monotonic() - acted[0] < 40
    assert not Envelope.objects.exists()
    assert (holding.claim() is None) is (act == "the end")


def test_a_paused_channel_is_heard_and_what_came_waits_unopened(world: DiscordWorld) -> None:
    channel = connect()
    pause(channel, paused=True, by=AUTOMATION)
    hear()
    world.say("one")
    hear()
    assert texts() == []
    pause(channel, paused=False, by=AUTOMATION)
    assert texts() == ["one"]


@pytest.mark.django_db(transaction=True)
def test_a_listener_holds_the_line_until_it_is_told_to_stop(world: DiscordWorld) -> None:
    connect()
    world.say("hello")

    def kept() -> bool:
        try:
            return Envelope.objects.exists()
        finally:
            connections.close_all()

    async def listen() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(listener.hold_lines(stop))
        end = time.monotonic() + 20
        while time.monotonic() < end and not await asyncio.to_thread(kept):
            await asyncio.sleep(0.1)
        stop.set()
        await asyncio.wait_for(task, 40)

    asyncio.run(listen())
    assert texts() == ["hello"]
    assert Polling.objects.get().claimed_at is None


def test_an_answer_whose_taking_nobody_heard_of_is_settled_by_its_echo(world: DiscordWorld) -> None:
    channel = connect()
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    hear()
    world.say("Where is my parcel?")
    hear()
    texts()
    answer = reply(Conversation.objects.get(), text="On its way.", by=sam.acting)
    world.loses_answers = True
    delivery.deliver(answer.pk)
    assert Message.objects.get(pk=answer.pk).delivery.state == "unknown"
    hear()
    texts()
    answer = Message.objects.get(pk=answer.pk)
    assert (answer.delivery.state, answer.external_id) == ("sent", world.sent[0].id)
    assert Message.objects.count() == 2
