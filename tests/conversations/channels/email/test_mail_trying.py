"""A test of a mail channel says what is wrong, and sends and fetches nothing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from conversations.channels import mailing, trying_mail
from conversations.channels.models import Channel, ChannelHealth
from crm.access.models import Role
from crm.errors import Conflict
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.email.test_mail_sending import Inbox, smtp_server

pytestmark = pytest.mark.django_db

# what each asks its provider, with which word, and what a good answer is: from the providers' docs
ASKED: dict[str, tuple[str, str, str, Any, str]] = {
    "brevo": ("/v3/account", "api-key", "the-key", {"companyName": "Bivouac"}, "Bivouac"),
    "mailgun": (
        "/v3/domains/relais.example",
        "authorization",
        "Basic YXBpOnRoZS1rZXk=",
        {"domain": {"name": "relais.example", "state": "active"}},
        "relais.example",
    ),
    "mailjet": (
        "/v3/REST/apikey",
        "authorization",
        "Basic dGhlLWtleTppdHMtc2VjcmV0",
        {"Count": 1, "Data": [{"Name": "Main", "IsActive": True}]},
        "Main",
    ),
    "postmark": ("/v3/server", "x-postmark-server-token", "the-key", {"Name": "Live"}, "Live"),
    "sendgrid": (
        "/v3/scopes",
        "authorization",
        "Bearer the-key",
        {"scopes": ["mail.send", "sender_verification_eligible"]},
        "",
    ),
    "sparkpost": (
        "/v3/account",
        "authorization",
        "the-key",
        {"results": {"company_name": "Bivouac"}},
        "Bivouac",
    ),
}


@pytest.fixture
def channel() -> Channel:
    return house.mail_channel(house.unit(), "support@relais.example")


class Api(BaseHTTPRequestHandler):
    """A provider's API on this machine, which takes questions only."""

    asked: list[tuple[str, dict[str, str]]]
    answer: tuple[int, bytes]

    def do_GET(self) -> None:
        named = {name.lower(): value for name, value in self.headers.items()}
        type(self).asked.append((self.path, named))
        status, told = type(self).answer
        self.send_response(status)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def an_api() -> Iterator[tuple[type[Api], str]]:
    class One(Api):
        asked: list[tuple[str, dict[str, str]]] = []
        answer = (200, b"{}")

    server = ThreadingHTTPServer(("127.0.0.1", 0), One)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield One, f"http://127.0.0.1:{server.server_port}/v3/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def carried(channel: Channel, esp: str, url: str) -> None:
    given = {"esp": esp, "esp_api_key": "the-key", "esp_api_url": url}
    given |= {"esp_secret_key": "its-secret"} if esp == "mailjet" else {}
    mailing.change_keys(channel, given=given, by=AUTOMATION)


def sending(channel: Channel) -> trying_mail.Tried:
    [found] = [one for one in trying_mail.try_mail(channel) if one.way == trying_mail.SENDING]
    return found


def a_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_server_that_takes_mail_is_signed_in_to_and_gets_none(channel: Channel) -> None:
    inbox = Inbox()
    with smtp_server(inbox) as account:
        channel.options = {"mail_url": account.options["mail_url"]}
        assert sending(channel) == trying_mail.Tried("sending", works=True, said="127.0.0.1")
    assert inbox.mails == []
    channel.options = {"mail_url": f"smtp://127.0.0.1:{a_closed_port()}"}
    failed = sending(channel)
    assert (failed.works, failed.said.startswith("mail server: ")) == (False, True)


def test_mails_that_are_files_go_to_a_folder_that_can_be_written(
    channel: Channel, tmp_path: Any
) -> None:
    channel.options = {"mail_url": (tmp_path / "not" / "there" / "yet").as_uri()}
    assert sending(channel).works
    assert not (tmp_path / "not").exists()
    (tmp_path / "file").write_text("")
    channel.options = {"mail_url": (tmp_path / "file" / "x").as_uri()}
    assert not sending(channel).works


def test_a_mailbox_that_is_not_there_says_so_and_proves_nothing(channel: Channel) -> None:
    channel.inbox_url = f"imap://lea:secret@127.0.0.1:{a_closed_port()}/INBOX"
    [fetching, _sending] = trying_mail.try_mail(channel)
    assert (fetching.way, fetching.works) == ("fetching", False)
    assert "127.0.0.1" in fetching.said
    assert "secret" not in fetching.said
    health = ChannelHealth.objects.get(channel=channel)
    assert (health.works, health.cause) == (None, fetching.said)


def _says_no(listening: socket.socket) -> None:
    connection, _address = listening.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"* OK ready\r\n")
        for line in lines:
            tag, command, *_rest = line.split()
            if command.upper() == b"LOGIN":
                connection.sendall(tag + b" NO [AUTHENTICATIONFAILED] Invalid credentials\r\n")
            else:
                connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")


def test_a_password_that_is_not_taken_is_said_and_kept(channel: Channel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_says_no, args=[listening])
        thread.start()
        port = listening.getsockname()[1]
        channel.inbox_url = f"imap://lea:secret@127.0.0.1:{port}/INBOX"
        fetching = trying_mail.try_mail(channel)[0]
        thread.join(5)
    assert not fetching.works
    assert "Invalid credentials" in fetching.said
    assert "secret" not in fetching.said
    assert ChannelHealth.objects.get(channel=channel).works is False


@pytest.mark.parametrize("esp", ASKED)
def test_a_provider_is_asked_whether_it_takes_the_key(channel: Channel, esp: str) -> None:
    path, header, word, good, name = ASKED[esp]
    with an_api() as (api, url):
        carried(channel, esp, url)
        api.answer = (200, json.dumps(good).encode())
        works = sending(channel)
        assert (works.works, works.remarks) == (True, ())
        assert works.said.endswith(name)
        [(asked, headers)] = api.asked
        assert (asked, headers[header]) == (path, word)
        api.answer = (401, b'{"message": "no"}')
        refused = sending(channel)
        assert not refused.works
        assert "does not take the key (HTTP 401)" in refused.said
        assert "the-key" not in refused.said
        for status, said in ((500, b"<html>"), (429, b"{}"), (302, b"")):
            api.answer = (status, said)
            assert f"HTTP {status}" in sending(channel).said
        for said in (b"", b"[]", b'"x"', b'{"domain": 1, "Data": {}, "results": [], "Name": 3}'):
            api.answer = (200, said)  # nobody knows who we are there, but it was taken
            assert sending(channel).works == (esp != "sendgrid")
    lost = sending(channel)
    assert (lost.works, "was not reached" in lost.said) == (False, True)


def test_what_would_hinder_a_mail_is_said_before_it_is_written(channel: Channel) -> None:
    with an_api() as (api, url):
        carried(channel, "mailgun", url)
        api.answer = (200, b'{"domain": {"state": "unverified"}}')
        [remark] = sending(channel).remarks
        assert "DNS records are not verified" in remark
        api.answer = (404, b"{}")
        assert "knows no domain relais.example" in sending(channel).said
        carried(channel, "sendgrid", url)
        api.answer = (200, b'{"scopes": ["stats.read"]}')
        assert "lacks the scope mail.send" in sending(channel).said


def test_staff_test_their_channel_by_api_and_on_its_page(channel: Channel) -> None:
    sam = house.somebody(house.department(channel.unit), Role.STAFF)
    api = Caller(sam.user)
    answer = api.post(f"channels/{channel.pk}/mail/test/")
    assert answer.status_code == 200, answer.content
    [tried] = answer.json()["tried"]  # LMTP hands it over: nothing is fetched
    assert (tried["way"], tried["works"]) == ("sending", True)
    refused = api.post(f"channels/{channel.pk}/mail/test/", {"more": 1})
    assert refused.status_code == 400
    page = Client()
    page.force_login(sam.user)
    where = f"/admin/conversations/channel/{channel.pk}/test_mail/"
    channel.inbox_url = f"imap://lea:secret@127.0.0.1:{a_closed_port()}/INBOX"
    channel.save()
    page.get(where)  # a link alone signs in nowhere
    assert not ChannelHealth.objects.exists()
    shown = page.post(where, follow=True).content.decode()
    assert "Sending works: " in shown
    assert "Fetching fails: 127.0.0.1" in shown


def test_only_an_open_channel_of_mail_is_tested(channel: Channel) -> None:
    other = house.webhook_channel(channel.unit)
    with pytest.raises(Conflict, match="no open channel of mail"):
        trying_mail.try_mail(other)
