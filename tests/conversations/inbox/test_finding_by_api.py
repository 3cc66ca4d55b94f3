"""The same search for programs: what it finds, for whom, and how it says that it stopped."""

from __future__ import annotations

import pytest

from conversations.inbox import filters
from conversations.inbox.finding import Found
from conversations.inbox.models import Conversation
from crm.access.models import Role, RoleGrant
from tests import house
from tests.api.hands import Caller, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand():
    return house.unit()


@pytest.fixture
def channel(brand):
    return house.webhook_channel(brand)


@pytest.fixture
def staff(brand):
    return Caller(house.somebody(house.department(brand), Role.STAFF, name="Sam").user)


def _from(name: str) -> dict[str, object]:
    return {"from": {"handle": name}}


def _ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_words_find_the_conversations_that_hold_them_and_all_is_said_to_be_there(staff, channel):
    asked = hear(channel, text="Where is my refund?", thread="ann", **_from("ann"))
    hear(channel, text="Thank you.", thread="ben", **_from("ben"))
    response = staff.get("conversations/", q="refunds")
    assert (_ids(response), response["Search-Complete"]) == ([str(asked.pk)], "true")
    assert _ids(staff.get("conversations/", q='"my refund"')) == [str(asked.pk)]
    assert _ids(staff.get("conversations/", q="refund -where")) == []


def test_other_filters_narrow_what_is_searched(staff, channel):
    asked = hear(channel, text="A refund, please", thread="ann", **_from("ann"))
    assert _ids(staff.get("conversations/", q="refund", status="open")) == [str(asked.pk)]
    assert _ids(staff.get("conversations/", q="refund", status="closed")) == []


def test_without_words_nothing_is_said_of_a_search(staff, channel):
    hear(channel, text="A refund, please")
    assert "Search-Complete" not in staff.get("conversations/")
    assert len(_ids(staff.get("conversations/", q=""))) == 1


def test_who_may_not_see_it_does_not_find_it(brand, channel):
    asked = hear(channel, text="A refund, please")
    outsider = Caller(house.ambassador(house.department(brand), name="Other").user)
    assert _ids(outsider.get("conversations/", q="refund")) == []
    assert _ids(outsider.get("conversations/", q=str(asked.pk))) == []
    elsewhere = house.somebody(house.department(brand), name="Else").user
    RoleGrant.objects.create(user=elsewhere, role=Role.STAFF, unit=house.unit("Elsewhere"))
    assert _ids(Caller(elsewhere).get("conversations/", q="refund")) == []


def test_a_search_that_had_to_stop_says_so(staff, channel, monkeypatch):
    kept = hear(channel, text="A refund, please")
    monkeypatch.setattr(filters, "find", lambda typed, rows: Found([kept.pk], is_all=False))
    response = staff.get("conversations/", q="refund")
    assert (_ids(response), response["Search-Complete"]) == ([str(kept.pk)], "false")


def test_a_question_that_is_too_long_is_refused(staff):
    refused = staff.get("conversations/", q="a" * 201)
    assert refused.status_code == 400
    assert [(each["in"], each["pointer"]) for each in refused.json()["errors"]] == [("query", "/q")]
    assert not Conversation.objects.exists()
