"""What needs no answer waits for nobody: off the list, out of routing, its clocks stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ambassadors.routing.models import Offer, OfferState, RoutingCase
from conversations.inbox.models import Conversation, Deadline, NeedsAnswer
from conversations.inbox.pages.tabs import counts
from conversations.inbox.services import decide_need, reply
from conversations.service_levels.models import Target
from conversations.service_levels.services import save_target
from crm.access.models import Role
from crm.organisation.models import Calendar
from crm.organisation.services import save_calendar
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller, a_key

pytestmark = pytest.mark.django_db


class Company:
    def __init__(self) -> None:
        self.home = house.unit()
        place = house.department(self.home)
        self.ada = house.ambassador(place)
        self.sam = house.somebody(place, Role.STAFF, name="Sam")
        self.channel = house.webhook_channel(self.home)
        house.rule()
        self.number = 0

    def hear(self, text: str = "Thank you!") -> Conversation:
        self.number += 1
        house.post_webhook(self.channel, house.event(house.message(f"m{self.number}", text)))
        house.drain()
        return Conversation.objects.get()


@pytest.fixture
def company() -> Company:
    return Company()


Decide = Callable[[Conversation, bool], None]


@pytest.fixture
def decide(company: Company, django_capture_on_commit_callbacks: Any) -> Decide:
    """By the API; what is told after the commit is told."""

    def _decide(conversation: Conversation, value: bool) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            said = Caller(company.sam.user).post(
                f"conversations/{conversation.pk}/need/", {"value": value}, key=a_key()
            )
        assert said.status_code == 200, said.content

    return _decide


def state(conversation: Conversation) -> tuple[str, bool]:
    conversation.refresh_from_db()
    return conversation.status, conversation.waiting_since is not None


def test_no_takes_it_off_the_waiting_list_and_ends_what_is_offered(
    company: Company, decide: Decide
) -> None:
    conversation = company.hear()
    assert Offer.objects.get().state == OfferState.OPEN
    assert counts(company.sam.user)["unassigned"] == "1"
    decide(conversation, False)
    assert state(conversation) == ("waiting", False)
    assert counts(company.sam.user)["unassigned"] == "0"
    assert counts(company.sam.user)["open"] == "0"
    house.drain()
    assert Offer.objects.get().state == OfferState.WITHDRAWN
    assert RoutingCase.objects.get().due_at is None


def test_it_comes_back_when_they_write_again_and_somebody_is_asked(
    company: Company, decide: Decide, django_capture_on_commit_callbacks: Any
) -> None:
    conversation = company.hear()
    decide(conversation, False)
    with django_capture_on_commit_callbacks(execute=True):
        company.hear("And where is my parcel?")
    assert state(conversation) == ("open", True)
    assert RoutingCase.objects.get().due_at is not None


def test_yes_after_a_no_puts_it_back_where_it_waited(company: Company, decide: Decide) -> None:
    conversation = company.hear()
    since = conversation.waiting_since
    decide(conversation, False)
    decide(conversation, True)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.waiting_since) == ("open", since)
    assert RoutingCase.objects.get().due_at is not None
    assert list(NeedsAnswer.objects.order_by("pk").values_list("value", flat=True)) == [False, True]


def test_yes_to_what_was_answered_changes_nothing(company: Company) -> None:
    conversation = company.hear()
    reply(conversation, text="You are welcome.", by=company.sam.acting)
    decide_need(conversation, value=True, by=company.sam.acting)
    assert state(conversation) == ("waiting", False)


def test_its_clocks_stop_and_go_on_from_their_own_start(company: Company) -> None:
    week = dict.fromkeys(("saturday", "sunday"), "00:00-24:00")
    calendar = save_calendar(Calendar(name="Always", **week), by=AUTOMATION)
    target = Target(name="All", calendar=calendar, first_answer="4 h", resolution="2 d")
    save_target(target, by=AUTOMATION)
    conversation = company.hear()
    due = list(Deadline.objects.order_by("clock").values_list("clock", "due_at"))
    assert len(due) == 2
    decide_need(conversation, value=False, by=company.sam.acting)
    assert not Deadline.objects.running().exists()
    decide_need(conversation, value=True, by=company.sam.acting)
    assert list(Deadline.objects.running().order_by("clock").values_list("clock", "due_at")) == due


def test_who_may_not_answer_decides_nothing(company: Company) -> None:
    conversation = company.hear()
    said = Caller(company.ada.user).post(
        f"conversations/{conversation.pk}/need/", {"value": False}, key=a_key()
    )
    assert said.status_code == 403
    assert state(conversation) == ("open", True)
    assert not NeedsAnswer.objects.exists()
