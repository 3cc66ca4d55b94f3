"""Edits, deletions, receipts and our own messages come in any order and end in the same rows."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from conversations.channels import claiming
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Channel, Envelope
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Inbound,
    Item,
    Opted,
    Party,
    Receipt,
    SendFailed,
)
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox import changes, delivery
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    Message,
    MessageChange,
)
from conversations.inbox.services import reply
from conversations.knowledge.records import MESSAGE
from crm.access.models import Role
from crm.journal import tombstones
from tests import house
from tests.api.hands import Caller

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
BOB = Party("bob", "Bob")


class Wire:
    """A channel without a provider: it says what it was given."""

    idempotent = False

    def __init__(self) -> None:
        self.said: dict[bytes, list[Item]] = {}
        self.failure: SendFailed | None = None

    def verify(self, *_: Any) -> bool:
        return False

    def parse(self, account: Any, body: bytes, headers: Any) -> list[Item]:
        return self.said[bytes(body)]

    def mint_id(self, *_: Any) -> str:
        return ""

    def send(self, account: Any, message: Any) -> Any:
        raise self.failure or SendFailed("lost", unknown=True)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setitem(CHANNELS, "webhook", made)
    forget_channels()
    return made


@pytest.fixture
def channel() -> Channel:
    return house.webhook_channel(house.unit())


_numbers = itertools.count()


def tell(wire: Wire, channel: Channel, *items: Item) -> Envelope:
    body = f"delivery {next(_numbers)}".encode()
    wire.said[body] = list(items)
    envelope = Envelope.objects.create(channel=channel, key=body.decode(), body=body)
    claiming.ingest()
    envelope.refresh_from_db()
    assert envelope.state == "done", envelope.reason
    return envelope


SAID = Inbound("m1", BOB, "where is it", "d0", sent_at=AT)
FIRST = Edited("m1", "where is it?", "d1", at=AT + timedelta(minutes=1))
SECOND = Edited("m1", "Where is it?", "d2", at=AT + timedelta(minutes=2))


def test_edits_in_any_order_end_in_the_newest_words_and_keep_the_others(
    wire: Wire, channel: Channel
) -> None:
    for order in itertools.permutations([SAID, FIRST, SECOND]):
        Message.objects.all().delete()
        MessageChange.objects.all().delete()
        for item in (*order, order[0]):
            tell(wire, channel, item)
        message = Message.objects.get()
        assert (message.text, message.edited_at) == ("Where is it?", SECOND.at), order
        wordings = MessageChange.objects.filter(message=message).order_by("said_at")
        assert [each.text for each in wordings] == [
            "where is it",
            "where is it?",
            "Where is it?",
        ], order


def test_the_original_that_comes_again_after_an_edit_is_a_duplicate(
    wire: Wire, channel: Channel
) -> None:
    for item in (SAID, FIRST):
        tell(wire, channel, item)
    assert tell(wire, channel, SAID).reason == "duplicate"
    assert Message.objects.get().text == "where is it?"


def test_what_was_taken_back_leaves_no_word_in_whatever_order(wire: Wire, channel: Channel) -> None:
    gone = Deleted("m1", at=AT + timedelta(minutes=3))
    for order in itertools.permutations([SAID, FIRST, gone]):
        Conversation.objects.all().delete()
        MessageChange.objects.all().delete()
        Envelope.objects.all().delete()
        for item in order:
            tell(wire, channel, item)
        message = Message.objects.get()
        assert (message.text, message.deleted_at) == ("", gone.at), order
        assert set(MessageChange.objects.values_list("text", flat=True)) == {""}, order
        assert {bytes(each.body or b"") for each in Envelope.objects.all()} == {b""}, order
        assert tell(wire, channel, SAID).reason == "duplicate"
        assert Message.objects.get().text == ""
        Envelope.objects.all().delete()


def test_the_files_of_what_was_taken_back_go_too_unless_another_message_holds_them(
    wire: Wire, channel: Channel
) -> None:
    tell(wire, channel, SAID, Inbound("m2", BOB, "again", "d9"))
    first, second = Message.objects.order_by("external_id")
    shared, own = (default_storage.save(f"attachments/{n}", ContentFile(b"x")) for n in "ab")
    for message, path in ((first, shared), (second, shared), (first, own)):
        Attachment.objects.create(message=message, name="a", type="t", size=1, file=path)
    tell(wire, channel, Deleted("m1", at=AT))
    assert [file.message for file in Attachment.objects.all()] == [second]
    assert (default_storage.exists(shared), default_storage.exists(own)) == (True, False)
    default_storage.delete(shared)


def test_the_api_says_what_was_edited_and_what_was_taken_back(wire: Wire, channel: Channel) -> None:
    staff = Caller(house.somebody(house.department(channel.unit), Role.STAFF).user)
    tell(wire, channel, SAID, Inbound("m2", BOB, "oops", "d9"), FIRST)
    tell(wire, channel, Deleted("m2", at=AT))
    conversation = Conversation.objects.get()
    told = {
        each["external_id"]: each
        for each in staff.get(f"conversations/{conversation.pk}/messages/").json()["results"]
    }
    assert (told["m1"]["text"], told["m1"]["edited_at"]) == ("where is it?", "2026-11-02T09:01:00Z")
    assert told["m1"]["deleted_at"] is None
    assert (told["m2"]["text"], told["m2"]["deleted_at"]) == ("", "2026-11-02T09:00:00Z")


@pytest.fixture
def answer(wire: Wire, channel: Channel) -> Message:
    """An answer of ours whose sending was lost on the way back."""
    tell(wire, channel, SAID)
    ada = house.somebody(house.department(channel.unit), Role.STAFF)
    message = reply(Conversation.objects.get(), text="It left today.", by=ada.acting)
    delivery.deliver(message.pk)
    assert _fate(message) == ("unknown", "unknown", None)
    return message


def _fate(message: Message) -> tuple[str, str, Any]:
    message.refresh_from_db()
    row = Delivery.objects.get(message=message)
    return row.state, row.trouble, message.sent_at


def test_our_own_message_that_comes_back_is_known_and_settles_what_was_unknown(
    wire: Wire, channel: Channel, answer: Message
) -> None:
    echo = Echoed("n1", "It left today.", to=BOB, sent_at=AT)
    assert tell(wire, channel, echo).reason == "our own message came back"
    state, trouble, sent_at = _fate(answer)
    assert (state, trouble, answer.external_id) == ("sent", "", "n1")
    assert sent_at is not None
    assert tell(wire, channel, echo).reason == "our own message came back"
    tell(wire, channel, Receipt(("n1",), "read"))
    assert _fate(answer)[0] == "read"
    assert Message.objects.count() == 2


def test_our_own_id_is_enough_for_an_echo_and_for_a_receipt(
    wire: Wire, channel: Channel, answer: Message
) -> None:
    tell(wire, channel, Receipt(("n1",), "delivered", id=str(answer.pk)))
    assert (_fate(answer)[0], answer.external_id) == ("delivered", "n1")
    tell(wire, channel, Echoed("n1", "It left today.", to=BOB, id=str(answer.pk)))
    tell(wire, channel, Echoed("", "It left today.", id="no id at all"))
    assert (_fate(answer)[0], Message.objects.count()) == ("delivered", 2)


def test_what_was_written_in_the_networks_own_app_answers_the_conversation(
    wire: Wire, channel: Channel
) -> None:
    tell(wire, channel, SAID)
    for _ in range(2):
        tell(wire, channel, Echoed("n7", "It left.", to=BOB, sent_at=AT))
    ours = Message.objects.get(direction="out")
    assert (ours.text, ours.author_employee, ours.delivery.state) == ("It left.", None, "sent")
    assert [row.direction for row in MESSAGE.rows()] == ["in"]  # a line of history has an author
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.waiting_since) == ("waiting", None)
    tell(wire, channel, Receipt(("n7",), "read"))
    ours.delivery.refresh_from_db()
    assert ours.delivery.state == "read"


def test_what_the_company_wrote_first_elsewhere_becomes_a_conversation(
    wire: Wire, channel: Channel
) -> None:
    tell(wire, channel, Echoed("n8", "Hello Bob", to=BOB, sent_at=AT))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.identity.contact.name) == ("waiting", "Bob")
    tell(wire, channel, Inbound("m5", BOB, "Hello", "d5"))
    assert Conversation.objects.get().messages.count() == 2


def test_a_receipt_by_time_moves_everything_that_was_sent_until_then(
    wire: Wire, channel: Channel, answer: Message
) -> None:
    tell(wire, channel, Echoed("n1", "It left today.", to=BOB))
    answer.refresh_from_db()
    assert answer.sent_at is not None
    early, late = answer.sent_at - timedelta(seconds=1), answer.sent_at + timedelta(seconds=1)
    tell(wire, channel, Receipt((), "read", to=BOB, until=early))
    tell(wire, channel, Receipt((), "read", to=Party("eve"), until=late))
    assert _fate(answer)[0] == "sent"
    tell(wire, channel, Receipt((), "read", to=BOB, until=late))
    assert _fate(answer)[0] == "read"


def test_receipts_in_any_order_end_in_the_furthest_state(wire: Wire, channel: Channel) -> None:
    tell(wire, channel, SAID)
    ada = house.somebody(house.department(channel.unit), Role.STAFF)
    for number, states in enumerate(itertools.permutations(["sent", "failed", "delivered"])):
        message = reply(Conversation.objects.get(), text=f"Answer {number}", by=ada.acting)
        delivery.deliver(message.pk)
        for state in states:
            tell(wire, channel, Receipt((f"r{number}",), state, id=str(message.pk)))
        assert _fate(message)[0] == "delivered", states


def test_a_failure_says_of_which_sort_it_is(wire: Wire, channel: Channel) -> None:
    tell(wire, channel, SAID)
    ada = house.somebody(house.department(channel.unit), Role.STAFF)
    for failure, wanted in (
        (SendFailed("slow down", retry_after=40), ("queued", "limited", None)),
        (SendFailed("no", permanent=True), ("failed", "permanent", None)),
    ):
        wire.failure = failure
        message = reply(Conversation.objects.get(), text=str(failure), by=ada.acting)
        delivery.deliver(message.pk)
        assert _fate(message) == wanted
        Delivery.objects.filter(state="queued").update(state="dropped")


def test_what_a_network_says_of_a_persons_wish_is_heeded_before_the_next_sending(
    wire: Wire, channel: Channel
) -> None:
    tell(wire, channel, SAID)
    ada = house.somebody(house.department(channel.unit), Role.STAFF)
    conversation = Conversation.objects.get()
    message = reply(conversation, text="It left.", by=ada.acting)
    tell(wire, channel, Opted(BOB, wants=False, word="stopped the bot"))
    delivery.deliver(message.pk)
    assert _fate(message)[0] == "dropped"
    tell(wire, channel, Opted(BOB, wants=True, word="took the bot back"))
    message = reply(conversation, text="It left.", by=ada.acting)
    tell(wire, channel, Opted(BOB, wants=False, word="no marketing", news_only=True))
    delivery.deliver(message.pk)
    assert _fate(message)[0] == "unknown"


def test_changes_and_echoes_of_somebody_erased_revive_nobody(wire: Wire, channel: Channel) -> None:
    tombstones.bury([(tombstones.EXTERNAL, f"{channel.pk} m1")])
    envelope = tell(wire, channel, FIRST, Deleted("m1", at=AT), Echoed("m1", "Hello", to=BOB))
    assert (envelope.body, envelope.reason) == (b"", "erased on request: it came once more")
    assert not Message.objects.exists()
    assert not MessageChange.objects.exists()
    assert not Conversation.objects.exists()


def test_a_change_whose_message_never_comes_is_forgotten(wire: Wire, channel: Channel) -> None:
    tell(wire, channel, FIRST)
    assert changes.forget_waiting(at=timezone.now() + timedelta(days=6)) == 0
    assert changes.forget_waiting(at=timezone.now() + timedelta(days=8)) == 1


def test_our_own_comment_below_theirs_is_recorded_where_it_stands(
    wire: Wire, channel: Channel
) -> None:
    tell(wire, channel, SAID)
    tell(wire, channel, Echoed("n9", "Yes.", below="m1"), Echoed("n10", "Hm.", below="nothing"))
    ours = Message.objects.get(direction="out")
    assert (ours.text, ours.conversation) == ("Yes.", Conversation.objects.get())
