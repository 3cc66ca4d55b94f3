"""STOP before the next send, consent as dated rows, and what a blocked person writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ambassadors.routing import tasks as routing_tasks
from ambassadors.routing.models import Offer, OfferState
from conversations.channels import claiming
from conversations.channels.models import Channel
from conversations.channels.wire.contract import Inbound, Party
from conversations.inbox import stopping, tasks
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message, Status
from conversations.inbox.services import mark_spam, reopen, reply
from crm.access.models import Role
from crm.contacts import consent
from crm.contacts.models import Consent, ConsentSource, Contact, Identity, Purpose
from crm.contacts.services import block
from crm.errors import Conflict
from crm.journal.models import Act
from tests import house
from tests.conversations.inbox.test_mail import hand_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outbox(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = (tmp_path / "outbox").as_uri()
    return tmp_path / "outbox"


def staff_of(channel: Channel) -> house.Somebody:
    return house.somebody(house.department(channel.unit), Role.STAFF, name="Ana")


def says(channel: Channel, text: str, *, number: int = 1, thread: str = "t1") -> None:
    body = house.event(house.message(f"m{number}", text, thread=thread))
    house.post_webhook(channel, body)
    claiming.ingest()


def written(text: str, *, subject: str = "", automated: bool = False) -> Inbound:
    return Inbound("x", Party("bob"), text, "d", subject=subject, automated=automated)


def test_only_a_message_that_is_nothing_else_asks_to_stop() -> None:
    for kind, message in (
        ("sms", written("STOP")),
        ("sms", written(" stop. ")),
        ("sms", written("Arrêt")),
        ("sms", written("END")),
        ("whatsapp", written("Stop")),
        ("email", written("unsubscribe")),
        ("email", written("Se désabonner")),
        ("email", written("", subject="Unsubscribe")),
    ):
        assert stopping.asks_to_stop(kind, message), (kind, message)
    for kind, message in (
        ("sms", written("Stop the order")),
        ("email", written("END")),
        ("email", written("Where is it?", subject="Stop")),
        ("email", written("stop", automated=True)),
        ("webchat", written("stop")),
        ("sms", written("")),
    ):
        assert not stopping.asks_to_stop(kind, message), (kind, message)


def test_stop_is_honoured_before_the_answer_that_is_already_queued(outbox: Path) -> None:
    channel = house.mail_channel(house.unit())
    staff = staff_of(channel)
    hand_in("Where is my parcel?")
    conversation = Conversation.objects.get()
    answer = reply(conversation, text="On its way.", by=staff.acting)
    hand_in("STOP", message_id="<two@customer.example>", In_Reply_To="<one@customer.example>")
    tasks.deliver_due()
    delivery = Delivery.objects.get(pk=answer.pk)
    assert (delivery.state, delivery.attempt) == (DeliveryState.DROPPED, 1)
    assert "not to be written to" in delivery.cause
    assert not list(outbox.glob("*.eml"))
    conversation.refresh_from_db()
    assert (conversation.status, conversation.waiting_since) == (Status.WAITING, None)
    rows = Consent.objects.order_by("pk").values_list("purpose", "given", "source", "via")
    assert list(rows) == [("answers", False, "stop", "automation")]  # news were never agreed to
    assert Act.objects.filter(verb="consent_withdrawn").count() == 1
    with pytest.raises(Conflict) as refused:
        reply(conversation, text="But…", by=staff.acting)
    assert refused.value.code == "consent_withdrawn"
    assert Message.objects.count() == 3


def test_a_mail_written_anew_may_be_answered_again(outbox: Path) -> None:
    channel = house.mail_channel(house.unit())
    staff = staff_of(channel)
    hand_in("STOP")
    hand_in("One thing more?", message_id="<two@customer.example>", subject="More")
    conversation = Conversation.objects.get(subject="More")
    assert conversation.waiting_since is not None
    reply(conversation, text="Gladly.", by=staff.acting)
    tasks.deliver_due()
    assert len(list(outbox.glob("*.eml"))) == 1
    last = Consent.objects.latest("pk")
    assert (last.given, last.source, last.purpose) == (True, "wrote", "answers")


def test_where_carriers_count_only_start_takes_stop_back() -> None:
    channel = house.webhook_channel(house.unit(), options={"network": "sms"})
    says(channel, "Where is it?")
    says(channel, "STOP", number=2)
    identity = Identity.objects.get()
    assert not consent.allowed(identity, Purpose.ANSWERS)
    says(channel, "Hello? Anybody there?", number=3)
    assert not consent.allowed(identity, Purpose.ANSWERS)
    says(channel, "STOP", number=4)  # once more: nothing new to say
    assert Consent.objects.count() == 1
    says(channel, "start", number=5)
    assert consent.allowed(identity, Purpose.ANSWERS)
    assert not consent.allowed(identity, Purpose.NEWS)
    assert Consent.objects.latest("pk").source == ConsentSource.START


def test_the_same_stop_twice_in_one_batch_and_its_replay_say_it_once() -> None:
    channel = house.webhook_channel(house.unit(), options={"network": "sms"})
    body = house.event([house.message("m1", "STOP"), house.message("m2", "STOP")])
    house.post_webhook(channel, body, delivery="one")
    house.post_webhook(channel, body, delivery="two")
    claiming.ingest()
    assert Consent.objects.count() == 1
    conversation = Conversation.objects.get()
    assert conversation.waiting_since is None


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_silence_is_offered_to_nobody() -> None:
    home = house.unit()
    house.ambassador(house.department(home))
    house.rule()
    channel = house.webhook_channel(home, options={"network": "sms"})
    says(channel, "Where is it?")
    routing_tasks.route_due()
    assert Offer.objects.get().state == OfferState.OPEN
    says(channel, "STOP", number=2)
    says(channel, "STOP", number=3, thread="another")
    routing_tasks.route_due()
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
    assert Offer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_block_takes_what_is_under_way_along_and_its_end_brings_it_back() -> None:
    home = house.unit()
    house.ambassador(house.department(home))
    house.rule()
    channel = house.webhook_channel(home)
    staff = staff_of(channel)
    says(channel, "Where is it?")
    says(channel, "Buy this", number=2, thread="spam")
    spam = mark_spam(Conversation.objects.get(thread="spam"), by=staff.acting)
    routing_tasks.route_due()
    answered = Conversation.objects.get(thread="t1")
    queued = reply(answered, text="Here.", by=staff.acting)
    contact = Contact.objects.get()
    block(contact, blocked=True, by=staff.acting)
    says(channel, "And now?", number=3)  # before any sweep
    says(channel, "And here?", number=4, thread="new")
    tasks.deliver_due()
    assert Delivery.objects.get(pk=queued.pk).state == DeliveryState.DROPPED
    tasks.settle_blocks()
    tasks.settle_blocks()  # doubled: nothing more
    routing_tasks.route_due()
    assert {c.status for c in Conversation.objects.all()} == {Status.SPAM}
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
    assert Message.objects.filter(direction="in").count() == 4  # all recorded
    assert Conversation.objects.visible_to(staff.user).count() == 3  # and seen by the staff
    with pytest.raises(Conflict, match="unblock"):
        reopen(answered, by=staff.acting)
    block(contact, blocked=False, by=staff.acting)
    tasks.settle_blocks()
    back = {c.thread: (c.status, c.waiting_since is not None) for c in Conversation.objects.all()}
    assert back == {"t1": ("open", True), "new": ("open", True), "spam": ("spam", False)}
    spam.refresh_from_db()
    assert not spam.blocked  # spam by hand stays spam
    routing_tasks.route_due()
    assert Offer.objects.filter(state=OfferState.OPEN, conversation__thread="new").exists()


def test_what_others_write_into_a_conversation_stays_when_they_are_blocked() -> None:
    home = house.unit()
    channel = house.webhook_channel(home)
    says(channel, "Where is it?")
    contact = Contact.objects.get()
    block(contact, blocked=True, by=staff_of(channel).acting)
    other = house.message("m9", "Hello", thread="t9")
    other["from"] = {"handle": "eve", "name": "Eve"}
    house.post_webhook(channel, house.event(other))
    claiming.ingest()
    assert Conversation.objects.get(thread="t9").status == Status.OPEN
