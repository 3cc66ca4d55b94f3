"""Fetching a mailbox, from a real Dovecot where the machine has one."""

from __future__ import annotations

import asyncio
import imaplib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connections

from conversations.channels import listener, trying_mail
from conversations.channels.doors import imap
from conversations.channels.models import (
    Channel,
    ChannelHealth,
    Envelope,
    Heartbeat,
    MailboxPosition,
)
from conversations.channels.services import body_of
from tests import house
from tests.conversations.channels.doors import dovecot

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(dovecot.binary() is None, reason="Dovecot is not installed"),
]


@dataclass
class Place:
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"imap://lea%40x:p%40ss@127.0.0.1:{self.port}/INBOX"

    def put(self, number: int, body: str = "hello") -> None:
        with imaplib.IMAP4("127.0.0.1", self.port) as client:
            client.login("lea@x", "secret")
            mail = f"From: a@b.example\r\nMessage-ID: <{number}@b.example>\r\n\r\n{body}\r\n"
            client.append("INBOX", None, None, mail.encode())  # type: ignore[arg-type]

    def flags(self) -> str:
        with imaplib.IMAP4("127.0.0.1", self.port) as client:
            client.login("lea@x", "secret")
            client.select(readonly=True)
            return str(client.fetch("1:*", "(FLAGS)"))


@pytest.fixture
def place() -> Iterator[Place]:
    """In a folder with a short name: the path of a socket has at most 107 characters."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="imap-", ignore_cleanup_errors=True) as folder:
        yield Place(Path(folder), port)


@pytest.fixture
def running(place: Place) -> Iterator[Place]:
    with dovecot.server(place.folder, place.port):
        yield place


@pytest.fixture
def channel() -> Channel:
    return house.mail_channel(house.unit())


def look(channel: Channel, place: Place) -> int:
    box = imap.Mailbox(place.url)
    try:
        return imap.fetch(channel, box)
    finally:
        box.close()


def bodies() -> list[bytes]:
    return [body_of(each).splitlines()[1] for each in Envelope.objects.order_by("pk")]


def test_what_is_new_is_fetched_once_and_left_unread(running: Place, channel: Channel) -> None:
    for number in (1, 2):
        running.put(number)
    assert look(channel, running) == 2
    assert look(channel, running) == 0
    running.put(3)
    assert look(channel, running) == 1
    assert bodies() == [b"Message-ID: <%d@b.example>" % number for number in (1, 2, 3)]
    assert "Seen" not in running.flags()
    assert Heartbeat.objects.filter(source__channel=channel).count() == 1


def test_a_test_signs_in_and_fetches_nothing(running: Place, channel: Channel) -> None:
    running.put(1)
    channel.inbox_url = running.url
    assert trying_mail.try_mail(channel)[0] == trying_mail.Tried("fetching", True, "127.0.0.1")
    assert ChannelHealth.objects.get(channel=channel).works is True
    channel.inbox_url = running.url.replace("/INBOX", "/Nowhere")
    assert not trying_mail.try_mail(channel)[0].works
    assert ChannelHealth.objects.get(channel=channel).works is True  # the sign-in was taken
    assert not Envelope.objects.exists()


def test_a_crash_while_storing_skips_no_mail(
    running: Place, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        running.put(number)
    real = imap.store

    def dies_at_the_second(*args: object, **kwargs: str) -> bool:
        if kwargs["key"].endswith(":2"):
            raise OSError("no space left on device")
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(imap, "store", dies_at_the_second)
    with pytest.raises(OSError, match="no space"):
        look(channel, running)
    assert not Envelope.objects.exists()
    monkeypatch.undo()
    assert look(channel, running) == 2
    assert Envelope.objects.count() == 2


def test_a_second_reader_stores_nothing_twice(running: Place, channel: Channel) -> None:
    running.put(1)
    slow = imap.Mailbox(running.url)
    try:
        position = MailboxPosition.objects.create(channel=channel, uid_validity=slow.validity)
        was = (position.uid_validity, position.last_uid)
        mail = {1: slow.mail(1, size=1)}
        assert look(channel, running) == 1
        assert not imap._keep(channel, mail, was=was, now=(slow.validity, 1))  # noqa: SLF001
        assert imap.fetch(channel, slow) == 0
    finally:
        slow.close()
    assert Envelope.objects.count() == 1


def test_a_mailbox_made_anew_is_read_from_its_start(place: Place, channel: Channel) -> None:
    with dovecot.server(place.folder, place.port):
        place.put(1)
        look(channel, place)
        before = MailboxPosition.objects.get().uid_validity
    shutil.rmtree(place.folder / "mail")
    with dovecot.server(place.folder, place.port):
        for number in (1, 2):
            place.put(number)
        assert look(channel, place) == 2
    assert MailboxPosition.objects.get().uid_validity != before
    assert Envelope.objects.count() == 3


def test_a_mail_too_large_to_fetch_is_known_by_its_header(
    running: Place, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "LARGEST", 1_000)
    running.put(1, "x" * 5_000)
    assert look(channel, running) == 1
    (raw,) = (body_of(each) for each in Envelope.objects.all())
    assert raw.startswith(b"From: a@b.example")
    assert b"too large to be fetched" in raw
    assert b"xxx" not in raw


def test_a_backlog_is_fetched_in_several_transactions(
    running: Place, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "BATCH", 2)
    monkeypatch.setattr(imap, "HEAVIEST", 100)
    for number in range(5):
        running.put(number)
    assert look(channel, running) == 5
    assert Envelope.objects.count() == 5


@pytest.mark.parametrize("url", ["http://x", "imap://", "imap://x:y@127.0.0.1:1/INBOX"])
def test_a_mailbox_that_leads_nowhere_says_so(url: str) -> None:
    with pytest.raises((OSError, ValueError)):
        imap.Mailbox(url)


def test_a_mailbox_that_tells_what_comes_is_heard_at_once(running: Place, channel: Channel) -> None:
    running.put(1)
    box = imap.Mailbox(running.url)
    try:
        assert box.idles
        assert imap.fetch(channel, box) == 1
        later = threading.Timer(0.3, running.put, [2])
        later.start()
        began = time.monotonic()
        box.wait(20.0)
        assert time.monotonic() - began < 10
        assert imap.fetch(channel, box) == 1
        began = time.monotonic()
        box.wait(0.2)  # nothing comes: the time ends, and the connection goes on
        assert 0.1 < time.monotonic() - began < 10
        assert imap.fetch(channel, box) == 0
        later.join()
    finally:
        box.close()


def test_the_listener_fetches_through_a_restart_of_the_server(
    place: Place, channel: Channel, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    monkeypatch.setattr(listener, "INTERVAL", 0.1)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)  # leave none behind
    settings.LMTP_LISTEN = ""  # type: ignore[attr-defined]
    channel.inbox_url = place.url
    channel.save()

    async def until(count: int) -> None:
        for _ in range(400):
            if await asyncio.to_thread(_counted) >= count:
                return
            await asyncio.sleep(0.1)

    async def story() -> None:
        stop = asyncio.Event()
        listening = asyncio.create_task(listener.listen(stop))
        with dovecot.server(place.folder, place.port):
            await asyncio.to_thread(place.put, 1)
            await until(1)
        await asyncio.sleep(0.3)
        with dovecot.server(place.folder, place.port):
            await asyncio.to_thread(place.put, 2)
            await until(2)
        stop.set()
        await listening

    asyncio.run(story())
    assert Envelope.objects.count() == 2


def _counted() -> int:
    try:
        return Envelope.objects.count()
    finally:
        connections.close_all()
