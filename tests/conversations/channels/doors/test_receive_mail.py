"""Mail through a pipe: the exit code is the answer."""

from __future__ import annotations

import io
import sys

import pytest
from django.core.management import call_command
from django.db import OperationalError

from config.management.commands import receive_mail
from conversations.channels.doors.mail import LARGEST
from conversations.channels.models import Envelope
from conversations.channels.services import body_of
from tests import house

pytestmark = pytest.mark.django_db

MAIL = b"From: lea@customer.example\n\nhello\n"


def pipe(monkeypatch: pytest.MonkeyPatch, mail: bytes, *arguments: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail)))
    try:
        call_command("receive_mail", *arguments, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_mail_is_stored_with_its_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = house.mail_channel(house.unit())
    to = channel.address.replace("@", "+c.abcdefghij@")
    assert pipe(monkeypatch, MAIL, "--to", to, "--from", "") == 0
    envelope = Envelope.objects.get()
    assert body_of(envelope) == MAIL
    assert envelope.headers == {"x-relais-rcpt": to, "x-relais-mail-from": ""}


def test_an_unknown_mailbox_is_67_and_too_large_a_mail_65(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = house.mail_channel(house.unit())
    assert pipe(monkeypatch, MAIL, "--to", "nobody@relais.example") == 67
    assert pipe(monkeypatch, b"x" * (LARGEST + 1), "--to", channel.address) == 65
    assert not Envelope.objects.exists()


def test_without_a_database_the_mail_server_is_asked_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_: str) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(receive_mail, "mailbox", away)
    assert pipe(monkeypatch, MAIL, "--to", "support@relais.example") == 75
