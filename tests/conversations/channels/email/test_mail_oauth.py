"""Mail servers that take no password: tokens are renewed, shown as the servers ask, and watched."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.test import Client
from django.utils import timezone

from conversations.channels import connecting
from conversations.channels.accounts import credentials_of
from conversations.channels.doors import imap
from conversations.channels.models import Channel, ChannelHealth
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.email import oauth, transport
from crm.access.models import Role
from crm.organisation.models import User
from tests import house

KEYS = {
    "token_url": "https://127.0.0.1:9/token",
    "client_id": "the client",
    "client_secret": "a secret of it",
    "refresh_token": "1//refresh",
}
SHOWN = "user=lea@x.example\1auth=Bearer ya29.token\1\1"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    oauth.forget()
    yield
    oauth.forget()


class Giver:
    """A server of tokens: what it was asked, and what it answers."""

    def __init__(self, lasts: int = 3_600) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.answer: tuple[int, Any] = (200, {"access_token": "ya29.token", "expires_in": lasts})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(parse_qs(request.content.decode()))
        status, said = self.answer
        return httpx.Response(status, json=said)


def ask(giver: Giver) -> oauth.Token:
    return oauth.token(KEYS, loopback=True, transport=httpx.MockTransport(giver))


def test_a_token_is_asked_for_once_until_it_nears_its_end() -> None:
    giver = Giver()
    assert {ask(giver).value for _ in range(3)} == {"ya29.token"}
    [said] = giver.asked
    assert said["grant_type"] == ["refresh_token"]
    assert (said["refresh_token"], said["client_id"]) == (["1//refresh"], ["the client"])
    assert "token_url" not in said
    oauth.forget()
    soon = Giver(lasts=60)
    ask(soon)
    ask(soon)
    assert len(soon.asked) == 2


def test_what_the_server_of_tokens_says_is_told_apart_and_no_secret_is_repeated() -> None:
    giver = Giver()
    cases: list[tuple[int, Any, str, bool]] = [
        (400, {"error": "invalid_grant", "error_description": "Token revoked"}, "access", True),
        (401, {"error": "invalid_client"}, "access", True),
        (503, {}, "passing", False),
        (200, {"token": "none"}, "passing", False),
        (200, {"access_token": "a\r\nb"}, "passing", False),
    ]
    for status, said, trouble, permanent in cases:
        giver.answer = (status, said)
        with pytest.raises(SendFailed) as failed:
            ask(giver)
        assert (failed.value.trouble, failed.value.permanent) == (trouble, permanent), said
        assert failed.value.unknown is False
        secrets = (KEYS["client_secret"], KEYS["refresh_token"])
        assert not any(each in str(failed.value) for each in secrets)
    with pytest.raises(SendFailed, match="https"):
        oauth.token(KEYS | {"token_url": "http://login.example/token"})
    with pytest.raises(SendFailed):  # never into the house's own network
        oauth.token(KEYS | {"token_url": "https://10.0.0.1/token"})


@contextmanager
def imap_server(wanted: str) -> Iterator[tuple[str, list[str]]]:
    """Speaks as much of IMAP as signing in and opening an empty folder need."""
    heard: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", buffering=0) as line:
            line.write(b"* OK here\r\n")
            while words := line.readline().decode().split():
                tag, command = words[0], words[1].upper()
                heard.append(command)
                if command == "CAPABILITY":
                    line.write(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 IDLE\r\n")
                if command == "AUTHENTICATE":
                    line.write(b"+ \r\n")
                    if base64.b64decode(line.readline()).decode() != wanted:
                        line.write(f"{tag} NO refused\r\n".encode())
                        continue
                if command == "EXAMINE":
                    line.write(b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] known\r\n")
                line.write(f"{tag} OK done\r\n".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"imap://lea%40x.example@127.0.0.1:{listening.getsockname()[1]}/INBOX", heard
    listening.close()
    thread.join(5)


def test_a_mailbox_is_opened_with_a_token_in_place_of_a_password() -> None:
    ask(Giver())
    with imap_server(SHOWN) as (url, heard):
        box = imap.Mailbox(url, KEYS)
        assert (box.validity, box.idles) == (7, True)
        assert box.ends_at is not None
        assert 3_000 < box.ends_at - time.time() < 3_700
        box.close()
    assert "LOGIN" not in heard
    with imap_server("another") as (url, _heard), pytest.raises(Exception, match="refused"):
        imap.Mailbox(url, KEYS)


class Post:
    """Takes mail from who shows this token."""

    def __init__(self, wanted: str) -> None:
        self.wanted, self.mails, self.shown = wanted, 0, 0

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        shown = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        self.shown += shown == self.wanted
        return AuthResult(success=shown == self.wanted, handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails += 1
        return "250 taken"


def test_a_mail_goes_out_with_a_token_and_a_refused_one_is_said() -> None:
    ask(Giver())
    post = Post(SHOWN)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(post, hostname="127.0.0.1", port=port, auth_require_tls=False)
    server.start()
    where = f"smtp://lea%40x.example@127.0.0.1:{port}"
    mail: dict[str, Any] = {
        "name": "m", "sender": "a@x.example", "recipient": "b@x.example", "mail": b"Subject: x",
    }  # fmt: skip
    try:
        transport.send(where, **mail, keys=KEYS)
        assert (post.shown, post.mails) == (1, 1)
        post.wanted = "another"
        with pytest.raises(SendFailed) as failed:
            transport.send(where, **mail, keys=KEYS)
        assert (failed.value.trouble, failed.value.permanent) == ("access", True)
        assert "ya29" not in str(failed.value)
    finally:
        server.stop()


@pytest.mark.django_db
def test_keys_are_set_on_the_channels_page_never_shown_and_their_state_is() -> None:
    channel = house.mail_channel(house.unit())
    owner = house.somebody(house.department(channel.unit), name="Olga")
    User.objects.filter(pk=owner.user.pk).update(is_superuser=True, is_staff=True)
    browser = Client()
    browser.force_login(User.objects.get(pk=owner.user.pk))
    page = f"/admin/conversations/channel/{channel.pk}/change/"
    form = {
        "unit": channel.unit_id, "name": "Mail", "options": "{}", "address": channel.address,
        "inbox_url": "imaps://lea@imap.example/INBOX",
    }  # fmt: skip
    given = {f"oauth_{name}": value for name, value in KEYS.items()}
    assert browser.post(page, form | given).status_code == 302
    assert credentials_of(Channel.objects.get()) == KEYS
    assert "not tried yet" in browser.get(page).content.decode()
    changed = form | {"oauth_refresh_token": "1//newer"}
    assert browser.post(page, changed).status_code == 302
    assert credentials_of(Channel.objects.get()) == KEYS | {"refresh_token": "1//newer"}
    connecting.note_mailbox(channel, cause="", expires_at=timezone.now() + timedelta(hours=1))
    shown = browser.get(page).content.decode()
    assert "works; the token ends" in shown
    assert not any(secret in shown for secret in ("1//", "a secret of it"))
    connecting.note_mailbox(channel, cause="nobody answers")
    assert ChannelHealth.objects.get().works is True  # a server that is down proves nothing
    connecting.note_mailbox(channel, cause="Token revoked", access=True)
    assert "Token revoked" in browser.get(page).content.decode()
    assert ChannelHealth.objects.get().works is False
    staff = Client()
    staff.force_login(house.somebody(owner.employee.department, Role.STAFF, name="Sam").user)
    tried = form | {"oauth_refresh_token": "-", "inbox_url": "imaps://evil.example/INBOX"}
    staff.post(page, tried)  # only owners of the installation enter secrets
    kept = Channel.objects.get()
    assert credentials_of(kept)["refresh_token"] == "1//newer"
    assert kept.inbox_url == form["inbox_url"]
    browser.post(page, form | {"oauth_refresh_token": "-"})
    assert credentials_of(Channel.objects.get()) == {}
