"""Replying to an offer's mail answers the customer: once, through every gate, or is refused."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from ambassadors.routing import services, telling
from ambassadors.routing.letters import CUT
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.told import MailedAnswer
from conversations.channels.doors.mail import mailbox, store
from conversations.channels.models import Channel, Envelope
from conversations.channels.wire.email import tokens
from conversations.inbox.models import Conversation, Delivery, Message
from crm.access.models import Role
from tests import house
from tests.ambassadors.routing.mails import answer_to, outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = tmp_path.as_uri()
    return tmp_path


@pytest.fixture
def ada() -> house.Somebody:
    home = house.unit()
    person = house.ambassador(house.department(home))
    house.mail_channel(home)
    house.rule(offer_minutes=60)
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message(text="Where is my parcel, please?")))
    house.drain()
    return person


@pytest.fixture
def mail(ada: house.Somebody, folder: Path) -> EmailMessage:
    telling.tell(Offer.objects.get().pk)
    (only,) = outbox(folder)
    return only


def _said() -> list[str]:
    return list(Message.objects.filter(direction="out").values_list("text", flat=True))


def _refused_with(envelope: Envelope, code: str) -> None:
    """Nothing went out, nobody got the conversation, and the envelope says why."""
    assert (envelope.state, envelope.reason) == ("done", f"not taken: {code}")
    assert MailedAnswer.objects.get().refusal == code
    assert _said() == []
    assert Conversation.objects.get().assignee is None


def test_a_reply_accepts_the_offer_and_goes_to_the_customer_without_quotes(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    quoted = "\n".join(f"> {line}" for line in mail.get_content().splitlines())
    text = f"It left yesterday.\n\nYours\n\nOn 24 Nov 2026, Relais wrote:\n{quoted}\n"
    envelope = answer_to(mail, text, sender=ada.user.email)
    assert (envelope.state, envelope.reason) == ("done", "")
    assert _said() == ["It left yesterday.\n\nYours"]
    offer = Offer.objects.get()
    assert (offer.state, offer.via) == (OfferState.ACCEPTED, "own")
    answer = Message.objects.get(direction="out")
    assert (answer.author_employee, answer.via) == (ada.employee, "own")
    assert Delivery.objects.get().state == "queued"
    assert Conversation.objects.count() == 1


def test_files_of_a_mailed_answer_go_along_and_its_signature_does_not(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    files = [
        ("plan.pdf", "application/pdf", b"%PDF plan"),
        ("smime.p7s", "application/pkcs7-signature", b"signed"),
    ]
    envelope = answer_to(mail, "See the plan.", sender=ada.user.email, files=files)
    assert (envelope.state, envelope.reason) == ("done", "")
    [file] = Message.objects.get(direction="out").attachments.all()
    assert (file.name, file.size, file.state) == ("plan.pdf", 9, "here")


def test_a_mailed_file_that_the_channel_does_not_take_is_told_to_its_author(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    big = ("film.mp4", "video/mp4", b"x" * 10_000_001)
    envelope = answer_to(mail, "See the film.", sender=ada.user.email, files=[big])
    _refused_with(envelope, "file_too_large")


@pytest.mark.parametrize(
    "quote",
    [
        f"{CUT}\nHello Ada,\nAccept: http://x.example/offer/abc/accept/",
        "-----Original Message-----\nFrom: Relais\nSent: now\nTo: Ada\nSubject: For you",
        "> inline question\n\nand more of mine\n> Accept: http://x.example/offer/abc/accept/",
    ],
)
def test_what_was_quoted_never_reaches_the_customer(
    mail: EmailMessage, ada: house.Somebody, quote: str
) -> None:
    answer_to(mail, f"It left.\n\n{quote}\n", sender=ada.user.email)
    (said,) = _said()
    assert said.startswith("It left.")
    assert "Accept" not in said
    assert "Relais" not in said


def test_the_same_mail_answers_once_however_often_it_comes(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    answer_to(mail, "It left.", sender=ada.user.email)
    again = answer_to(mail, "It left.", sender=ada.user.email, Received="by another relay")
    assert (again.state, again.reason) == ("done", "duplicate")
    assert _said() == ["It left."]
    answer_to(mail, "And it arrived.", sender=ada.user.email, message_id="<r2@home.example>")
    assert sorted(_said()) == ["And it arrived.", "It left."]


def test_a_gate_holds_an_answer_by_mail_as_any_other(
    mail: EmailMessage, ada: house.Somebody, settings: Any
) -> None:
    settings.REPLY_GATES = ["builtins.bool"]
    answer_to(mail, "It left.", sender=ada.user.email)
    assert Delivery.objects.get().state == "held"


def test_a_reply_from_another_address_is_refused_and_the_person_is_told(
    mail: EmailMessage, ada: house.Somebody, folder: Path
) -> None:
    _refused_with(answer_to(mail, "Pay here.", sender="eve@evil.example"), "not_yours")
    assert Offer.objects.get().state == OfferState.OPEN
    telling.tell_due()
    told = outbox(folder)[-1]
    assert [each.addr_spec for each in told["To"].addresses] == [ada.user.email]
    assert "did not go to the customer" in told.get_content()


def test_a_reply_with_nothing_but_quotes_is_refused(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    quoted = "\n".join(f"> {line}" for line in mail.get_content().splitlines())
    _refused_with(answer_to(mail, quoted, sender=ada.user.email), "nothing_written")
    assert Offer.objects.get().state == OfferState.OPEN


def test_a_reply_after_the_offer_ended_is_refused_and_told_once(
    mail: EmailMessage, ada: house.Somebody, folder: Path
) -> None:
    Offer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    _refused_with(answer_to(mail, "It left.", sender=ada.user.email), "offer_gone")
    for _ in range(2):
        telling.tell_due()
    assert len(outbox(folder)) == 2


def test_a_colleague_who_has_it_meanwhile_is_not_spoken_over(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    bea = house.ambassador(ada.employee.department, name="Bea")
    services.accept(Offer.objects.get(), by=ada.acting)
    services.assign(Conversation.objects.get(), employee=bea.employee, by=bea.acting)
    refused = answer_to(mail, "It left.", sender=ada.user.email)
    assert (refused.reason, _said()) == ("not taken: offer_gone", [])


def test_what_the_customer_writes_next_comes_by_mail_once_and_is_answered_by_mail(
    mail: EmailMessage, ada: house.Somebody, folder: Path
) -> None:
    answer_to(mail, "It left.", sender=ada.user.email)
    channel = Channel.objects.get(kind="webhook")
    for number in (2, 3):
        said = house.message(f"m{number}", f"Still nothing, {number}!")
        house.post_webhook(channel, house.event(said))
        house.drain()
        telling.tell_of_messages([Conversation.objects.get().pk])
    telling.tell_due()
    assert len(outbox(folder)) == 1
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        telling.tell_due()
    _, again = outbox(folder)
    assert "> Still nothing, 3!" in again.get_content()
    answer_to(again, "Tomorrow.", sender=ada.user.email, message_id="<r2@home.example>")
    assert sorted(_said()) == ["It left.", "Tomorrow."]


def test_who_answers_in_the_inbox_and_who_no_longer_has_it_gets_no_mail(
    mail: EmailMessage, ada: house.Somebody, folder: Path
) -> None:
    services.accept(Offer.objects.get(), by=ada.acting)
    conversation = Conversation.objects.get()
    telling.tell_of_messages([conversation.pk])
    bea = house.somebody(ada.employee.department, Role.STAFF, name="Bea")
    services.assign(conversation, employee=bea.employee, by=bea.acting)
    telling.tell_of_messages([conversation.pk])
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        telling.tell_due()
    assert len(outbox(folder)) == 1


def test_an_out_of_office_mail_acts_on_nothing(mail: EmailMessage, ada: house.Somebody) -> None:
    envelope = answer_to(mail, "I am away.", sender=ada.user.email, Auto_Submitted="auto-replied")
    assert envelope.reason == "written by a machine"
    assert (Offer.objects.get().state, _said()) == (OfferState.OPEN, [])


def test_an_address_that_we_did_not_sign_is_a_customers_mail(
    mail: EmailMessage, ada: house.Somebody
) -> None:
    channel = Channel.objects.get(kind="email")
    token = tokens.sign("another key", Offer.objects.get().pk, purpose=tokens.COLLEAGUE)
    to = tokens.tagged(channel.address, token, purpose=tokens.COLLEAGUE)
    stranger = EmailMessage()
    stranger["From"], stranger["To"], stranger["Message-ID"] = "e@x.example", to, "<1@x.example>"
    stranger.set_content("Hello?")
    there = mailbox(to)
    assert there == channel
    store(there, stranger.as_bytes(), recipient=to, sender="e@x.example")
    house.drain()
    assert Conversation.objects.filter(channel=channel).count() == 1
    assert MailedAnswer.objects.count() == 0
