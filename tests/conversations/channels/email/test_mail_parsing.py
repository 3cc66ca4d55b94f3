from datetime import UTC, datetime

import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Inbound, Party, Refused
from conversations.channels.wire.email.content import safe_name
from conversations.channels.wire.email.parsing import parse

SIMPLE = """\
From: Léa Martin <Lea@Customer.example>
To: Support <support@relais.example>, Bob <bob@customer.example>
Cc: "Doe, Jane" <jane@customer.example>
Subject: =?utf-8?q?Colis_perdu_=E2=80=93?= =?utf-8?q?_encore?=
Date: Tue, 24 Nov 2026 10:00:00 +0100
Message-ID: <one@customer.example>
In-Reply-To: <b@relais.example>
References: <a@relais.example> <b@relais.example>
Content-Type: text/plain; charset=utf-8

Où est mon colis ?
"""


def test_a_plain_mail_is_read_whole(read):
    assert read(SIMPLE) == Inbound(
        external_id="<one@customer.example>",
        thread="<a@relais.example>",
        sender=Party("lea@customer.example", "Léa Martin"),
        text="Où est mon colis ?",
        body_digest=read(SIMPLE).body_digest,
        sent_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        subject="Colis perdu – encore",
        references=("<b@relais.example>", "<a@relais.example>"),
        others=(
            Party("bob@customer.example", "Bob"),
            Party("jane@customer.example", "Doe, Jane"),
        ),
    )


def test_line_ends_change_neither_identity_nor_digest(read):
    without_id = SIMPLE.replace("Message-ID: <one@customer.example>\n", "")
    unix, windows = read(without_id), read(without_id.replace("\n", "\r\n"))
    assert unix.external_id.startswith("sha256:")
    assert (unix.external_id, unix.body_digest) == (windows.external_id, windows.body_digest)


def test_another_body_is_another_digest_and_without_an_id_another_identity(read):
    without_id = SIMPLE.replace("Message-ID: <one@customer.example>\n", "Message-ID:\n")
    one, other = read(without_id), read(without_id.replace("colis ?", "paquet ?"))
    assert one.body_digest != other.body_digest
    assert one.external_id != other.external_id


def test_several_answered_ids_come_first_then_references_from_the_end(read):
    mail = read(
        "From: a@b.example\nIn-Reply-To: <x@1> (of Monday) <y@2>\n"
        "References: <a@1>\n <broken <b@2>\n <y@2>\n\nx"
    )
    assert mail.references == ("<x@1>", "<y@2>", "<b@2>", "<a@1>")


def test_an_answered_id_without_brackets_is_understood(read):
    assert read("From: a@b.example\nIn-Reply-To: x@1\n\nx").references == ("<x@1>",)


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To", "X-Original-To"])
def test_a_reply_token_is_found_in_any_recipient(read, field):
    mail = read(f"From: a@b.example\n{field}: Support <Support+C.ABCDEFGHIJ@relais.example>\n\nx")
    assert mail.reply_token == "abcdefghij"
    assert mail.others == ()


def test_a_reply_token_is_found_in_the_envelope(read):
    envelope = {"X-Relais-Rcpt": "support+c.abcdefghij@relais.example"}
    assert read("From: a@b.example\nTo: list@b.example\n\nx", envelope).reply_token == "abcdefghij"


def test_the_envelope_is_never_taken_from_the_mail_itself(read):
    mail = read("From: a@b.example\nX-Relais-Rcpt: support+c.abcdefghij@relais.example\n\nx")
    assert mail.reply_token == ""


def test_html_alone_gives_its_text(read):
    mail = read(
        "From: a@b.example\nContent-Type: text/html; charset=iso-8859-1\n\n"
        "<html><head><title>T</title><style>p {color: red}</style></head><body><p>Bonjour,<br>"
        "voil&agrave; <a href='https://x.example/1'>le lien</a></p><script>x()</script></body>"
    )
    assert mail.text == "Bonjour,\nvoilà le lien <https://x.example/1>"
    assert mail.html.startswith("<html>")


def test_text_is_preferred_to_html_and_a_footer_does_not_hide_html(read):
    both = (
        "From: a@b.example\nContent-Type: multipart/alternative; boundary=x\n\n"
        "--x\nContent-Type: text/html\n\n<b>hello</b>\n--x\n\nhello plain\n--x--\n"
    )
    footer = (
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\nContent-Type: text/html\n\n<b>hello</b>\n--x\n\nthe list's footer\n--x--\n"
    )
    assert read(both).text == "hello plain"
    assert read(footer).text == "hello\n\nthe list's footer"


def test_files_of_every_kind_are_kept_under_safe_names(read):
    mail = read(
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\n\nsee these\n"
        '--x\nContent-Disposition: attachment; filename="../../etc/pass\u202etxt.exe"\n'
        "Content-Transfer-Encoding: base64\n\naGVsbG8=\n"
        "--x\nContent-Type: image/png\nContent-ID: <logo@1>\nContent-Disposition: inline\n"
        "Content-Transfer-Encoding: base64\n\niVBORw0K\n"
        "--x\nContent-Type: message/rfc822\n\nSubject: An older mail\nFrom: c@d.example\n\nold\n"
        "--x\nContent-Type: application/ms-tnef; name*=utf-8''winm%C3%A4il.dat\n\ntnef\n--x--\n"
    )
    assert mail.text == "see these"
    assert [(each.name, each.type, each.content_id) for each in mail.files] == [
        ("passtxt.exe", "text/plain", ""),
        ("attachment-2.png", "image/png", "logo@1"),
        ("An older mail.eml", "message/rfc822", ""),
        ("winmäil.dat", "application/ms-tnef", ""),
    ]
    assert mail.files[0].data == b"hello"
    assert mail.files[2].data == b"Subject: An older mail\nFrom: c@d.example\n\nold"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("C:\\Users\\x\\a.txt", "a.txt"),
        ("a\x00b\r\nc.txt", "a_b__c.txt"),
        ("..", "attachment-1.bin"),
        ("", "attachment-1.bin"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
        ("<script>.svg", "_script_.svg"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("x-unknown", b"caf\xc3\xa9", "café"),
        ("x-unknown", b"caf\xe9", "café"),
        ("ansi_x3.110-1983", b"caf\xe9", "café"),
        ("iso-gb2312", "你好".encode("gb18030"), "你好"),
        ("us-ascii", b"caf\xe9", "café"),
        ("utf-8", b"a\x00b", "a\ufffdb"),
        ("utf-7", b"+2AA-", "\ufffd"),
    ],
)
def test_unknown_and_lying_charsets_lose_no_text(read, charset, body, text):
    head = f"From: a@b.example\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert read(head + body).text == text


def test_a_mail_without_sender_belongs_to_nobody(read):
    mail = read("Subject: hello\n\nx")
    assert mail.sender.handle == "unknown@unknown.invalid"
    assert "The mail names no sender." in mail.notes


def test_the_envelope_names_the_sender_when_the_mail_does_not(read):
    mail = read("Subject: hello\n\nx", {"x-relais-mail-from": "a@b.example"})
    assert mail.sender.handle == "a@b.example"


def test_a_wish_for_answers_elsewhere_is_noted_and_not_followed(read):
    mail = read("From: a@b.example\nReply-To: c@d.example\n\nx")
    assert mail.sender.handle == "a@b.example"
    assert mail.notes == ("The sender asks for answers at c@d.example.",)


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: Auto-Generated; x=y",
        "Precedence: bulk",
        "List-Id: <news.shop.example>",
        "List-Unsubscribe: <https://x.example>",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
        "X-Autorespond: x",
        "Return-Path: <>",
        "Content-Type: multipart/report; boundary=x",
        "Message-ID: <0193c0f0-1111-7222-8333-444455556666@relais.example>",
    ],
)
def test_machines_are_known(read, line):
    assert read(f"From: a@b.example\n{line}\n\nI am away").automated
    assert not read("From: a@b.example\n\nI am here").automated


@pytest.mark.parametrize(
    "line",
    ["Auto-Submitted: no", "X-Auto-Response-Suppress: None", "List-Id: <support.relais.example>"],
)
def test_people_are_not_taken_for_machines(read, line):
    assert not read(f"From: a@b.example\n{line}\n\nhello").automated


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@x.example", "postmaster@x.example"])
def test_daemons_and_our_own_address_are_machines(read, sender):
    assert read(f"From: {sender}\n\nhello").automated
    assert read("From: Support+x@Relais.example\n\nhello").automated


def test_an_empty_envelope_sender_is_a_machine(read):
    assert read("From: a@b.example\n\nhello", {"x-relais-mail-from": "<>"}).automated


@pytest.mark.parametrize("raw", [b"", b"\x00" * 100, b"just words\n\nand more\n"])
def test_what_has_no_header_is_refused(raw):
    with pytest.raises(Refused, match="no header"):
        parse(Account(), raw, {})
