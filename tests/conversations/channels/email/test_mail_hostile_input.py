"""Each of these made some mail reader hang, recurse or die; each must stay cheap here."""

from time import process_time

import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Inbound, Receipt, Refused
from conversations.channels.wire.email import limits
from conversations.channels.wire.email.limits import FILES, PARTIES
from conversations.channels.wire.email.parsing import parse

MB = 1024 * 1024
HEAD = b"From: a@b.example\nMessage-ID: <1@b.example>\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n"


def nested(depth: int) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    )
    return HEAD + opening + b"\nhello\n"


def parts_of_long_parameters() -> bytes:
    part = b'--x\nContent-Type: multipart/mixed; a="' + b";" * 8_000 + b"\n\na\n"
    return MIXED + part * 900


QUICK = {
    "40 KB of quotes in To": HEAD + b"To: " + b'"' * 40_000 + b"\n\nx",
    "escaped quotes in To": HEAD + b'To: "' + b'\\"' * 30_000 + b"\n\nx",
    "colons in To": HEAD + b"To: " + b"a" * 30_000 + b"@" + b":" * 30_000 + b"\n\nx",
    "320 KB of encoded words": HEAD + b"Subject: " + b"=?utf-8?b?4pi6?= " * 19_000 + b"\n\nx",
    "encoded words never closed": HEAD + b"Subject: " + b"=?a?q?" * 10_000 + b"\n\nx",
    "5 KB of parentheses": HEAD + b"To: " + b"(" * 5_000 + b"\n\nx",
    "1,000 nested multiparts": nested(1_000),
    "1,000 enclosed messages": HEAD + b"Content-Type: message/rfc822\n\n" * 1_000 + b"\nx",
    "20,000 recipients": HEAD + b"To: " + b",\n ".join(b"p%d@b.example" % n for n in range(20_000)),
    "5,000 parameters": HEAD
    + b"Content-Type: text/plain; "
    + b"; ".join(b"p%d=v" % n for n in range(5_000))
    + b"\n\nx",
    "a parameter's huge number": HEAD
    + b"Content-Type: multipart/mixed; boundary*"
    + b"9" * 5_000
    + b"*=x\n\nx",
    "an empty boundary": HEAD + b'Content-Type: multipart/mixed; boundary=""\n\n--\n\nx\n----\n',
    "an unknown charset": HEAD + b"Content-Type: text/plain; charset=x-unknown\n\nx",
    "a charset of quadratic time": HEAD
    + b"Content-Type: text/plain; charset=punycode\n\na-"
    + b"b" * MB,
    "100,000 attachments": MIXED + b"--x\nContent-Disposition: attachment\n\na\n" * 100_000,
    "references never closed": HEAD + b"References: " + b"<" * 60_000 + b"\n\nx",
    "a date of digits": HEAD + b"Date: " + b"1" * 60_000 + b"\n\nx",
    "HTML of brackets": HEAD + b"Content-Type: text/html\n\n" + b"<" * MB,
    "HTML of open tags": HEAD + b"Content-Type: text/html\n\n" + b"<a" * MB,
    "HTML of open comments": HEAD + b"Content-Type: text/html\n\n" + b"<!--" * MB,
    "HTML of a long number": HEAD + b"Content-Type: text/html\n\n&#" + b"9" * MB,
    "a bounce of empty lines": b"Return-Path: <>\n" + HEAD + b"\n" * MB,
    "100,000 reported recipients": b"Return-Path: <>\n"
    + HEAD
    + b"Content-Type: multipart/report; boundary=x\n\n--x\n\n--x\n"
    + b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.1.1\n\n" * 100_000,
}
SLOW = {
    "24 MB of empty lines": HEAD + b"\n" * (24 * MB),
    "24 MB of headers": b"a:\n" * (8 * MB),
    "24 MB of one folded header": HEAD + b"X: " + b"x\n " * (8 * MB) + b"\n\n",
    "900 parts of long parameters": parts_of_long_parameters(),
}


@pytest.mark.parametrize("name", QUICK)
def test_hostile_mail_is_read_quickly(name):
    started = process_time()
    (item,) = parse(Account(), QUICK[name], {})
    assert process_time() - started < 2.0
    assert item


@pytest.mark.parametrize("name", SLOW)
def test_endless_mail_ends_with_its_budget_and_keeps_the_original(name, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    started = process_time()
    (item,) = parse(Account(), SLOW[name], {})
    assert process_time() - started < 4.0
    assert isinstance(item, Inbound)
    assert any("attached unread" in note for note in item.notes)
    assert item.files[0].data == SLOW[name]


def test_a_mail_too_deep_is_kept_with_its_original():
    (item,) = parse(Account(), nested(1_000), {})
    assert isinstance(item, Inbound)
    assert item.external_id == "<1@b.example>"
    assert (item.text, item.files[0].name) == ("", "original.eml")
    assert item.notes == ("The mail is attached unread: parts are nested more than 20 deep.",)


def test_a_mail_of_ordinary_depth_is_read():
    (item,) = parse(Account(), nested(15), {})
    assert isinstance(item, Inbound)
    assert item.text == "hello"


def test_many_recipients_and_files_are_cut_and_said_so():
    crowd = HEAD + b"To: " + b", ".join(b"p%d@b.example" % n for n in range(1_000)) + b"\n\nx"
    files = MIXED + b"--x\nContent-Disposition: attachment; filename=a\n\na\n" * 500
    (to_many,), (with_many,) = parse(Account(), crowd, {}), parse(Account(), files, {})
    assert isinstance(to_many, Inbound)
    assert isinstance(with_many, Inbound)
    assert len(to_many.others) == PARTIES
    assert len(with_many.files) == FILES
    assert with_many.notes == (f"Only the first {FILES} files were kept.",)


def test_a_mail_of_50_mb_is_refused():
    with pytest.raises(Refused, match="larger than 25 MB"):
        parse(Account(), HEAD + b"\n" + b"x" * (50 * MB), {})


def test_a_single_line_of_24_mb_is_read():
    (item,) = parse(Account(), HEAD + b"\n" + b"x" * (24 * MB), {})
    assert isinstance(item, Inbound)
    assert item.notes == ("The text was cut at 200000 characters.",)


def test_a_name_cannot_smuggle_an_address_in(read):
    mail = read("From: =?utf-8?q?=22admin=40relais.example=22_=3C?= <a@evil.example>\n\nx")
    assert mail.sender.handle == "a@evil.example"
    assert "<" in mail.sender.name


@pytest.mark.parametrize(
    "mail",
    [
        HEAD + b"Content-Type: text/plain; charset=iso-2022-jp" + b"x" * 300 + b"\n\n\xff",
        HEAD + b"Content-Type: text/plain; charset*=utf-8'x'ascii\n\ncaf\xe9",
        HEAD + b"Content-Type: image/p\x00ng\n\nx",
        MIXED
        + b"--x\nContent-Type: message/rfc822\n\nSubject: a\xff\n bc: d\nX:\n y: z\n\nold\n--x--",
        b"Return-Path: <>\n" + HEAD + b"X-Mailer: \xff\n\nMessage-ID: <a\x00b@c>\n",
    ],
)
def test_what_breaks_the_library_below_does_not_break_reading(mail):
    (item,) = parse(Account(), mail, {})
    assert "\0" not in repr(item).replace("\\0", "")
    assert item


def test_an_old_bounce_with_8_bit_headers_is_recognised():
    mail = (
        b"From: MAILER-DAEMON@mx.example\nSubject: failure notice \xff\nX-Mailer: \xff\n\n"
        b"Hi. This is the qmail-send program at mx.example.\n\n<lea@customer.example>:\nno\n"
    )
    (item,) = parse(Account(), mail, {})
    assert isinstance(item, Receipt)
