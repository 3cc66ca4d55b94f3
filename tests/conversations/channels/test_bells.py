"""A network that tells at once that there is something to read: the reading comes sooner, and
nothing hangs on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from django.db import connections
from django.utils import timezone

from conversations.channels import bells, connecting, listener, polling
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.models import Channel, Envelope, Polling
from conversations.channels.wire.account import Account
from conversations.channels.wire.mastodon.adapter import Mastodon
from conversations.channels.wire.provider import NotRead, Rings
from conversations.channels.wire.reading.line import Call
from conversations.channels.wire.registry import CHANNELS
from crm.values import AUTOMATION
from tests import house
from tests.conversations.channels.wire.worlds.mastodon import MastodonWorld
from tests.conversations.listening.streaming import Stage, stage

pytestmark = pytest.mark.django_db
NOTICE = {"stream": ["user", "user:notification"], "event": "notification", "payload": '{"id":"1"}'}


@pytest.fixture
def on() -> Iterator[Stage]:
    with stage() as on:
        yield on


class Plain(Mastodon):
    """On loopback, where nothing is encrypted; what a real server may is tested below."""

    def bell(self, account: Account) -> Call:
        call = super().bell(account)
        return replace(call, url=call.url.replace("https:", "http:"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, on: Stage) -> MastodonWorld:
    made = MastodonWorld()
    made.streaming = on.url.replace("http:", "wss:")
    monkeypatch.setitem(CHANNELS, "mastodon", Plain(httpx.MockTransport(made.handle)))
    forget_channels()
    return made


def connect() -> Channel:
    channel = connecting.connect(
        house.unit(), kind="mastodon", name="M", values=MastodonWorld.values, by=AUTOMATION
    )
    polling.read_due()
    return channel


def hear(heard: bells.Bells, told_to_stop: Callable[[], bool]) -> None:
    claimed = heard.claim(5)
    assert claimed is not None
    heard.hold(claimed, told_to_stop)


def test_what_a_network_tells_has_the_account_read_at_once(world: MastodonWorld, on: Stage) -> None:
    channel = connect()
    assert isinstance(CHANNELS["mastodon"], Rings)
    on.says = [["no json", {"event": "update"}, NOTICE]]
    due: list[bool] = []
    heard = on.heard()

    def told() -> bool:
        later = Polling.objects.get().due_at
        due.append(later is not None and later <= timezone.now())
        Polling.objects.update(due_at=timezone.now() + timedelta(seconds=15))
        return heard()

    hear(bells.Bells(), told)
    assert due.count(True) == 2  # for what came before, and for the notice
    assert on.query() == {"stream": "user:notification"}
    assert on.calls[-1].headers["Authorization"] == "Bearer tok-of-the-brand"
    Polling.objects.update(failures=1, due_at=timezone.now() + timedelta(minutes=5))
    bells.ring(channel.pk)
    later = Polling.objects.get().due_at
    assert later is not None
    assert later > timezone.now() + timedelta(minutes=4)  # what the network asked to wait for


def test_a_bell_that_is_not_heard_is_tried_again_later_and_nothing_else_moves(
    world: MastodonWorld, on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    before = Polling.objects.get()
    on.refuses = (401, {})
    heard = bells.Bells()
    began = time.monotonic()
    hear(heard, lambda: False)
    assert heard.claim(5) is None
    [pause] = heard.not_before.values()
    assert began + 5 < pause <= time.monotonic() + 10
    assert heard.held == set()
    world.trouble = httpx.Response(503, json={})
    heard.not_before.clear()
    hear(heard, lambda: False)
    assert list(heard.failures.values()) == [2]
    after = Polling.objects.get()
    assert (after.due_at, after.failures, after.cause) == (before.due_at, 0, "")
    monkeypatch.setattr(Plain, "rings", lambda *_: 1 / 0)  # an adapter's bug
    world.trouble, on.refuses, on.says = None, None, [[NOTICE]]
    heard.not_before.clear()
    hear(heard, lambda: False)
    assert list(heard.failures.values()) == [3]
    assert heard.claim(5) is None


def test_an_account_that_changes_is_let_go(
    world: MastodonWorld, on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = connect()
    monkeypatch.setattr(bells, "LOOK", 0.0)
    connecting.disconnect(channel, by=AUTOMATION)
    heard = bells.Bells()
    heard.failures[channel.pk] = 4
    assert heard.claim(5) is None
    Channel.objects.filter(pk=channel.pk).update(closed_at=None)
    assert heard.claim(0) is None
    began = time.monotonic()

    def told() -> bool:
        Channel.objects.filter(pk=channel.pk).update(credentials="other")
        return time.monotonic() > began + 60

    hear(heard, told)
    assert time.monotonic() - began < 40
    assert heard.failures == {}  # it was well for a while


def test_the_token_goes_over_no_line_in_clear() -> None:
    world = MastodonWorld()
    world.streaming = "ws://masto.example"
    channel = Channel(kind="mastodon", address="brand@masto.example")
    channel.credentials = '{"access_token": "tok-of-the-brand"}'
    with pytest.raises(NotRead, match="without encryption"):
        world.adapter().bell(account_of(channel))
    world.streaming = "wss://streaming.masto.example"
    call = world.adapter().bell(account_of(channel))
    assert call.url.startswith("https://streaming.masto.example/api/v1/streaming?")
    world.streaming = ""
    assert world.adapter().bell(account_of(channel)).url.startswith("https://masto.example/api/")


@pytest.mark.django_db(transaction=True)
def test_a_listener_hears_bells_until_it_is_told_to_stop(world: MastodonWorld, on: Stage) -> None:
    connect()
    on.says = [[NOTICE]]
    Polling.objects.update(due_at=timezone.now() + timedelta(hours=1))

    def rung() -> bool:
        try:
            return Polling.objects.filter(due_at__lte=timezone.now()).exists()
        finally:
            connections.close_all()

    async def listen() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(listener.hear_bells(stop))
        end = time.monotonic() + 30
        while time.monotonic() < end and not await asyncio.to_thread(rung):
            await asyncio.sleep(0.1)
        stop.set()
        await asyncio.wait_for(task, 30)

    asyncio.run(listen())
    assert rung()
    assert on.open_lines == 0
    world.say("Where is my parcel?")
    polling.read_due()
    assert Envelope.objects.count() == 1
