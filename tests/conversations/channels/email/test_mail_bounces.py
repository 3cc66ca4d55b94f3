import json

import pytest

from conversations.channels.wire.contract import Ignored, Inbound, Receipt

REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example
To: support@relais.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

I'm sorry to have to inform you.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; lea@customer.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <lea@customer.example>: User unknown
--x
Content-Type: {returned}

Message-ID: <ours@relais.example>
Subject: Re: hello
--x--
"""

# The four of them that the library itself finds no recipient in, and a read report that says
# "deleted", which it takes for a bounce.
NO_RECIPIENT = {"bounce_01.txt", "dumbass_01.txt", "groupwise_03.txt", "qmail_08.txt"}
MISSED = {"simple_38.txt"}


def report(action="failed", status="5.1.1", returned="message/rfc822"):
    return REPORT.format(action=action, status=status, returned=returned)


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_failure_names_our_message_and_says_why(read, returned):
    assert read(report(returned=returned)) == Receipt(
        references=("<ours@relais.example>",),
        state="failed",
        cause="lea@customer.example 5.1.1 550 5.1.1 <lea@customer.example>: User unknown",
    )


@pytest.mark.parametrize(
    ("action", "status", "transient"),
    [
        ("delayed", "4.4.1", True),
        ("Delayed (still trying)", "", True),
        ("error", "4.0.0", True),
        ("error", "5.0.0", False),
        ("failed", "4.4.7", False),
    ],
)
def test_a_delay_is_transient_and_giving_up_is_not(read, action, status, transient):
    told = read(report(action, status))
    assert (told.state, told.transient) == ("failed", transient)


def test_a_delivery_is_told(read):
    told = read(report("delivered", "2.1.5"))
    assert (told.state, told.transient) == ("delivered", False)


def test_the_signed_envelope_sender_is_found(read):
    envelope = {"x-relais-rcpt": "support+b.abcdefghij@relais.example", "x-relais-mail-from": ""}
    assert read(report(), envelope).bounce_token == "abcdefghij"


def test_an_old_bounce_without_report_is_recognised_with_the_id_it_quotes(read):
    old = """\
From: Mail Delivery System <Mailer-Daemon@mx.example>
To: support@relais.example
Subject: Mail delivery failed: returning message to sender
Message-ID: <its-own@mx.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  lea@customer.example
    unknown user

------ This is a copy of the message, including all the headers. ------

Message-ID: <ours@relais.example>
Subject: hello
"""
    told = read(old)
    assert isinstance(told, Receipt)
    assert (told.state, told.references) == ("failed", ("<ours@relais.example>",))
    assert told.cause == "lea@customer.example"


def test_a_read_report_is_told_and_one_of_a_deletion_ignored(read):
    def mail(what):
        return f"""\
From: lea@customer.example
Content-Type: multipart/report; report-type=disposition-notification; boundary=x

--x

Your message was displayed.
--x
Content-Type: message/disposition-notification

Original-Message-ID: <ours@relais.example>
Disposition: manual-action/MDN-sent-manually; {what}
--x--
"""

    assert read(mail("displayed")) == Receipt(("<ours@relais.example>",), "read")
    assert isinstance(read(mail("deleted")), Ignored)


def test_a_person_who_quotes_a_bounce_is_heard(read):
    quoted = report().split("\n\n", 1)[1].replace("--x", "> ")
    mail = read(f"From: lea@customer.example\nSubject: what is this?\n\nI got this:\n{quoted}")
    assert isinstance(mail, Inbound)
    assert not mail.automated


def test_a_report_that_tells_nothing_is_a_message_of_a_machine(read):
    mail = read(
        "From: x@y.example\nContent-Type: multipart/report; report-type=delivery-status; "
        "boundary=x\n\n--x\n\nsomething happened\n--x--\n"
    )
    assert isinstance(mail, Inbound)
    assert mail.automated


def test_the_third_party_bounces_are_recognised(read, fixtures):
    folder = fixtures / "mail" / "bounces-flufl"
    expected = json.loads((folder / "expected.json").read_text())
    wrong, nothing = set(), set()
    for name, failures in expected.items():
        item = read((folder / name).read_bytes())
        if not failures["permanent"] and not failures["temporary"]:
            nothing.add(name)
        elif not isinstance(item, Receipt) or item.transient != (not failures["permanent"]):
            wrong.add(name)
    assert nothing - {"simple_43.txt"} == NO_RECIPIENT
    assert wrong == MISSED
