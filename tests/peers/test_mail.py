"""Mail: in by IMAP and out by SMTP, through a real Postfix and Dovecot; a bounce, a vacation."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from conversations.channels import claiming
from conversations.channels.doors import imap
from conversations.channels.models import Channel, Envelope
from conversations.channels.services import change_channel
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.peers import mail, peer

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]
SUPPORT = f"support@{mail.BRAND}"


@pytest.fixture(scope="module")
def post() -> Iterator[mail.Post]:
    with (
        TemporaryDirectory(prefix="mx-", ignore_cleanup_errors=True) as folder,
        mail.servers(Path(folder)) as running,
    ):
        yield running


class Office:
    def __init__(self, post: mail.Post) -> None:
        self.post = post
        self.channel = house.mail_channel(house.unit(), SUPPORT, options={"mail_url": post.out})
        self.channel.inbox_url = post.box(SUPPORT)
        change_channel(self.channel, fields=["inbox_url"], by=AUTOMATION)
        self.sam = house.somebody(house.department(self.channel.unit), Role.STAFF, name="Sam")

    def look(self) -> bool:
        box = imap.Mailbox(Channel.objects.get().inbox_url)
        try:
            imap.fetch(self.channel, box)
        finally:
            box.close()
        claiming.ingest()
        return True

    def hears(self, sender: str) -> Message:
        def heard() -> Message | None:
            self.look()
            came = Message.objects.filter(direction="in", author_identity__handle=sender)
            return came.order_by("-occurred_at", "-pk").first()

        return peer.eventually(heard, what=f"a mail of {sender}")

    def answers(self, message: Message, text: str) -> Message:
        answer = reply(message.conversation, text=text, by=self.sam.acting)
        delivery.deliver(answer.pk)
        answer.refresh_from_db()
        assert answer.delivery.state == "sent"
        return answer


@pytest.fixture
def office(post: mail.Post) -> Office:
    return Office(post)


def write(sender: str, text: str, subject: str = "Parcel", **headers: str) -> EmailMessage:
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, SUPPORT, subject
    written["Message-ID"] = make_msgid(domain=mail.CUSTOMERS)
    for name, value in headers.items():
        written[name.replace("_", "-")] = value
    written.set_content(text)
    return written


def test_a_mail_in_the_reply_out_seen_in_the_customers_mailbox(office: Office) -> None:
    bob = f"bob@{mail.CUSTOMERS}"
    asked = write(f"Bob <{bob}>", "Where is my parcel?")
    office.post.send(asked)
    message = office.hears(bob)
    assert message.text.strip() == "Where is my parcel?"
    answer = office.answers(message, "On its way.")
    [seen] = peer.eventually(lambda: office.post.mails(bob), what="the reply")
    got = email.message_from_bytes(seen, policy=email.policy.default)
    assert got["In-Reply-To"] == asked["Message-ID"]
    assert got["Message-ID"] == answer.external_id
    assert "On its way." in got.get_body().get_content()  # type: ignore[union-attr]

    again = write(bob, "Thanks!\n\n> On its way.", "Re: Parcel")
    again.replace_header("To", got["Reply-To"] or got["From"])
    again["In-Reply-To"] = got["Message-ID"]
    office.post.send(again)
    peer.eventually(
        lambda: office.look() and Message.objects.filter(text__startswith="Thanks!").first()
    )
    assert Conversation.objects.filter(identity__handle=bob).count() == 1
    before = Envelope.objects.count()
    office.look()
    assert Envelope.objects.count() == before


def test_a_bounce_says_that_and_why_an_answer_did_not_arrive(office: Office) -> None:
    nobody = f"nobody@{mail.CUSTOMERS}"
    office.post.send(write(nobody, "I have no mailbox"))
    answer = office.answers(office.hears(nobody), "Does this arrive?")

    def failed() -> bool:
        office.look()
        answer.delivery.refresh_from_db()
        return bool(answer.delivery.state == "failed")

    peer.eventually(failed, seconds=40, what="the bounce")
    assert "doesn't exist" in answer.delivery.cause
    assert Conversation.objects.filter(identity__handle__startswith="mailer").count() == 0


def test_a_vacation_reply_is_kept_and_asks_for_nobody(office: Office) -> None:
    carol = f"carol@{mail.CUSTOMERS}"
    office.post.send(write(carol, "I write, and leave"))
    first = office.hears(carol)
    office.answers(first, "We will see to it.")

    def away() -> Message | None:
        office.look()
        return Message.objects.filter(text__contains="Back on Monday").first()

    told = peer.eventually(away, seconds=40, what="the vacation reply")
    assert told.automated is True
    assert told.conversation_id == first.conversation_id
    told.conversation.refresh_from_db()
    assert told.conversation.status == "waiting"
