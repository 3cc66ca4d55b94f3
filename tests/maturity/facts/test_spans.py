"""What is read around some days gives the same figures of them as everything does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from conversations.inbox import measures as inbox
from crm.contacts.models import Contact, ContactMerge
from maturity.facts import spans
from maturity.facts.ledger import Ledger
from maturity.facts.records import read
from maturity.scoring.definition import load
from tests.maturity.company import START, Company
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.test_imported import take_in

pytestmark = pytest.mark.django_db
MODEL = load()


def around(day, after=None):
    """after: what read the spans before it, of which some conversations are still at hand."""
    first, end = spans.span_of(day)
    assert first <= day < end
    return Ledger((after or spans.Spans(MODEL)).read(first, end), MODEL)


def assert_same(days):
    whole, one_after_the_other = Ledger(read(), MODEL), spans.Spans(MODEL)
    for day in days:
        some, beside = around(day), around(day, one_after_the_other)
        assert replace(beside.records, uses=()) == replace(some.records, uses=())
        assert sorted(beside.records.uses) == sorted(some.records.uses)  # in order in each message
        assert some.day(day) == whole.day(day), day
        assert some.mondays(day) == whole.mondays(day)
        assert some.records.imported_since == whole.records.imported_since
        for criterion in MODEL.criteria:
            found = some.evidence(day, criterion.metric)
            assert found == whole.evidence(day, criterion.metric), (day, criterion.id)


@pytest.mark.parametrize("seed", [8, 21])
def test_a_house_of_chance(seed, tmp_path):
    chance = Chance(seed)
    take_in(chance.lines, tmp_path)
    a, b, *_ = Contact.objects.order_by("key")
    ContactMerge.objects.create(absorbed=a, into=b, occurred_at=chance.start)
    assert_same(chance.day + timedelta(days=n) for n in (-200, -100, -3, 0, 120, 400))


@pytest.fixture
def long_ago(tmp_path):
    """A template was sent 25 times in a week of long ago; one of these conversations lives on."""
    company = Company(zone="Asia/Kolkata")
    company.busy_weeks(2)
    company.contact("old", START)
    words = {"title": "How", "text": "So.", "language": "en"}
    article = company.add("article", at=START, author="sales2", own=True, **words)
    for number in range(25):
        at = START + timedelta(hours=3, minutes=number)
        company.asks(f"t{number}", at, contact="old")
        company.answers(
            f"t{number}", at + timedelta(seconds=9), text="As ever.", articles=[article]
        )
    later = START + timedelta(days=300)
    company.asks("new", later, contact="old")
    for number in (3, 24):
        at = later + timedelta(days=1, hours=number)
        company.add("close", at=at, own=True, conversation=f"t{number}", by="support1")
    company.take_in(tmp_path)


def test_a_conversation_of_long_ago_is_read_whole_and_the_others_count_for_its_texts(long_ago):
    day = date(2026, 11, 16)
    records = around(day).records
    conversations = {row.conversation for row in records.messages}
    assert len(conversations) == 4  # the new one, the two closed lately, the first ever closed
    assert len(records.messages) == 7
    assert len(records.elsewhere.same_texts) == 25 + 1
    assert_same([day, date(2026, 3, 2)])


def test_texts_of_long_ago_are_looked_for_there_and_not_since():
    near, far = date(2026, 11, 10), date(2024, 1, 15)
    lately, back_then = inbox.around({near, near + timedelta(days=12), far})[::-1]
    assert back_then == (
        datetime(2024, 1, 6, tzinfo=UTC),
        datetime(2024, 1, 25, tzinfo=UTC),
    )
    assert lately == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 12, 2, tzinfo=UTC),
    )


def test_what_is_read_does_not_grow_with_the_past(long_ago):
    day = date(2026, 11, 16)
    found = around(day).records
    assert len(found.messages) < 10 < len(read().messages)
