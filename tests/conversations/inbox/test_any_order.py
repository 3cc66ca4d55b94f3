"""However a network's deliveries arrive - twice, late, mixed, regrouped - the end is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.channels import claiming
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Envelope
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Inbound,
    Item,
    Party,
    Receipt,
)
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox.models import (
    Conversation,
    Delivery,
    Message,
    MessageChange,
    UnmatchedReceipt,
)
from crm.contacts.models import Contact
from tests import house

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
BOB, EVE = Party("bob", "Bob"), Party("eve", "Eve")


def _at(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


# Two people in three threads; edits, something taken back, the company's own app, its receipts.
SAID: list[Item] = [
    Inbound("b1", BOB, "where is it", "d-b1", thread="t1", sent_at=_at(1)),
    Inbound("b2", BOB, "and the other?", "d-b2", thread="t1", sent_at=_at(2)),
    Inbound("b3", BOB, "something else", "d-b3", thread="t2", sent_at=_at(3)),
    Inbound("e1", EVE, "me too", "d-e1", thread="t1", sent_at=_at(4)),
    Edited("b1", "where is it?", "d-b1-1", at=_at(5)),
    Edited("b1", "Where is it?", "d-b1-2", at=_at(6)),
    Edited("e1", "Me too!", "d-e1-1", at=_at(7)),
    Deleted("b3", at=_at(8)),
    Edited("b3", "something quite else", "d-b3-1", at=_at(9)),
    Echoed("o1", "It left today.", to=EVE, thread="t1", sent_at=_at(10)),
    Receipt(("o1",), "delivered"),
    Receipt(("o1",), "read"),
    Receipt(("o1",), "sent"),
]


class Wire:
    idempotent = False

    def __init__(self) -> None:
        self.said: dict[bytes, list[Item]] = {}

    def parse(self, account: Any, body: bytes, headers: Any) -> list[Item]:
        return self.said[bytes(body)]


def _end() -> Any:
    """What a person sees of it, without ids and times of arrival."""
    messages = sorted(
        Message.objects.values_list(
            "external_id",
            "text",
            "direction",
            "edited_at",
            "deleted_at",
            "variant",
            "conversation__thread",
            "conversation__identity__handle",
            "delivery__state",
        ),
        key=str,
    )
    wordings = sorted(
        MessageChange.objects.values_list("external_id", "kind", "text", "said_at"), key=str
    )
    counts = (Conversation.objects.count(), Contact.objects.count(), Delivery.objects.count())
    waiting = MessageChange.objects.filter(message=None).count()
    return messages, wordings, counts, waiting, UnmatchedReceipt.objects.count()


_ORDER = st.permutations(range(len(SAID)))
_AGAIN = st.lists(st.integers(0, len(SAID) - 1), max_size=8)
_CUTS = st.lists(st.integers(1, 4), min_size=1, max_size=30)


@pytest.mark.django_db
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=_ORDER, again=_AGAIN, cuts=_CUTS, late=st.booleans())
def test_any_arrival_of_the_same_deliveries_ends_in_the_same_conversations(
    monkeypatch: pytest.MonkeyPatch, order: list[int], again: list[int], cuts: list[int], late: bool
) -> None:
    """late: what comes is read one by one, instead of in one batch at the end."""
    wire = Wire()
    monkeypatch.setitem(CHANNELS, "webhook", wire)  # type: ignore[arg-type]
    forget_channels()
    straight = _played(wire, list(range(len(SAID))), [1] * len(SAID), one_by_one=True)
    assert _played(wire, [*order, *again], cuts, one_by_one=late) == straight


def _played(wire: Wire, order: list[int], cuts: list[int], *, one_by_one: bool) -> Any:
    _forget()
    channel = house.webhook_channel(house.unit())
    place = number = 0
    while place < len(order):
        size = cuts[number % len(cuts)]
        body = f"{number}".encode()
        wire.said[body] = [SAID[index] for index in order[place : place + size]]
        Envelope.objects.create(channel=channel, key=str(number), body=body)
        place, number = place + size, number + 1
        if one_by_one:
            claiming.ingest()
    claiming.ingest()
    assert not Envelope.objects.exclude(state="done").exists()
    return _end()


def _forget() -> None:
    for model in (UnmatchedReceipt, MessageChange, Conversation, Envelope, Contact):
        model.objects.all().delete()
