"""A drill goes the whole way of a real question, is marked, and counts for its rule alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ambassadors.communities.load import load_of
from ambassadors.governance import approvals, drills, escalations
from ambassadors.governance.models import Escalation, EscalationRule, NamedRole
from ambassadors.routing.models import Offer, RoutingCase
from ambassadors.routing.statistics import statistics_of
from conversations.channels.models import Channel, Heartbeat, Source
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Invalid
from crm.values import Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.api.hands import Caller, a_key

pytestmark = pytest.mark.django_db


class Company:
    def __init__(self) -> None:
        self.unit = house.unit()
        place = house.department(self.unit)
        self.sam = house.somebody(place, Role.STAFF, name="Sam")
        self.lea = house.somebody(place, name="Lea")
        self.ada = house.ambassador(place)
        house.rule()
        role = NamedRole.objects.create(name="Legal")
        role.people.add(self.lea.employee)
        past = timezone.now() - timedelta(days=1)
        self.rule = EscalationRule.objects.create(
            name="Accidents", role=role, keywords=["accident"], since=past
        )
        other = EscalationRule.objects.create(name="All", role=role, unit=self.unit, since=past)
        self.other = other

    def drilled(self, text: str = "The stove fell over.") -> Conversation:
        drills.start(self.rule, unit=self.unit, by=self.sam.acting, text=text)
        house.drain()
        conversation = Conversation.objects.get(channel__kind="drill")
        escalations.scan([conversation.pk])
        return conversation


@pytest.fixture
def company() -> Company:
    return Company()


def test_it_comes_in_hits_its_rule_and_is_held_for_the_role(company: Company) -> None:
    conversation = company.drilled()
    hit = Escalation.objects.get()  # and no other rule's
    assert (hit.rule, hit.drill, conversation.is_drill) == ("Accidents", True, True)
    assert str(conversation) == "Drill: Accidents"
    assert Message.objects.get().text.startswith("This is a drill: nobody outside asks this")
    assert Conversation.objects.visible_to(company.lea.user).filter(pk=conversation.pk).exists()
    message = reply(conversation, text="We call them at once.", by=company.sam.acting)
    assert message.delivery.state == "held"
    approvals.ask(message, at=timezone.now())
    approvals.approve(message, by=company.lea.acting)
    house.drain()
    message.refresh_from_db()
    assert (message.delivery.state, message.sent_at is not None) == ("sent", True)
    hit.refresh_from_db()
    assert hit.approved_by == company.lea.employee


def test_it_is_marked_wherever_it_is_seen(company: Company) -> None:
    conversation = company.drilled()
    message = reply(conversation, text="At once.", by=company.sam.acting)
    approvals.ask(message, at=timezone.now())
    desk, legal = Client(), Client()
    desk.force_login(company.sam.user)
    legal.force_login(company.lea.user)
    where = f"/admin/conversations/conversation/{conversation.pk}/change/"
    assert "data-drill" in desk.get(where).content.decode()
    assert "Drill: Accidents" in desk.get("/admin/ambassadors/ladder/approvals/").content.decode()
    assert "data-drill" in legal.get("/approvals/").content.decode()
    assert "Accidents → Legal" in desk.get("/admin/ambassadors/escalation/drill/").content.decode()
    said = Caller(company.sam.user).get(f"conversations/{conversation.pk}/").json()
    assert said["is_drill"] is True
    assert Caller(company.lea.user).get("escalations/").json()["results"][0]["drill"] is True


def numbers(id_: str | None = None) -> Any:
    day = timezone.localdate() + timedelta(days=14)
    found = appraise(day, reading=PastReading.CORRECTED)["criteria"]
    counted = {each["id"]: (each["k"], each["n"]) for each in found}
    return counted[id_] if id_ else counted


def test_it_counts_for_the_rule_and_for_nothing_else(company: Company) -> None:
    before = numbers()
    conversation = company.drilled()
    message = reply(conversation, text="At once.", by=company.sam.acting)
    approvals.approve(message, by=company.lea.acting)
    house.drain()
    after = numbers()
    changed = {id_ for id_, counted in after.items() if counted != before[id_]}
    assert changed == {"S4-GOV-1"}
    assert after["S4-GOV-1"] == (1, 1)
    assert statistics_of(company.sam.employee, at=timezone.now()).answers == 0
    assert not Source.objects.filter(kind="drill").exists()
    assert not Heartbeat.objects.exists()
    assert not Offer.objects.exists()  # nobody is bothered with it
    assert not RoutingCase.objects.exists()


def test_an_answer_that_slips_out_unapproved_fails_the_drill(company: Company) -> None:
    conversation = company.drilled()
    message = reply(conversation, text="Sorry", by=company.sam.acting)
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    escalations.let_go(Escalation.objects.get(), by=company.lea.acting)
    assert numbers("S4-GOV-1") == (0, 1)


def test_what_is_asked_always_holds_the_rules_word(company: Company) -> None:
    assert "(accident)" in drills.words(company.rule, "The stove fell over.")
    with pytest.raises(Invalid):
        drills.words(company.rule, "x" * 5_000)


def test_only_the_units_staff_starts_one(company: Company) -> None:
    by = company.sam.acting
    for refused in (company.ada.acting, company.lea.acting, Actor(by.user, Via.SERVICE)):
        with pytest.raises(Forbidden):
            drills.start(company.rule, unit=company.unit, by=refused)
    EscalationRule.objects.update(active=False)
    company.rule.refresh_from_db()
    with pytest.raises(Conflict):
        drills.start(company.rule, unit=company.unit, by=by)
    assert not Channel.objects.filter(kind="drill").exists()


def test_it_is_started_by_programs_and_by_the_page(company: Company) -> None:
    caller = Caller(company.sam.user)
    rules = {row["name"]: row["id"] for row in caller.get("escalation-rules/").json()["results"]}
    where = f"escalation-rules/{rules['Accidents']}/drill/"
    body = {"unit": str(company.unit.pk), "text": "It burnt."}
    key = a_key()
    first, again = (caller.post(where, body, key=key) for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    desk = Client()
    desk.force_login(company.sam.user)
    page = "/admin/ambassadors/escalation/drill/"
    assert desk.post(page, {"rule": "0", "unit": "x"}).status_code == 400
    typed = {"rule": str(company.rule.pk), "unit": str(company.unit.pk), "text": ""}
    assert desk.post(page, typed).status_code == 302
    house.drain()
    assert Conversation.objects.filter(channel__kind="drill").count() == 2


def test_the_load_board_knows_nothing_of_it(company: Company) -> None:
    company.drilled()
    load = load_of(company.sam.user)
    assert not any(load.outside.total(week) for week in load.weeks)
    assert not load.outside.now.total()
