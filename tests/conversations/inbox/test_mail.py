"""Mail from door to door: threading, strangers, duplicates, machines, bounces."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from conversations.channels import claiming
from conversations.channels.doors.mail import mailbox, store
from conversations.channels.models import Channel, Envelope
from conversations.channels.wire.email import tokens
from conversations.inbox import tasks
from conversations.inbox.models import (
    Conversation,
    Correspondent,
    DeliveryState,
    Message,
    Status,
    UnmatchedReceipt,
)
from conversations.inbox.services import close, reply
from crm.access.models import Role
from crm.contacts.models import Contact
from tests import house

pytestmark = pytest.mark.django_db

LEA = "Léa Martin <lea@customer.example>"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "fixtures"


@pytest.fixture(autouse=True)
def outbox(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = (tmp_path / "outbox").as_uri()
    return tmp_path / "outbox"


@pytest.fixture
def channel() -> Channel:
    return house.mail_channel(house.unit())


@pytest.fixture
def staff(channel: Channel) -> house.Somebody:
    return house.somebody(house.department(channel.unit), Role.STAFF, name="Ana")


def hand_in(
    text: str = "Where is my parcel?",
    *,
    sender: str = LEA,
    to: str = "support@relais.example",
    message_id: str = "<one@customer.example>",
    subject: str = "My parcel",
    envelope_sender: str | None = None,
    **fields: str,
) -> Envelope:
    """A mail comes through a door and is read."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, to, subject, message_id
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return put(mail.as_bytes(), to=to, envelope_sender=envelope_sender)


def put(raw: bytes, *, to: str, envelope_sender: str | None = None) -> Envelope:
    there = mailbox(to)
    assert there is not None
    store(there, raw, recipient=to, sender=envelope_sender)
    claiming.ingest()
    return Envelope.objects.order_by("-pk")[0]


def answered(conversation: Conversation, staff: house.Somebody, outbox: Path) -> Mail:
    """The mail that the customer gets."""
    message = reply(conversation, text="On its way.", by=staff.acting)
    tasks.deliver_due()
    return message_from_bytes((outbox / f"{message.pk}.eml").read_bytes(), policy=default)


def test_a_mail_is_answered_and_the_answer_answered(
    channel: Channel, staff: house.Somebody, outbox: Path
) -> None:
    hand_in()
    conversation = Conversation.objects.get()
    assert (conversation.subject, conversation.status) == ("My parcel", Status.OPEN)
    mail = answered(conversation, staff, outbox)
    assert mail["To"] == "Léa Martin <lea@customer.example>"
    assert mail["Subject"] == "Re: My parcel"
    assert mail["In-Reply-To"] == mail["References"] == "<one@customer.example>"
    ours = Message.objects.get(direction="out")
    assert mail["Message-ID"] == ours.external_id
    assert ours.delivery.state == DeliveryState.SENT
    hand_in("Thanks!", message_id="<two@customer.example>", In_Reply_To=ours.external_id)
    conversation.refresh_from_db()
    assert conversation.status == Status.OPEN
    second = answered(conversation, staff, outbox)
    assert second["In-Reply-To"] == "<two@customer.example>"
    assert second["References"].split() == [
        "<one@customer.example>",
        ours.external_id,
        "<two@customer.example>",
    ]
    assert Conversation.objects.count() == Contact.objects.count() == 1


@pytest.mark.parametrize("way", ["token", "in-reply-to", "references", "only their own first id"])
def test_an_answer_finds_its_conversation_whatever_is_left_of_the_headers(
    channel: Channel, staff: house.Somebody, outbox: Path, way: str
) -> None:
    hand_in()
    mail = answered(Conversation.objects.get(), staff, outbox)
    found = {
        "token": {"to": mail["Reply-To"].addresses[0].addr_spec.upper()},
        "in-reply-to": {"In_Reply_To": mail["Message-ID"]},
        "references": {"References": f"{mail['Message-ID']} <unknown@customer.example>"},
        "only their own first id": {"References": "<one@customer.example>"},
    }[way]
    hand_in("Thanks!", message_id="<two@customer.example>", subject="hm", **found)
    assert Conversation.objects.get().messages.count() == 3


def test_a_new_matter_of_the_same_customer_is_a_conversation_of_its_own(channel: Channel) -> None:
    hand_in()
    hand_in("And my invoice?", message_id="<two@customer.example>")
    assert Conversation.objects.count() == 2
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("way", ["token", "in-reply-to", "references"])
def test_a_stranger_who_quotes_our_ids_changes_neither_recipient_nor_customer(
    channel: Channel, staff: house.Somebody, outbox: Path, way: str
) -> None:
    hand_in()
    conversation = Conversation.objects.get()
    mail = answered(conversation, staff, outbox)
    quoted = {
        "token": {"to": mail["Reply-To"].addresses[0].addr_spec},
        "in-reply-to": {"In_Reply_To": mail["Message-ID"]},
        "references": {"References": f"<one@customer.example> {mail['Message-ID']}"},
    }[way]
    hand_in("Send it to me", sender="eve@evil.example", message_id="<x@evil.example>", **quoted)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.messages.count()) == (Status.WAITING, 2)
    assert not Correspondent.objects.filter(conversation=conversation).exists()
    other = Conversation.objects.exclude(pk=conversation.pk).get()
    assert other.identity is not None
    assert other.identity.handle == "eve@evil.example"
    again = answered(conversation, staff, outbox)
    assert again["To"].addresses[0].addr_spec == "lea@customer.example"
    assert again["In-Reply-To"] == "<one@customer.example>"


def test_a_colleague_in_copy_may_go_on_and_the_customer_stays_the_recipient(
    channel: Channel, staff: house.Somebody, outbox: Path
) -> None:
    hand_in(Cc="Bob <bob@customer.example>")
    conversation = Conversation.objects.get()
    mail = answered(conversation, staff, outbox)
    hand_in(
        "Any news?",
        sender="bob@customer.example",
        message_id="<bob@customer.example>",
        In_Reply_To=mail["Message-ID"],
    )
    assert Conversation.objects.get().messages.count() == 3
    assert answered(conversation, staff, outbox)["To"].addresses[0].username == "lea"


def test_a_token_of_another_channel_or_made_up_is_worth_nothing(channel: Channel) -> None:
    hand_in()
    first = Conversation.objects.get()
    forged = tokens.sign("another key", first.pk, purpose=tokens.REPLY)
    to = tokens.tagged(channel.address, forged, purpose=tokens.REPLY)
    hand_in("hm", to=to, message_id="<two@customer.example>")
    assert first.messages.count() == 1


def test_the_same_mail_twice_is_one_message(channel: Channel) -> None:
    hand_in(X_Copy="1")
    second = hand_in(X_Copy="2")
    assert Message.objects.count() == 1
    assert (second.state, second.reason) == ("done", "duplicate")


@pytest.mark.parametrize("other", [{"text": "Another text"}, {"sender": "Eve <eve@evil.example>"}])
def test_the_same_id_from_another_sender_or_with_another_body_is_kept_and_flagged(
    channel: Channel, other: dict[str, Any]
) -> None:
    hand_in()
    hand_in(**other)
    first, second = Message.objects.order_by("occurred_at", "pk")
    assert (first.notes, first.external_id) == ([], second.external_id)
    assert second.notes == ["same id as an earlier message, with another sender or text"]


def test_two_mails_without_an_id_are_two_messages(channel: Channel) -> None:
    for text in ("one", "two"):
        put(f"From: a@b.example\n\n{text}\n".encode(), to=channel.address)
    assert Message.objects.count() == 2


def test_an_automatic_answer_is_recorded_and_moves_nothing(
    channel: Channel, staff: house.Somebody, outbox: Path
) -> None:
    hand_in()
    conversation = Conversation.objects.get()
    mail = answered(conversation, staff, outbox)
    close(conversation, by=staff.acting)
    hand_in(
        "I am away",
        message_id="<away@customer.example>",
        In_Reply_To=mail["Message-ID"],
        Auto_Submitted="auto-replied (vacation)",
    )
    conversation.refresh_from_db()
    assert conversation.status == Status.CLOSED
    assert conversation.messages.get(text__startswith="I am away").automated


def test_our_own_mail_that_comes_back_starts_nothing(
    channel: Channel, staff: house.Somebody, outbox: Path
) -> None:
    hand_in()
    answered(Conversation.objects.get(), staff, outbox)
    (path,) = outbox.iterdir()
    put(path.read_bytes(), to=channel.address)
    looped = Message.objects.get(direction="in", automated=True)
    assert looped.conversation.waiting_since is None


BOUNCE = """\
From: MAILER-DAEMON@mx.example
To: {to}
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

Sorry.
--x
Content-Type: message/delivery-status

Final-Recipient: rfc822; lea@customer.example
Action: {action}
Status: 5.1.1

--x
Content-Type: text/rfc822-headers

Message-ID: {message_id}
--x--
"""


@pytest.mark.parametrize("by", ["address", "id"])
def test_a_bounce_fails_our_message_and_gives_the_turn_back(
    channel: Channel, staff: house.Somebody, outbox: Path, by: str
) -> None:
    hand_in()
    conversation = Conversation.objects.get()
    answered(conversation, staff, outbox)
    ours = Message.objects.get(direction="out")
    token = tokens.sign(channel.secret, ours.pk, purpose=tokens.BOUNCE)
    signed = tokens.tagged(channel.address, token, purpose=tokens.BOUNCE)
    to, quoted = {
        "address": (signed, "<unknown@x.example>"),
        "id": (channel.address, ours.external_id),
    }[by]
    delayed = BOUNCE.format(to=to, action="delayed", message_id=quoted)
    put(delayed.encode(), to=to, envelope_sender="")
    ours.delivery.refresh_from_db()
    assert ours.delivery.state == DeliveryState.SENT
    failed = BOUNCE.format(to=to, action="failed", message_id=quoted)
    put(failed.encode(), to=to, envelope_sender="")
    ours.delivery.refresh_from_db()
    conversation.refresh_from_db()
    assert ours.delivery.state == DeliveryState.FAILED
    assert ours.delivery.cause == "lea@customer.example 5.1.1"
    assert conversation.status == Status.OPEN
    assert Message.objects.filter(direction="in").count() == 1


def test_a_bounce_of_nothing_of_ours_stays_visible(channel: Channel) -> None:
    mail = BOUNCE.format(to=channel.address, action="failed", message_id="<who@knows.example>")
    envelope = put(mail.encode(), to=channel.address, envelope_sender="")
    assert envelope.reason == "reports on a message that is not known here"
    assert UnmatchedReceipt.objects.get().references == ["<who@knows.example>"]
    assert not Message.objects.exists()


def test_attachments_and_html_are_kept(channel: Channel) -> None:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = LEA, "<one@customer.example>"
    mail.set_content("see")
    mail.add_alternative('<p>see <img src="cid:logo@1"></p>', subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../été.pdf")
    put(mail.as_bytes(), to=channel.address)
    message = Message.objects.get()
    assert (message.text, "cid:logo" in message.html) == ("see", True)
    (attachment,) = message.attachments.all()
    assert (attachment.name, attachment.size) == ("été.pdf", 4)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the third-party mails are not here")
def test_every_third_party_mail_handed_in_ends_somewhere(channel: Channel) -> None:
    mails = [p for p in (SHARED / "mail").rglob("*") if p.suffix in {".eml", ".txt"}]
    distinct = {path.read_bytes() for path in mails}
    for raw in distinct:
        store(channel, raw, recipient=channel.address)
    claiming.ingest()
    states = list(Envelope.objects.values_list("state", flat=True))
    assert len(states) == len(distinct)
    assert states.count("waiting") == 0
    failed = Envelope.objects.filter(state="failed").values_list("reason", flat=True)
    assert list(failed) == ["it has no header, so it is no mail"] * 2
