"""Mail that a provider carries: in by its webhooks, out by its API, and what it says of ours."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from conversations.channels import claiming, mailing, services
from conversations.channels.accounts import account_of, credentials_of, forget_channels
from conversations.channels.doors.mail import store
from conversations.channels.models import Channel, ChannelHealth, Envelope, Heartbeat
from conversations.channels.wire.contract import Outbound, Party, SendFailed, Trouble
from conversations.channels.wire.email.adapter import Email
from conversations.channels.wire.email.esp.providers import PROVIDERS
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Delivery, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import Conflict, Invalid
from crm.journal.models import Act
from crm.values import AUTOMATION, uuid7
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.email import provided
from tests.conversations.channels.email.provided import Posted
from tests.rows import row_counts

US, BOB = "support@relais.example", "bob@away.example"
KEYS = {
    "esp_api_key": "server-token-of-ours",
    "esp_secret_key": "second-key-of-ours",
    "esp_domain": "relais.example",
}
SIGNED = {"mailgun": provided.SIGNING_KEY, "sendgrid": provided.SENDGRID_KEY}
MAIL = b"""\
From: Bob <bob@away.example>
To: support@relais.example
Subject: =?utf-8?q?O=C3=B9_est_mon_colis=3F?=
Date: Tue, 24 Nov 2026 10:12:56 +0100
Message-ID: <one@away.example>
In-Reply-To: <nothing@away.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="out"

--out
Content-Type: multipart/alternative; boundary="in"

--in
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

O=C3=B9 est mon colis ?
--in
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<p>O=C3=B9 est <b>mon</b> colis ?</p>
--in--
--out
Content-Type: application/pdf; name="order.pdf"
Content-Disposition: attachment; filename="order.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--out--
"""
HTML_ALONE = b"""\
From: Bob <bob@away.example>
To: support@relais.example
Subject: Hello
Date: Tue, 24 Nov 2026 10:12:56 +0100
Message-ID: <two@away.example>
MIME-Version: 1.0
Content-Type: text/html; charset="utf-8"

<p>Where is <b>it</b>?</p>
"""


@pytest.fixture
def channel(settings: Any) -> Channel:
    settings.BASE_URL = "https://relais.example"
    return house.mail_channel(house.unit(), US)


def carried_by(channel: Channel, esp: str, **more: str) -> dict[str, str]:
    """Its webhooks, by what they are for."""
    given = {"esp": esp, **KEYS, "esp_signing_key": SIGNED.get(esp, ""), **more}
    made = mailing.change_keys(channel, given=given, by=AUTOMATION, renew=True)
    forget_channels()
    return {each.what: each.url for each in made}


def post(urls: dict[str, str], said: Posted, *, word: str | None = None) -> Any:
    parts = urlsplit(urls[said.what])
    shown = f"relais:{parts.password if word is None else word}"
    basic = {"authorization": f"Basic {base64.b64encode(shown.encode()).decode()}"}
    headers = {name: value for name, value in said.headers.items() if name != "content-type"}
    return Client(raise_request_exception=False).generic(
        "POST",
        parts.path,
        said.body,
        content_type=said.headers["content-type"],
        headers=headers if word == "" else {**headers, **basic},
    )


@pytest.mark.django_db
@pytest.mark.parametrize("mail", [MAIL, HTML_ALONE], ids=["with a file", "HTML alone"])
def test_the_same_mail_by_any_provider_and_by_imap_is_one_message(
    channel: Channel, mail: bytes, subtests: Any
) -> None:
    store(channel, mail.replace(b"\n", b"\r\n"), recipient=US, sender=BOB)
    claiming.ingest()
    [message] = Message.objects.all()
    for name, said in provided.inbound(mail, US, BOB).items():
        with subtests.test(name):
            urls = carried_by(channel, said.esp)
            for _ in range(2):
                answer = post(urls, said)
                assert (answer.status_code, answer.content) == (200, b"")
            claiming.ingest()
            last = Envelope.objects.latest("pk")
            assert (last.state, last.reason) == ("done", "duplicate")
            assert bytes(last.body or b"") == said.body
            assert Message.objects.count() == 1
    assert Envelope.objects.count() == 8
    Message.objects.all().delete()
    Envelope.objects.exclude(headers__has_key="x-relais-rcpt").update(state="waiting")
    claiming.ingest()  # the providers alone tell it
    again = Message.objects.get()
    assert (again.text, again.html, again.digest) == (message.text, message.html, message.digest)


@pytest.mark.django_db
def test_nobody_is_let_in_without_the_word_and_the_signature(
    channel: Channel, subtests: Any
) -> None:
    for esp in PROVIDERS:
        known_as = "77" if esp == "mailjet" else "<x@x.example>"
        said = provided.tracked(esp, "delivered", known_as=known_as, ours="", to=BOB)
        urls = carried_by(channel, esp)
        before = row_counts()
        for word in ("", "wrong", "é"):
            assert post(urls, said, word=word).status_code == 401
        if esp in SIGNED:
            body = said.body.replace(b"delivered", b"deliverex")
            if esp == "mailgun":
                body = said.body.replace(provided.signed("delivered")["signature"].encode(), b"0")
            assert post(urls, Posted(esp, "tracking", body, said.headers)).status_code == 401
            unsigned = {"content-type": "application/json"}
            assert post(urls, Posted(esp, "tracking", b"[{}]", unsigned)).status_code == 401
        other = next(name for name in PROVIDERS if name != esp)
        path = urls["tracking"].replace(f"/{esp}/", f"/{other}/")
        assert post({"tracking": path}, said).status_code == 401
        assert row_counts() == before, esp
        assert post(urls, said).status_code == 200, esp
    path = urlsplit(urls["tracking"]).path
    client = Client()
    assert (client.head(path).status_code, client.get(path).status_code) == (200, 405)
    assert client.post(path.replace("tracking", "inbound-mime")).status_code == 404
    assert client.post(path.replace(channel.token or "", "x" * 32)).status_code == 404
    large = Posted("sparkpost", "tracking", b"x" * (36 * 1024 * 1024 + 1), said.headers)
    assert post(urls, large).status_code == 413
    assert post(urls, large, word="wrong").status_code == 401  # not even read
    assert Heartbeat.objects.filter(source__channel=channel).count() == 1  # one an hour
    mailing.change_keys(channel, given={"esp": "-"}, by=AUTOMATION)
    forget_channels()
    assert post(urls, said).status_code == 401


@pytest.mark.django_db
def test_what_cannot_be_read_fails_where_it_is_seen(channel: Channel) -> None:
    posted = 0
    for esp in PROVIDERS:
        urls = carried_by(channel, esp)
        for body in (
            b"",
            b"[]",
            b"5",
            b"\xff\xfe",
            b'{"a": 1}',
            b'[{"msys": 5}]',
            b'{"Headers": 5}',
        ):
            for what in urls:
                headers = {"content-type": "application/json"}
                if esp == "mailgun":
                    told = {"signature": provided.signed(f"{what}{posted}"), "event-data": 5}
                    body = json.dumps({**told, "x": body.hex()}).encode()  # noqa: PLW2901
                if esp == "sendgrid":
                    headers |= provided.by_sendgrid(body)
                posted += post(urls, Posted(esp, what, body, headers)).status_code == 200
    claiming.ingest()
    states = set(Envelope.objects.values_list("state", flat=True))
    assert states <= {"failed", "ignored"}
    reasons = set(Envelope.objects.values_list("reason", flat=True))
    assert "" not in reasons
    assert not any("the reader failed" in each for each in reasons), reasons
    assert Envelope.objects.count() > 20
    assert not Message.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("esp", PROVIDERS)
def test_what_becomes_of_ours_is_told_by_each_provider(channel: Channel, esp: str) -> None:
    urls = carried_by(channel, esp, esp_api_url="http://127.0.0.1:9/")
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    store(channel, MAIL, recipient=US, sender=BOB)
    claiming.ingest()
    conversation = Conversation.objects.get()
    known_as = "77" if esp == "mailjet" else "<esp-1@mail.example>"

    def tell(happened: str, message: Message) -> Delivery:
        ours = str(message.pk) if happened != "delivered" else ""
        said = provided.tracked(esp, happened, known_as=known_as, ours=ours, to=BOB)
        assert post(urls, said).status_code == 200
        claiming.ingest()
        assert Envelope.objects.latest("pk").state in {"done", "ignored"}
        return Delivery.objects.get(pk=message.pk)

    def sent(text: str) -> Message:
        message = reply(conversation, text=text, by=sam.acting)
        Delivery.objects.filter(pk=message.pk).update(state="sent", attempt=1)
        return message

    first, second = sent("It is on its way."), sent("It is there.")
    assert tell("opened", first).state == "sent"  # a program looked at a picture
    if esp != "mailjet":  # whose only word for it is an error that passes
        assert tell("deferred", first).state == "sent"
    bounced = tell("bounced", first)
    assert (bounced.state, bounced.trouble) == ("failed", "permanent")
    assert ("no such user" if esp != "mailjet" else "bounced") in bounced.cause
    conversation.refresh_from_db()
    assert conversation.status == "open"

    delivery._note_parts(second, [known_as])  # noqa: SLF001 - as sending by its API does
    assert tell("delivered", second).state == "delivered"
    tell("complained", second)
    with pytest.raises(Conflict, match="not to be written to"):
        reply(conversation, text="One more word.", by=sam.acting)


@pytest.mark.django_db
def test_one_event_that_cannot_be_read_costs_none_of_the_others(channel: Channel) -> None:
    urls = carried_by(channel, "sendgrid", esp_api_url="http://127.0.0.1:9/")
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    store(channel, MAIL, recipient=US, sender=BOB)
    claiming.ingest()
    message = reply(Conversation.objects.get(), text="It is there.", by=sam.acting)
    Delivery.objects.filter(pk=message.pk).update(state="sent", attempt=1)
    said = provided.tracked("sendgrid", "delivered", known_as="x", ours=str(message.pk), to=BOB)
    [event] = json.loads(said.body)
    for rest in (["nonsense", {"no": "event"}, event], ["nonsense", {"no": "event"}]):
        body = json.dumps(rest).encode()
        headers = {"content-type": "application/json", **provided.by_sendgrid(body)}
        assert post(urls, Posted("sendgrid", "tracking", body, headers)).status_code == 200
        claiming.ingest()
    message.delivery.refresh_from_db()
    assert message.delivery.state == "delivered"
    states = Envelope.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["done", "done", "failed"]
    assert Envelope.objects.latest("pk").reason.startswith("one of 2: anymail can’t read it")


class Api(BaseHTTPRequestHandler):
    """A provider's API on this machine: keeps what it gets, answers as it is told."""

    asked: list[tuple[str, dict[str, str], Any]]
    answer: tuple[int, Any, dict[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        named = {name.lower(): value for name, value in self.headers.items()}
        type(self).asked.append((self.path, named, body))
        status, said, headers = type(self).answer
        if not status:
            self.connection.close()
            return
        told = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(told))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def an_api() -> Iterator[tuple[type[Api], str]]:
    class One(Api):
        asked: list[tuple[str, dict[str, str], Any]] = []
        answer: tuple[int, Any, dict[str, str]] = (200, {}, {})

    server = ThreadingHTTPServer(("127.0.0.1", 0), One)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield One, f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.django_db
def test_an_answer_goes_out_by_the_api_and_what_it_becomes_finds_it(channel: Channel) -> None:
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam Smith")
    store(channel, MAIL, recipient=US, sender=BOB)
    claiming.ingest()
    conversation = Conversation.objects.get()
    with an_api() as (api, url):
        urls = carried_by(channel, "postmark", esp_api_url=url)
        api.answer = (
            200,
            {"To": BOB, "MessageID": "b7bc2f4a-1", "ErrorCode": 0, "Message": "OK"},
            {},
        )
        message = reply(conversation, text="Bientôt – promis.\n.", by=sam.acting)
        delivery.deliver(message.pk)
    message.refresh_from_db()
    message.delivery.refresh_from_db()
    assert (message.delivery.state, message.delivery.cause) == ("sent", "")
    [(path, headers, body)] = api.asked
    assert (path, headers["x-postmark-server-token"]) == ("/email", "server-token-of-ours")
    told = json.loads(body)
    assert (told["To"], told["TextBody"].strip()) == (
        "Bob <bob@away.example>",
        "Bientôt – promis.\n.",
    )
    assert told["Subject"] == "Re: Où est mon colis?"
    assert told["ReplyTo"].endswith("@relais.example>")
    named = {each["Name"]: each["Value"] for each in told["Headers"]}
    assert named["Message-ID"] == message.external_id == f"<{message.pk}@relais.example>"
    assert named["In-Reply-To"] == "<one@away.example>"
    assert told["Metadata"] == {"relais": str(message.pk)}
    said = provided.tracked("postmark", "delivered", known_as="b7bc2f4a-1", ours="", to=BOB)
    assert post(urls, said).status_code == 200
    claiming.ingest()
    message.delivery.refresh_from_db()
    assert message.delivery.state == "delivered"


@pytest.mark.django_db
def test_what_the_api_refuses_is_told_apart_and_no_key_is_repeated(
    channel: Channel, subtests: Any
) -> None:
    ours = f"<{uuid7()}@relais.example>"
    message = Outbound(str(uuid7()), ours, ours, Party(BOB, "Bob"), "Yes.", subject="Hello")
    inactive = {
        "ErrorCode": 406,
        "Message": f"Found inactive addresses: {BOB}. Inactive recipients",
    }
    invalid = {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{BOB}'."}
    cases = [
        ((422, inactive, {}), {"permanent": True, "trouble": Trouble.BLOCKED}),
        ((422, invalid, {}), {"permanent": True, "trouble": Trouble.PERMANENT}),
        ((401, {"ErrorCode": 10, "Message": "no"}, {}), {"trouble": Trouble.ACCESS}),
        ((429, {}, {"retry-after": "30"}), {"trouble": Trouble.LIMITED, "retry_after": 30.0}),
        ((500, {}, {}), {"permanent": False, "trouble": Trouble.PASSING}),
        ((504, {}, {}), {"unknown": True}),
        ((200, b"<html>", {}), {"unknown": True}),
        ((0, {}, {}), {"unknown": True}),
    ]
    with an_api() as (api, url):
        carried_by(channel, "postmark", esp_api_url=url)
        for answer, wanted in cases:
            with subtests.test(str(answer)):
                api.answer = answer
                with pytest.raises(SendFailed) as failed:
                    Email().send(account_of(channel), message)
                assert {name: getattr(failed.value, name) for name in wanted} == wanted
                assert "server-token-of-ours" not in str(failed.value)
    with pytest.raises(SendFailed) as failed:  # nobody is there any more
        Email().send(account_of(channel), message)
    assert (failed.value.unknown, failed.value.permanent) == (False, False)
    for house_of_ours in ("http://10.0.0.1/", "https://192.168.1.1/"):
        carried_by(channel, "postmark", esp_api_url=house_of_ours)
        with pytest.raises(SendFailed, match="the provider’s address"):
            Email().send(account_of(channel), message)


@pytest.mark.django_db
def test_every_provider_sends_what_smtp_would(channel: Channel, subtests: Any) -> None:
    taken: dict[str, Any] = {
        "brevo": {"messageId": "<b1@smtp-relay.example>"},
        "mailgun": {"id": "<m1@relais.example>", "message": "Queued. Thank you."},
        "mailjet": {"Messages": [{"Status": "success", "To": [{"Email": BOB, "MessageID": 77}]}]},
        "postmark": {"To": BOB, "MessageID": "p1", "ErrorCode": 0, "Message": "OK"},
        "sendgrid": {},
        "sparkpost": {
            "results": {"id": "s1", "total_accepted_recipients": 1, "total_rejected_recipients": 0}
        },
    }
    number = uuid7()
    ours = f"<{number}@relais.example>"
    message = Outbound(str(number), ours, ours, Party(BOB, "Bob"), "Yes.", subject="Hello")
    with an_api() as (api, url):
        for esp, answer in taken.items():
            with subtests.test(esp):
                carried_by(channel, esp, esp_api_url=url)
                api.asked.clear()
                api.answer = (200, answer, {"content-type": "application/json"})
                sent = Email().send(account_of(channel), message)
                assert sent.external_id == ours
                assert len(sent.parts) == 2
                [(_path, _headers, body)] = api.asked
                for part in (BOB, "Yes.", "Hello", str(number)):
                    assert part.encode() in body.replace(b"%40", b"@")


@pytest.mark.django_db
def test_keys_are_set_by_the_api_told_never_and_addresses_once(
    channel: Channel,
) -> None:
    root = house.somebody(house.department(channel.unit), Role.STAFF, name="Root")
    staff = house.somebody(house.department(channel.unit, "Desk"), Role.STAFF, name="Sam")
    type(root.user).objects.filter(pk=root.user.pk).update(is_superuser=True, is_staff=True)
    path = f"channels/{channel.pk}/mail/"

    def patch(who: Any, **said: Any) -> Any:
        return Caller(who.user).patch(path, said)

    def get(who: Any) -> Any:
        return Caller(who.user).get(path)

    tokens = {
        "token_url": "https://id.example/token",
        "client_id": "the client",
        "client_secret": "a secret of it",
        "refresh_token": "1//refresh",
    }
    assert patch(staff, keys=tokens).status_code == 403
    assert credentials_of(channel) == {}
    mailbox = "imaps://lea%40x.example@mail.example/INBOX"
    answer = patch(root, mailbox=mailbox, keys=tokens)
    assert answer.status_code == 200, answer.content
    assert answer.json()["given"] == [
        "client_id",
        "client_secret",
        "mailbox",
        "refresh_token",
        "token_url",
    ]
    assert (answer.json()["provider"], answer.json()["webhooks"]) == ("", [])
    channel.refresh_from_db()
    assert (credentials_of(channel), channel.inbox_url) == (tokens, mailbox)

    made = patch(root, keys={"esp": "postmark", "esp_api_key": "server-token"}).json()
    assert made["by_provider"] is True
    [tracking, inbound] = [each["url"] for each in made["webhooks"]]
    assert tracking.startswith("https://relais:")
    assert inbound.endswith(f"@relais.example/hooks/email/{channel.token}/postmark/inbound/")
    word = urlsplit(tracking).password or ""
    assert len(word) == 40
    shown = get(root).content.decode() + patch(root, keys={"esp_api_key": "two"}).content.decode()
    renewed = patch(root, renew_webhooks=True).json()
    assert urlsplit(renewed["webhooks"][0]["url"]).password not in {None, word}
    for secret in (word, "a secret of it", "1//refresh", "server-token", "lea%40x"):
        assert secret not in shown
    kept = Channel.objects.filter(credentials__contains="refresh")
    assert not kept.exists()  # encrypted

    for keys, code in (
        ({"nothing": "x"}, "unknown_field"),
        ({"esp": "pigeon"}, "unknown_provider"),
        ({"client_id": "a\nb"}, "field_unfit"),
        ({"token_url": "ftp://id.example/"}, "address_refused"),
        ({"esp_api_url": "ftp://id.example/"}, "address_refused"),
    ):
        refused = patch(root, keys=keys)
        assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert patch(root, mailbox="ftp://x").json()["code"] == "mailbox_unfit"

    assert patch(root, keys={"refresh_token": "-"}).json()["given"] == [
        "esp",
        "esp_api_key",
        "mailbox",
    ]
    ended = patch(root, mailbox="-", keys={"esp": "-"}).json()
    assert (ended["given"], ended["webhooks"], ended["by_provider"]) == ([], [], False)
    acts = Act.objects.filter(verb="channel_credentials_changed")
    assert acts.count() == 6
    assert not any("server-token" in str(act.__dict__) for act in acts)
    assert ChannelHealth.objects.get(channel=channel).works is None
    services.pause(channel, paused=True, by=AUTOMATION)
    chat = services.open_channel(channel.unit, kind="webchat", name="Chat", by=AUTOMATION)
    assert Caller(root.user).get(f"channels/{chat.pk}/mail/").json()["code"] == "no_mail"
    with pytest.raises(Conflict):
        mailing.change_keys(chat, given={"esp": "postmark"}, by=AUTOMATION)
    alerts = services.open_channel(
        channel.unit, kind="alerts", name="A", address="a@relais.example", by=AUTOMATION
    )
    with pytest.raises(Invalid):
        mailing.change_keys(alerts, given={"esp": "postmark"}, by=AUTOMATION)


@pytest.mark.django_db
def test_keys_are_set_on_the_channels_page_and_their_addresses_shown_once(
    channel: Channel, client: Client
) -> None:
    root = house.somebody(house.department(channel.unit), Role.STAFF, name="Root")
    type(root.user).objects.filter(pk=root.user.pk).update(is_superuser=True, is_staff=True)
    client.force_login(root.user)
    path = f"/admin/conversations/channel/{channel.pk}/change/"
    page = client.get(path).content.decode()
    assert "By a provider" in page
    said = {"name": channel.name, "unit": channel.unit_id, "address": US, "options": "{}"}
    said |= {"reopen_days": "14", "esp": "postmark", "esp_api_key": "server-token-of-ours"}
    saved = client.post(path, said, follow=True).content.decode()
    word = credentials_of(Channel.objects.get())["esp_word"]
    assert saved.count(word) == 2
    again = client.get(path).content.decode()
    assert word not in again
    assert "server-token-of-ours" not in again
    assert "Postmark: mail goes out by it" in again
