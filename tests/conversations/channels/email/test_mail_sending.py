import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Outbound, Party, SendFailed
from conversations.channels.wire.email import transport
from conversations.channels.wire.email.adapter import Email
from conversations.channels.wire.email.compose import compose, envelope_sender

MESSAGE = Outbound(
    id="0193c0f0-1111-7222-8333-444455556666",
    external_id="<0193c0f0-1111-7222-8333-444455556666@relais.example>",
    thread="",
    to=Party("Lea@customer.example", "Léa Martin"),
    text="Bonjour Léa,\n\nvoilà.\n.\n..\n",
    subject="Colis perdu – encore",
    in_reply_to="<two@customer.example>",
    references=("<one@customer.example>", "<ours@relais.example>", "<two@customer.example>"),
    reply_address="support+c.abcdefghij@relais.example",
    bounce_address="support+b.abcdefghij@relais.example",
    sender_name="Ana",
)


def composed(account, message):
    return message_from_bytes(compose(account, message), policy=default)


def text_of(mail):
    return mail.get_content().replace("\r\n", "\n")


def test_a_mail_says_who_what_and_what_it_answers(account):
    mail = composed(account, MESSAGE)
    assert mail["Message-ID"] == MESSAGE.external_id
    assert mail["In-Reply-To"] == "<two@customer.example>"
    assert mail["References"].split() == list(MESSAGE.references)
    assert mail["From"] == "Ana <support@relais.example>"
    assert mail["To"] == "Léa Martin <Lea@customer.example>"
    assert mail["Reply-To"] == "Ana <support+c.abcdefghij@relais.example>"
    assert mail["Subject"] == "Re: Colis perdu – encore"
    assert "Auto-Submitted" not in mail
    assert text_of(mail) == MESSAGE.text
    assert max(len(line) for line in compose(account, MESSAGE).splitlines()) <= 78


def test_an_automatic_mail_says_so_and_asks_for_no_reports(account):
    message = replace(MESSAGE, automated=True)
    assert composed(account, message)["Auto-Submitted"] == "auto-generated"
    assert envelope_sender(account, message) == ""
    assert envelope_sender(account, MESSAGE) == MESSAGE.bounce_address


def test_long_threads_keep_the_first_and_the_last_references(account):
    long = [f"<{number}.{'x' * 90}@customer.example>" for number in range(100)]
    mail = composed(account, replace(MESSAGE, references=tuple(long), in_reply_to=long[-1]))
    assert mail["References"].split() == [long[0], *long[-20:]]


def test_ids_that_are_no_message_ids_are_left_out(account):
    mail = composed(account, replace(MESSAGE, references=("sha256:ab", "a b"), in_reply_to="x"))
    assert "In-Reply-To" not in mail
    assert "References" not in mail


def test_no_field_can_add_a_header(account):
    bad = "x\r\nBcc: everybody@evil.example"
    message = replace(
        MESSAGE,
        subject=bad,
        sender_name=bad,
        to=Party(MESSAGE.to.handle, bad),
        in_reply_to=f"<{bad}>",
        references=(f"<{bad}>",),
        files=(File(bad, bad, b"x"),),
    )
    mail = composed(account, message)
    assert "Bcc" not in mail
    assert mail.get_payload()[1].get_content_type() == "application/octet-stream"


@pytest.mark.parametrize("handle", ["", "a", "a@b\r\nBcc: x@y", "a b@c", "unknown@unknown.invalid"])
def test_a_recipient_that_is_no_address_fails_for_good(account, handle):
    with pytest.raises(SendFailed) as failure:
        compose(account, replace(MESSAGE, to=Party(handle)))
    assert failure.value.permanent


def test_a_subject_that_looks_encoded_is_sent_as_it_reads(account):
    message = replace(MESSAGE, subject="Re: =?UTF-8?B?4pi6?= =?UT F-8?B?Iua8ouWtlyI=?= \udc80")
    assert "F-8?B?Iua8ouWtlyI" in composed(account, message)["Subject"]


def test_files_are_attached(account):
    files = (File("été.pdf", "application/pdf", b"\x00\xff"), File("m.eml", "message/rfc822", b"x"))
    parts = list(composed(account, replace(MESSAGE, files=files)).iter_attachments())
    assert [part.get_filename() for part in parts] == ["été.pdf", "m.eml"]
    assert parts[0].get_content() == b"\x00\xff"
    assert parts[1].get_content_type() == "application/octet-stream"


def test_without_a_server_each_mail_is_one_whole_file(account, tmp_path):
    there = replace(account, options={"mail_url": (tmp_path / "out box").as_uri()})
    for _ in range(2):
        sent = Email().send(there, MESSAGE)
    (path,) = (tmp_path / "out box").iterdir()
    assert path.name == f"{MESSAGE.id}.eml"
    assert sent.external_id == MESSAGE.external_id
    assert message_from_bytes(path.read_bytes())["Message-ID"] == MESSAGE.external_id


def test_an_outbox_that_cannot_be_written_is_tried_again(account, tmp_path):
    (tmp_path / "file").write_text("")
    there = replace(account, options={"mail_url": (tmp_path / "file" / "x").as_uri()})
    with pytest.raises(SendFailed) as failure:
        Email().send(there, MESSAGE)
    assert not failure.value.permanent


class Inbox:
    """A real SMTP server's handler; `answers` replaces its answer to a step."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.answers.get("data", "250 OK")


@contextmanager
def smtp_server(inbox: Inbox) -> Iterator[Account]:
    controller = Controller(inbox, hostname="127.0.0.1", port=0)
    controller.factory = lambda: SMTP(inbox, hostname="mx.example")
    with socket.create_server(("127.0.0.1", 0)) as free:
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        url = f"smtp://127.0.0.1:{controller.port}"
        yield Account(address="support@relais.example", options={"mail_url": url})
    finally:
        controller.stop()


def test_a_server_gets_the_mail_dots_and_envelope_included():
    inbox = Inbox()
    with smtp_server(inbox) as account:
        Email().send(account, MESSAGE)
    ((sender, recipients, content),) = inbox.mails
    assert sender == MESSAGE.bounce_address
    assert recipients == ["Lea@customer.example"]
    assert text_of(message_from_bytes(content, policy=default)) == MESSAGE.text


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 5.1.1 no", True), ("451 later", False), ("421 bye", False)]
)
def test_what_the_server_refuses_is_permanent_or_not_as_it_says(step, answer, permanent):
    inbox = Inbox(**{step: answer})
    with smtp_server(inbox) as account, pytest.raises(SendFailed, match=answer[:3]) as failure:
        Email().send(account, MESSAGE)
    assert (failure.value.permanent, failure.value.unknown) == (permanent, False)


@contextmanager
def scripted_server(talk: Callable[[socket.socket], None]) -> Iterator[Account]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            talk(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        yield Account(address="support@relais.example", options={"mail_url": url})
    finally:
        thread.join(5)
        listener.close()


def said_until(connection: socket.socket, end: bytes) -> None:
    said = b""
    while not said.endswith(end):
        said += connection.recv(65_536)


def talk_until_data(connection: socket.socket) -> None:
    connection.sendall(b"220 mx\r\n")
    for _ in range(3):  # EHLO, MAIL, RCPT
        said_until(connection, b"\r\n")
        connection.sendall(b"250 ok\r\n")
    said_until(connection, b"DATA\r\n")


def test_a_connection_lost_before_the_mail_was_handed_over_is_tried_again():
    with scripted_server(talk_until_data) as account, pytest.raises(SendFailed) as failure:
        Email().send(account, MESSAGE)
    assert (failure.value.permanent, failure.value.unknown) == (False, False)


def test_a_connection_lost_after_the_final_dot_is_unknown():
    def talk(connection: socket.socket) -> None:
        talk_until_data(connection)
        connection.sendall(b"354 go\r\n")
        said_until(connection, b"\r\n.\r\n")

    with scripted_server(talk) as account, pytest.raises(SendFailed) as failure:
        Email().send(account, MESSAGE)
    assert failure.value.unknown


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(transport, "SECONDS", 0.3)

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 mx\r\n")
        said_until(connection, b"\r\n")
        connection.recv(1)

    with scripted_server(talk) as account, pytest.raises(SendFailed) as failure:
        Email().send(account, MESSAGE)
    assert (failure.value.permanent, failure.value.unknown) == (False, False)


def test_no_server_and_no_known_url_are_not_the_mails_fault(account):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for url in (f"smtp://127.0.0.1:{port}", "ftp://x", ""):
        with pytest.raises(SendFailed) as failure:
            Email().send(replace(account, options={"mail_url": url}), MESSAGE)
        assert not failure.value.permanent
