"""The LMTP door, spoken to by a real client."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from conversations.channels.doors import lmtp
from conversations.channels.doors.threads import Threads
from conversations.channels.models import Channel, Envelope
from conversations.channels.services import body_of
from tests import house

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = b"From: lea@customer.example\r\nSubject: hello\r\n\r\n.hidden dot\r\nbye\r\n"


@pytest.fixture
def channel() -> Channel:
    return house.mail_channel(house.unit())


@pytest.fixture
def client() -> Iterator[smtplib.LMTP]:
    loop = asyncio.new_event_loop()
    threads = Threads(2, keep=False)
    server = loop.run_until_complete(lmtp.serve("127.0.0.1:0", threads))
    runner = threading.Thread(target=loop.run_forever)
    runner.start()
    host, port = server.sockets[0].getsockname()
    try:
        with smtplib.LMTP(host, port) as connection:
            yield connection
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        runner.join(30)
        loop.run_until_complete(asyncio.sleep(0.05))
        threads.close()
        loop.close()


def test_250_means_stored_with_the_envelope_it_came_in(
    client: smtplib.LMTP, channel: Channel
) -> None:
    tagged = channel.address.replace("@", "+c.abcdefghij@").upper()
    assert client.sendmail("lea@customer.example", [tagged], MAIL) == {}
    envelope = Envelope.objects.get()
    assert envelope.channel == channel
    assert body_of(envelope) == MAIL
    assert envelope.headers == {
        "x-relais-rcpt": tagged,
        "x-relais-mail-from": "lea@customer.example",
    }


def test_an_empty_sender_is_taken_and_kept(client: smtplib.LMTP, channel: Channel) -> None:
    client.sendmail("", [channel.address], MAIL)
    assert Envelope.objects.get().headers["x-relais-mail-from"] == ""


def test_an_unknown_or_closed_mailbox_is_refused(client: smtplib.LMTP, channel: Channel) -> None:
    Channel.objects.update(closed_at="2026-01-01T00:00:00Z")
    for address in (channel.address, "nobody@relais.example", "x@y", "x"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
            client.sendmail("lea@customer.example", [address], MAIL)
        ((code, _),) = refusal.value.recipients.values()
        assert code == 550
    assert not Envelope.objects.exists()


def test_each_recipient_has_an_answer_of_its_own(client: smtplib.LMTP, channel: Channel) -> None:
    sales = house.mail_channel(channel.unit, address="sales@relais.example")
    client.ehlo_or_helo_if_needed()
    client.mail("lea@customer.example")
    for address in (channel.address, sales.address):
        client.rcpt(address)
    assert client.data(MAIL)[0] == 250
    assert client.getreply()[0] == 250
    assert {each.channel for each in Envelope.objects.all()} == {channel, sales}


def test_the_same_mail_again_is_stored_once_and_answered_the_same(
    client: smtplib.LMTP, channel: Channel
) -> None:
    for _ in range(2):
        assert client.sendmail("lea@customer.example", [channel.address], MAIL) == {}
    assert Envelope.objects.count() == 1


def test_lines_of_any_length_and_any_bytes_are_taken(
    client: smtplib.LMTP, channel: Channel
) -> None:
    mail = b"From: x\r\n\r\n" + b"\xff\x00" * 2_000_000 + b"\r\n"
    client.sendmail("lea@customer.example", [channel.address], mail)
    assert body_of(Envelope.objects.get()) == mail


def test_a_mail_over_25_mb_is_refused_once_a_recipient(
    client: smtplib.LMTP, channel: Channel
) -> None:
    client.ehlo_or_helo_if_needed()
    client.mail("lea@customer.example")
    for _ in range(2):
        client.rcpt(channel.address)
    huge = b"From: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 27_000
    assert client.data(huge)[0] == 552
    assert client.getreply()[0] == 552
    assert client.noop()[0] == 250
    assert not Envelope.objects.exists()


def test_an_announced_size_over_25_mb_is_refused_at_once(
    client: smtplib.LMTP, channel: Channel
) -> None:
    client.ehlo_or_helo_if_needed()
    assert client.mail("lea@customer.example", ["SIZE=30000000"])[0] == 552


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    client: smtplib.LMTP, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ehlo_or_helo_if_needed()
    client.mail("lea@customer.example")
    client.rcpt(channel.address)
    database = connections.settings["default"]
    with monkeypatch.context() as away:
        away.setitem(database, "PORT", "1")
        away.setitem(database, "HOST", "127.0.0.1")
        assert client.data(MAIL)[0] == 451
        client.mail("lea@customer.example")
        assert client.rcpt(channel.address)[0] == 451
    client.rset()
    assert client.sendmail("lea@customer.example", [channel.address], MAIL) == {}
    assert Envelope.objects.count() == 1
