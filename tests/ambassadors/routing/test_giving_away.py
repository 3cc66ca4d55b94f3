"""A colleague's conversation is asked for before it is given to somebody else."""

from __future__ import annotations

import pytest
from django.test import Client

from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.services import accept, assign, give, handed_over
from conversations.inbox import takeovers
from conversations.inbox.models import Conversation, Takeover, TakeoverState
from crm.access.models import Role
from crm.errors import Conflict, Forbidden
from crm.journal.models import Act
from tests import house
from tests.api.hands import Caller, a_key

pytestmark = pytest.mark.django_db


class Company:
    """Ada has the conversation; Sam serves the unit and would give it to Bea."""

    def __init__(self) -> None:
        home = house.unit()
        place = house.department(home)
        self.ada, self.bea = (house.ambassador(place, name=name) for name in ("Ada", "Bea"))
        self.sam = house.somebody(place, Role.STAFF, name="Sam")
        channel = house.webhook_channel(home)
        house.post_webhook(channel, house.event(house.message()))
        house.drain()
        self.conversation = Conversation.objects.get()
        offer = assign(self.conversation, employee=self.ada.employee, by=self.sam.acting)
        accept(offer, by=self.ada.acting)
        self.desk = Client()
        self.desk.force_login(self.sam.user)

    def gives(self, to: house.Somebody, **how: str) -> int:
        said = {"employee": str(to.employee.pk), **how}
        where = f"/admin/ambassadors/offer/assign/{self.conversation.pk}/"
        return int(self.desk.post(where, said).status_code)

    @property
    def owner(self) -> str:
        self.conversation.refresh_from_db()
        return str(self.conversation.assignee)


@pytest.fixture
def company() -> Company:
    return Company()


def test_it_is_not_given_away_over_a_colleagues_head(company: Company) -> None:
    for person in (company.bea, company.sam):
        with pytest.raises(Conflict) as refused:
            give(company.conversation, employee=person.employee, by=company.sam.acting)
        assert refused.value.code == "owned"
        assert company.gives(person) == 409
    assert company.owner == "Ada"
    assert Offer.objects.count() == 1


def test_the_owner_is_asked_and_hands_it_over_to_whom_it_was_meant_for(company: Company) -> None:
    assert company.gives(company.bea, how="ask") == 302
    asked = Takeover.objects.get()
    assert (asked.asker.name, asked.owner.name, str(asked.taker)) == ("Sam", "Ada", "Bea")
    assert company.owner == "Ada"
    ada = Client()
    ada.force_login(company.ada.user)
    where = f"/my/conversations/{company.conversation.pk}/"
    assert "Sam asks you to hand this conversation over to Bea." in ada.get(where).content.decode()
    assert ada.post(f"{where}agree/")["Location"] == "/my/"
    assert company.owner == "Bea"
    company.conversation.refresh_from_db()
    handed_over(company.conversation, taker=company.bea.employee.pk)
    handed_over(company.conversation, taker=company.bea.employee.pk)  # told twice
    mine = Offer.objects.get(employee=company.bea.employee)
    assert (mine.state, mine.by) == (OfferState.OPEN, "manual")


def test_the_owner_keeps_it(company: Company) -> None:
    company.gives(company.sam, how="ask")
    assert str(Takeover.objects.get().taker) == "None"  # Sam asks for himself
    takeovers.refuse(company.conversation, by=company.ada.acting)
    assert company.owner == "Ada"


def test_what_is_taken_without_consent_is_logged_and_told(company: Company) -> None:
    assert company.gives(company.bea, how="give") == 302
    assert company.owner == "Bea"
    found = Takeover.objects.get()
    assert (found.state, found.told_at) == (TakeoverState.FORCED, None)
    assert Act.objects.filter(verb="conversation_taken_over", actor=company.sam.user).exists()
    assert Offer.objects.get(employee=company.bea.employee).state == OfferState.OPEN
    assert not Conversation.objects.visible_to(company.ada.user).exists()


def test_programs_say_how_too(company: Company) -> None:
    caller = Caller(company.sam.user)
    where = f"conversations/{company.conversation.pk}/assign/"
    body = {"employee": str(company.bea.employee.pk)}
    refused = caller.post(where, body, key=a_key())
    assert (refused.status_code, refused.json()["code"]) == (409, "owned")
    assert caller.post(where, body | {"how": "ask"}, key=a_key()).status_code == 200
    assert company.owner == "Ada"
    assert caller.post(where, body | {"how": "give"}, key=a_key()).status_code == 200
    assert company.owner == "Bea"


def test_only_the_staff_asks_for_somebody_else(company: Company) -> None:
    with pytest.raises(Forbidden):
        takeovers.ask(company.conversation, by=company.bea.acting, taker=company.sam.employee)
    assert not Takeover.objects.exists()


def test_what_nobody_accepted_is_given_on_freely(company: Company) -> None:
    assert company.gives(company.bea, how="give") == 302
    assert company.gives(company.sam) == 302  # Bea was asked and has said nothing yet
    assert company.owner == "Sam"
