"""An account that nobody posts for is read when it is due: once, whole, and on from where it was.

The network is a dummy made here: an adapter with the poll part and nothing else.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversations.channels import claiming, claims, connecting, polling
from conversations.channels.accounts import account_of, forget_channels
from conversations.channels.models import (
    Channel,
    ChannelHealth,
    Envelope,
    Heartbeat,
    NetworkSession,
    Polling,
)
from conversations.channels.services import pause
from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import (
    File,
    Inbound,
    Outbound,
    Party,
    SendFailed,
    Sent,
)
from conversations.channels.wire.provider import (
    Card,
    Checked,
    Door,
    Field,
    Found,
    NotRead,
    Polled,
    Provider,
    Reading,
)
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.values import digest_of, loaded
from conversations.inbox.models import Message
from crm.errors import Conflict
from crm.values import AUTOMATION
from tests import house

pytestmark = pytest.mark.django_db
HANGS = 14.0  # seconds that a deaf network is waited for


class Wall:
    """A network where one message is one line of a list; three a reading."""

    idempotent = False
    card = Card("Wall", (Field("key", "Key", "Its key."),))
    every = timedelta(seconds=15)

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.trouble: Exception | None = None
        self.cursors: list[Mapping[str, str]] = []
        self.meanwhile: Any = None
        self.hears: Any = None

    def verify(self, account: Account, body: bytes, headers: Any) -> bool:
        return False

    def read(self, account: Account, cursor: Mapping[str, str]) -> Reading:
        self.cursors.append(dict(cursor))
        if self.trouble is not None:
            raise self.trouble
        if self.meanwhile:
            self.meanwhile()
        if self.hears:
            self.hears(account)
        first = int(cursor.get("read", 0))
        new = list(enumerate(self.lines))[first : first + 3]
        found = [Found(f"line:{n}", json.dumps({"n": n, "text": t}).encode()) for n, t in new]
        read = first + len(new)
        return Reading(found, {"read": str(read)}, more=read < len(self.lines))

    def parse(self, account: Account, body: bytes, headers: Any) -> Any:
        said = loaded(body)
        return [Inbound(str(said["n"]), Party("bob"), said["text"], digest_of(said["text"]))]

    def mint_id(self, account: Account, message_id: str) -> str:
        return ""

    def send(self, account: Account, message: Outbound) -> Sent:
        return Sent("s1")

    def check(self, account: Account) -> Checked:
        return Checked("the wall")

    def fetch(self, account: Account, remote: Any) -> File:
        raise NotImplementedError


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setitem(CHANNELS, "wall", made)
    forget_channels()
    return made


def connect() -> Channel:
    return connecting.connect(
        house.unit(), kind="wall", name="Wall", values={"key": "k"}, by=AUTOMATION
    )


def due_again() -> None:
    Polling.objects.update(due_at=timezone.now())


def texts() -> list[str]:
    claiming.ingest()
    return list(Message.objects.order_by("occurred_at", "pk").values_list("text", flat=True))


def test_a_polled_account_is_a_provider_without_a_door(wall: Wall) -> None:
    assert isinstance(wall, Provider)
    assert isinstance(wall, Polled)
    assert not isinstance(wall, Door)
    channel = connect()
    assert account_of(channel).door == ""
    door = f"/hooks/wall/{channel.token}/"
    assert Client().post(door, b"{}", content_type="application/json").status_code == 404
    assert not Envelope.objects.exists()


def test_what_is_new_is_read_once_and_the_first_reading_knows_when_it_begins(wall: Wall) -> None:
    channel = connect()
    wall.lines = ["one", "two", "three", "four"]
    assert polling.read_due() == 2  # there was more
    assert wall.cursors[0].keys() == {"from"}
    assert polling.read_due() == 0  # not due
    due_again()
    assert polling.read_due() == 1
    assert texts() == ["one", "two", "three", "four"]
    assert Envelope.objects.count() == 4
    assert Polling.objects.get().cursor == {"read": "4"}
    assert Heartbeat.objects.get().source.channel == channel
    assert connecting.probe(channel).works is True
    assert Heartbeat.objects.count() == 1


def test_that_the_network_knows_us_is_no_sign_that_the_account_is_read(wall: Wall) -> None:
    connecting.probe(connect())
    assert not Heartbeat.objects.exists()


def test_a_reading_whose_cursor_was_lost_doubles_nothing(wall: Wall) -> None:
    connect()
    wall.lines = ["one", "two"]
    polling.read_due()
    Polling.objects.update(cursor={})
    due_again()
    polling.read_due()
    assert texts() == ["one", "two"]
    assert Envelope.objects.count() == 2


def test_a_worker_that_dies_half_way_leaves_nothing_and_its_lease_runs_out(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    wall.lines = ["one", "two"]

    class Killed(BaseException):
        """No `except Exception` sees it, as nobody sees a kill."""

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(claims, "note_heartbeat", dies)  # after the rows were written
        with pytest.raises(Killed):
            polling.read_due()
    assert not Envelope.objects.exists()
    assert Polling.objects.get().cursor.keys() == {"from"}
    due_again()
    assert polling.read_due() == 0  # still in the dead one's hand
    Polling.objects.update(claimed_at=timezone.now() - polling.LEASE)
    assert polling.read_due() == 1
    assert texts() == ["one", "two"]


def test_who_wakes_after_the_lease_writes_nothing(wall: Wall) -> None:
    connect()
    wall.lines = ["one"]
    slow = polling.claim(at=timezone.now())
    assert slow is not None
    Polling.objects.update(claimed_at=timezone.now() - polling.LEASE)
    quick = polling.claim(at=timezone.now())
    assert quick is not None
    polling.read(quick)
    before = Polling.objects.get()
    wall.lines.append("two")
    polling.read(slow)
    after = Polling.objects.get()
    assert (after.cursor, after.due_at) == (before.cursor, before.due_at)
    wall.trouble = NotRead("no", access=True)
    polling.read(slow)
    assert Polling.objects.get().failures == 0
    assert texts() == ["one"]


def test_other_credentials_or_the_end_of_it_take_the_word_from_who_reads(wall: Wall) -> None:
    channel = connect()
    account_of(channel).lent.keep({"access": "a1"})
    wall.lines = ["one"]
    wall.meanwhile = lambda: connecting.change_credentials(
        channel, values={"key": "other"}, by=AUTOMATION
    )
    held = polling.claim(at=timezone.now())
    assert held is not None
    polling.read(held)
    assert not Envelope.objects.exists()
    assert not NetworkSession.objects.exists()
    wall.meanwhile = lambda: connecting.disconnect(channel, by=AUTOMATION)
    polling.read_due()
    assert not Envelope.objects.exists()
    due_again()
    assert polling.read_due() == 0


def test_a_network_that_asks_to_wait_is_waited_for_and_failures_grow_apart(wall: Wall) -> None:
    connect()
    wall.trouble = NotRead("too often", retry_after=600)
    now = timezone.now()
    polling.read_due()
    row = Polling.objects.get()
    assert timedelta(seconds=590) < row.due_at - now < timedelta(seconds=680)
    wall.trouble = NotRead("not reached")
    waits = []
    for _ in range(10):
        due_again()
        now = timezone.now()
        polling.read_due()
        waits.append((Polling.objects.get().due_at - now).total_seconds())
    assert waits[0] < waits[2] < waits[4]
    assert max(waits) <= 3_600 * 1.2
    health = ChannelHealth.objects.get()
    assert (health.works, health.cause) == (None, "not reached")
    assert not Heartbeat.objects.exists()
    wall.trouble = RuntimeError("a bug")
    due_again()
    polling.read_due()
    assert "RuntimeError" in Polling.objects.get().cause


def test_credentials_that_are_refused_at_a_reading_show_and_mend(wall: Wall) -> None:
    connect()
    wall.trouble = NotRead("the key is not taken", access=True)
    polling.read_due()
    health = ChannelHealth.objects.get()
    assert (health.works, health.cause) == (False, "the key is not taken")
    wall.trouble = None
    due_again()
    polling.read_due()
    health = ChannelHealth.objects.get()
    assert (health.works, health.cause, Polling.objects.get().failures) == (True, "", 0)


def test_a_paused_account_is_read_and_what_came_waits_unopened(wall: Wall) -> None:
    channel = connect()
    pause(channel, paused=True, by=AUTOMATION)
    wall.lines = ["one"]
    polling.read_due()
    assert texts() == []
    pause(channel, paused=False, by=AUTOMATION)
    assert texts() == ["one"]


def test_an_account_connected_anew_is_read_on_from_where_it_was(wall: Wall, settings: Any) -> None:
    channel = connect()
    wall.lines = ["one"]
    polling.read_due()
    Channel.objects.update(address="wall.example")
    connecting.disconnect(channel, by=AUTOMATION)
    wall.lines.append("two")
    wall_card = wall.card
    wall.card = Card("Wall", (Field("key", "Key", "Its key.", address=True),))
    connecting.connect(
        channel.unit, kind="wall", name="Wall", values={"key": "wall.example"}, by=AUTOMATION
    )
    wall.card = wall_card
    polling.read_due()
    assert texts() == ["one", "two"]


def test_what_a_network_lends_is_kept_as_cipher_until_it_is_renewed(wall: Wall) -> None:
    channel = connect()
    account_of(channel).lent.keep({"access": "eyJ-secret"})
    again = account_of(Channel.objects.get())
    assert again.lent.tokens() == {"access": "eyJ-secret"}
    assert "eyJ" not in repr(again)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tokens FROM conversations_networksession")
        assert "eyJ" not in cursor.fetchone()[0]
    again.lent.keep({"access": "second"})
    assert account_of(channel).lent.tokens() == {"access": "second"}
    connecting.disconnect(channel, by=AUTOMATION)
    assert not NetworkSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_read_one_account_once(wall: Wall, settings: Any) -> None:
    settings.POLLING_AT_ONCE = 10
    connect()
    wall.lines = ["one", "two"]
    begin, read = threading.Barrier(4), []
    wall.meanwhile = lambda: read.append(threading.get_ident())

    def work() -> None:
        begin.wait()
        try:
            polling.read_due()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(read) == 1
    assert Envelope.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_network_that_hangs_delays_nobody_and_holds_no_worker(wall: Wall, settings: Any) -> None:
    settings.POLLING_AT_ONCE = 4
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the call and never answers
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        hanging = connect()
        quick = [connect() for _ in range(6)]
        Channel.objects.filter(pk=hanging.pk).update(options={"url": url})
        read: list[str] = []
        wall.hears = lambda account: _hear(account, read)
        began = time.monotonic()
        assert polling.read_due(seconds=4.0) == 7
        assert time.monotonic() - began < HANGS
        assert read == ["quick"] * 6
        due_again()
        assert polling.read_due(seconds=4.0) == 6  # the other is in hand
        assert len(read) == 12
        assert Polling.objects.get(channel=hanging).read_at is None
        end = time.monotonic() + HANGS + 20
        while Polling.objects.get(channel=hanging).failures == 0 and time.monotonic() < end:
            time.sleep(0.1)
    row = Polling.objects.get(channel=hanging)
    assert (row.claimed_at, "did not come" in row.cause) == (None, True)
    assert not Polling.objects.filter(channel__in=quick, read_at=None).exists()


def _hear(account: Account, read: list[str]) -> None:
    if url := account.options.get("url"):
        given = calling.Given(loopback=True, seconds=HANGS)
        try:
            calling.call("GET", url, given=given)
        except SendFailed as error:
            raise NotRead(str(error)) from error
    read.append("quick")


def test_an_account_is_known_without_its_sign_and_a_field_that_may_be_empty_is_emptied(
    wall: Wall,
) -> None:
    wall.card = Card(
        "Wall",
        (
            Field("account", "Account", "Its name.", address=True, prefix="@"),
            Field("key", "Key", "Its key."),
            Field("server", "Server", "Where it is.", required=False),
        ),
    )
    values = {"account": "@Brand@wall.example", "key": "k", "server": "other.example"}
    channel = connecting.connect(
        house.unit(), kind="wall", name="Wall", values=values, by=AUTOMATION
    )
    assert channel.address == "brand@wall.example"
    with pytest.raises(Conflict):
        connecting.connect(
            channel.unit,
            kind="wall",
            name="Wall",
            values=values | {"account": "brand@wall.example"},
            by=AUTOMATION,
        )
    connecting.change_credentials(channel, values={"server": "-", "key": "-"}, by=AUTOMATION)
    kept = account_of(Channel.objects.get()).credentials
    assert (kept["key"], "server" in kept) == ("-", False)
