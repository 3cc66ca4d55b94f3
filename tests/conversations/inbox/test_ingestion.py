"""From a signed webhook to contact, conversation and message, exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from conversations.channels import claiming
from conversations.channels.models import Envelope, EnvelopeState
from conversations.inbox.models import Conversation, Message, Status
from conversations.inbox.services import close, mark_spam
from crm.contacts.models import Contact, Identity
from crm.contacts.services import block
from tests import house


@pytest.mark.django_db
def test_a_webhook_becomes_a_contact_a_conversation_and_a_message() -> None:
    channel = house.webhook_channel(house.unit())
    answer = house.post_webhook(channel, house.event(house.message(text="Bonjour")))
    assert answer.status_code == 202
    claiming.ingest()
    stored = Message.objects.get()
    assert (stored.text, stored.external_id, stored.direction) == ("Bonjour", "m1", "in")
    conversation = stored.conversation
    assert (conversation.status, conversation.thread) == (Status.OPEN, "t1")
    assert conversation.waiting_since == stored.occurred_at
    assert conversation.identity is not None
    assert conversation.identity.contact.name == "Bob"
    assert Envelope.objects.get().state == EnvelopeState.DONE


@pytest.mark.django_db
def test_the_language_is_told_by_how_a_conversation_began() -> None:
    channel = house.webhook_channel(house.unit())
    texts = {
        "fr": ["Bonjour, ma commande n'est pas arrivée", "Hello, where is my parcel, please?"],
        "en": ["Hello, where is my parcel, please?", "Bonjour, ma commande n'est pas arrivée"],
        "": ["?", "Bonjour, ma commande n'est pas arrivée"],  # too short to say: left to routing
    }
    said = [
        house.message(f"{thread} {number}", thread=thread or "short", text=text)
        for thread, spoken in texts.items()
        for number, text in enumerate(spoken)
    ]
    house.post_webhook(channel, house.event(said))
    claiming.ingest()
    found = dict(Conversation.objects.values_list("thread", "language"))
    assert found == {"fr": "fr", "en": "en", "short": ""}


@pytest.mark.django_db
def test_a_second_message_of_the_thread_goes_on_with_the_conversation() -> None:
    channel = house.webhook_channel(house.unit())
    house.post_webhook(channel, house.event(house.message("m1")))
    claiming.ingest()
    house.post_webhook(channel, house.event(house.message("m2")))
    claiming.ingest()
    assert Conversation.objects.count() == 1
    assert Conversation.objects.get().messages.count() == 2


@pytest.mark.django_db
def test_a_batch_of_one_request_goes_in_whole() -> None:
    channel = house.webhook_channel(house.unit())
    body = house.event([house.message(f"m{n}", thread=f"t{n % 7}") for n in range(500)])
    assert house.post_webhook(channel, body).status_code == 202
    claiming.ingest()
    assert Message.objects.count() == 500
    assert Conversation.objects.count() == 7
    assert Contact.objects.count() == 1


@pytest.mark.django_db
def test_the_same_id_with_another_text_is_kept_and_flagged() -> None:
    channel = house.webhook_channel(house.unit())
    for text in ("one", "one", "two", "two"):
        house.post_webhook(channel, house.event(house.message("m1", text)))
        claiming.ingest()
    first, second = Message.objects.order_by("occurred_at")
    assert (first.text, first.notes) == ("one", [])
    assert second.text == "two"
    assert "same id" in second.notes[0]
    reasons = Envelope.objects.order_by("received_at").values_list("reason", flat=True)
    assert list(reasons) == ["", "duplicate", "", "duplicate"]


@pytest.mark.django_db
def test_a_message_reopens_a_closed_conversation_and_not_one_marked_as_spam() -> None:
    home = house.unit()
    channel = house.webhook_channel(home)
    ada = house.somebody(house.department(home))
    for thread in ("closed", "spam"):
        house.post_webhook(channel, house.event(house.message(f"{thread} 1", thread=thread)))
    claiming.ingest()
    close(Conversation.objects.get(thread="closed"), by=ada.acting)
    mark_spam(Conversation.objects.get(thread="spam"), by=ada.acting)
    for thread in ("closed", "spam"):
        house.post_webhook(channel, house.event(house.message(f"{thread} 2", thread=thread)))
    claiming.ingest()
    assert Conversation.objects.count() == 2
    assert Conversation.objects.get(thread="closed").status == Status.OPEN
    assert Conversation.objects.get(thread="spam").status == Status.SPAM
    assert Message.objects.count() == 4


@pytest.mark.django_db
def test_what_a_blocked_contact_writes_is_kept_as_spam() -> None:
    home = house.unit()
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message("m1")))
    claiming.ingest()
    ada = house.somebody(house.department(home))
    block(Contact.objects.get(), blocked=True, by=ada.acting)
    house.post_webhook(channel, house.event(house.message("m2", thread="another")))
    claiming.ingest()
    assert Conversation.objects.get(thread="another").status == Status.SPAM


@pytest.mark.django_db
def test_one_bad_envelope_does_not_fail_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = house.webhook_channel(house.unit())
    for number in range(9):
        house.post_webhook(channel, house.event(house.message(f"m{number}")))
    # stored by an older version of the door, say: the reader can't make sense of it
    Envelope.objects.create(channel=channel, key="bad", body=b'{"type": 1}')
    # readable, and nothing that PostgreSQL takes: a NUL that the reader let through
    monkeypatch.setattr("conversations.channels.wire.strict_json._check_string", lambda text: None)
    poison = house.event(house.message("poison", text="a\0b"))
    Envelope.objects.create(channel=channel, key="poison", body=poison)
    claiming.ingest()
    assert Message.objects.count() == 9
    failed = Envelope.objects.filter(state=EnvelopeState.FAILED)
    assert {envelope.key for envelope in failed} == {"bad", "poison"}
    assert all(envelope.reason for envelope in failed)


@pytest.mark.django_db
def test_an_envelope_that_kills_every_reader_ends_as_failed() -> None:
    channel = house.webhook_channel(house.unit())
    house.post_webhook(channel, house.event(house.message("m1")))
    envelope = Envelope.objects.get()
    for _ in range(3):
        with connection.cursor() as cursor:  # what a reader killed in mid-batch leaves behind
            cursor.execute(
                "INSERT INTO conversations_claim (envelopes, at) VALUES (%s, '2026-01-01')",
                [[envelope.pk]],
            )
        claiming._count_deaths()  # noqa: SLF001 - the sweep's first step, without its second
    claiming.ingest()
    envelope.refresh_from_db()
    assert (envelope.state, envelope.reason) == ("failed", "every reader died on it")
    assert Message.objects.count() == 0


@pytest.mark.django_db
def test_a_paused_channel_loses_nothing() -> None:
    channel = house.webhook_channel(house.unit())
    channel.paused_at = "2026-01-01T00:00:00Z"
    channel.save()
    assert house.post_webhook(channel, house.event(house.message())).status_code == 202
    claiming.ingest()
    assert Envelope.objects.get().state == EnvelopeState.WAITING
    channel.paused_at = None
    channel.save()
    claiming.ingest()
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_webhook_fifty_times_at_once_is_one_message() -> None:
    channel = house.webhook_channel(house.unit())
    body = house.event(house.message())

    def post(_: int) -> int:
        try:
            return house.post_webhook(channel, body, delivery="the same").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(post, range(50)))
        list(pool.map(_ingest, range(4)))
    assert sorted(set(codes)) == [200, 202]
    assert codes.count(202) == 1
    assert (Message.objects.count(), Conversation.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_fifty_messages_of_one_new_person_at_once_are_one_contact_and_one_conversation() -> None:
    channel = house.webhook_channel(house.unit())

    def post(number: int) -> None:
        try:
            house.post_webhook(channel, house.event(house.message(f"m{number}")))
            claiming.ingest()
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(post, range(50)))
        list(pool.map(_ingest, range(2)))
    assert Envelope.objects.exclude(state=EnvelopeState.DONE).count() == 0
    assert Contact.objects.count() == Identity.objects.count() == Conversation.objects.count() == 1
    assert Message.objects.count() == 50


def _ingest(_: int) -> None:
    try:
        claiming.ingest()
    finally:
        connection.close()
