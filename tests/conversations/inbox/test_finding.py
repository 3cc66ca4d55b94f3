"""Search of conversations: what it finds, for whom, and what it says when it must stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Func, TextField, Value
from django.test import Client
from django.utils import timezone

from conversations.inbox import finding
from conversations.inbox.finding import find
from conversations.inbox.models import Conversation, Message
from crm.access.models import Role
from crm.bounds import TooSlow, bounded
from crm.organisation.models import Unit
from crm.words import Folded, Spaced, fold, words_in
from tests import house


class _Sleeping(Func):
    function = "pg_sleep"
    template = "(%(function)s(%(expressions)s)::text)"
    output_field = TextField()


LIST = "/admin/conversations/conversation/"
TEXTS = {
    "anna": "The order AB-1234 was refunded, thank you.",
    "berta": "Où en est mon remboursement ? L'article est abîmé.",
    "carla": "Write to carla.dupont@mail.example about the invoice.",
}


@pytest.fixture
def written() -> dict[str, Conversation]:
    channel = house.webhook_channel(house.unit())
    said = [
        house.message(f"m{name}", text, thread=name, **{"from": {"handle": name}})
        for name, text in TEXTS.items()
    ]
    assert house.post_webhook(channel, house.event(said)).status_code < 300
    house.drain()
    return {row.thread: row for row in Conversation.objects.all()}


@pytest.mark.django_db
@pytest.mark.parametrize("few", [500, 0], ids=["read", "index"])
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("refund", {"anna"}),
        ("REFUNDED order", {"anna"}),
        ("ab-1234", {"anna"}),
        ("1234", {"anna"}),
        ('"was refunded"', {"anna"}),
        ('"refunded was"', set()),
        ("remboursements", {"berta"}),
        ("abime", {"berta"}),
        ("dupont mail.example", {"carla"}),
        ("carl", {"carla"}),
        ("order invoice", set()),
        ("the -invoice", {"anna"}),
        ("%", set()),
        ("' | ! & <->", set()),
    ],
)
def test_words_are_found(
    written: dict[str, Conversation],
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    typed: str,
    expected: set[str],
) -> None:
    monkeypatch.setattr(finding, "_FEW", few)
    found = find(typed, Conversation.objects.all())
    assert {row.thread for row in Conversation.objects.filter(pk__in=found.ids)} == expected
    assert found.is_all


@pytest.mark.django_db
def test_what_is_old_is_found_in_the_index_alone(
    written: dict[str, Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_FEW", 0)
    monkeypatch.setattr(finding, "_WALKED", 0)
    ages = {"anna": 1, "berta": 200, "carla": 4_000}
    for name, days in ages.items():
        Message.objects.filter(conversation=written[name]).update(
            occurred_at=timezone.now() - timedelta(days=days), text="zanzibar"
        )
    found = find("zanzibar", Conversation.objects.all())
    assert found.ids == [written[name].pk for name in ("anna", "berta", "carla")]
    one = find("zanzibar", Conversation.objects.all(), most=1)
    assert (one.ids, one.is_all) == ([written["anna"].pk], False)


@pytest.mark.django_db
def test_a_search_finds_nothing_outside_what_it_is_given(
    written: dict[str, Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = house.somebody(house.department(house.unit("Other")), Role.AMBASSADOR)
    for few in (500, 0):
        monkeypatch.setattr(finding, "_FEW", few)
        assert find("refund", Conversation.objects.visible_to(outside.user)).ids == []
        pasted = find(str(written["anna"].pk), Conversation.objects.visible_to(outside.user))
        assert pasted.ids == []


@pytest.mark.django_db
def test_a_search_that_lasts_says_that_it_has_not_all(
    written: dict[str, Conversation], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Conversation.objects.annotate(slow=_Sleeping(0.05)).exclude(slow="never")
    found = find("refund", rows, seconds=0.001)
    assert not found.is_all
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    person = house.somebody(house.department(house.unit("Two")), Role.STAFF)
    client.force_login(person.user)
    monkeypatch.setattr(
        "conversations.inbox.pages.listing.find", lambda typed, rows: finding.Found([], False)
    )
    page = client.get(f"{LIST}?view=all&q=refund").content.decode()
    assert "older ones may be missing" in page


@pytest.mark.django_db
def test_a_bounded_question_ends_and_leaves_the_connection_usable() -> None:
    with pytest.raises(TooSlow), bounded(0.001), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert Conversation.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["L'œuvre d'Été", "a@b.example/x_y", "ÀÉÎõ ç ñ", "“12–34” • 5€", "e\u0301te\u0301"]
)
def test_words_are_the_same_here_and_in_the_database(text: str) -> None:
    house.unit()
    row = Unit.objects.annotate(
        folded=Folded(Value(text)), spaced=Spaced(Folded(Value(text)))
    ).get()
    assert row.folded == fold(text)
    assert row.spaced.split() == words_in(text)
