"""What is sensitive reaches a named role, and is answered only after its approval."""

from __future__ import annotations

from typing import Any

import pytest

from ambassadors.governance import approvals, escalations, telling
from ambassadors.governance.models import Escalation, EscalationRule, NamedRole
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import Conflict, Forbidden
from crm.values import AUTOMATION, Actor, Via
from tests import house

pytestmark = pytest.mark.django_db


class Company:
    """Staff in one unit; two lawyers in another, who are asked about accidents."""

    def __init__(self) -> None:
        self.unit = house.unit()
        self.staff = house.somebody(house.department(self.unit), Role.STAFF, name="Sam")
        legal = house.department(house.unit("Head office"), "Legal")
        self.lea, self.lou = (house.somebody(legal, name=name) for name in ("Lea", "Lou"))
        self.role = NamedRole.objects.create(name="Legal")
        self.role.people.add(self.lea.employee, self.lou.employee)
        self.rule = EscalationRule.objects.create(
            name="Accidents", role=self.role, keywords=["blessé", "accident"]
        )
        self.channel = house.webhook_channel(self.unit)
        self.number = 0

    def hear(self, text: str = "An ACCIDENT with your stove!", thread: str = "t") -> Conversation:
        self.number += 1
        said = house.message(f"m{self.number}", text, thread=thread)
        house.post_webhook(self.channel, house.event(said))
        house.drain()
        conversation = Conversation.objects.get(thread=thread)
        escalations.scan([conversation.pk])
        return conversation

    def state(self, message: Message) -> str:
        return str(Message.objects.get(pk=message.pk).delivery.state)


@pytest.fixture
def company() -> Company:
    return Company()


def test_a_hit_is_raised_once_and_the_role_sees_the_conversation(company: Company) -> None:
    conversation = company.hear("Mon fils est blesse")
    escalations.scan([conversation.pk])
    company.hear("blessé, encore")
    hit = Escalation.objects.get()
    assert (hit.rule, hit.role, hit.drill) == ("Accidents", "Legal", False)
    assert hit.occurred_at == conversation.messages.earliest("occurred_at").occurred_at
    assert Conversation.objects.visible_to(company.lea.user).exists()


@pytest.mark.parametrize("text", ["Where is my parcel?", "accidentally", ""])
def test_a_word_within_a_word_is_no_hit(company: Company, text: str) -> None:
    assert not escalations.has_word(["accident"], text)


def test_a_rule_of_another_unit_channel_or_time_does_not_hit(company: Company) -> None:
    other = house.unit("Other")
    EscalationRule.objects.update(unit=other)
    company.hear(thread="unit")
    EscalationRule.objects.update(unit=None)
    company.rule.channels.add(house.webhook_channel(other))
    company.hear(thread="channel")
    company.rule.channels.clear()
    EscalationRule.objects.update(active=False)
    company.hear(thread="off")
    assert not Escalation.objects.exists()


def test_even_staff_is_held_until_the_role_approves(company: Company) -> None:
    message = reply(company.hear(), text="Sorry!", by=company.staff.acting)
    assert company.state(message) == "held"
    other = house.somebody(house.department(company.unit), Role.STAFF, name="Tim")
    with pytest.raises(Forbidden):
        approvals.approve(message, by=other.acting)
    assert company.state(message) == "held"
    approvals.approve(message, by=company.lea.acting)
    hit = Escalation.objects.get()
    assert (hit.approved_by, hit.reply_id) == (company.lea.employee, message.pk)
    assert hit.reached_at == hit.approved_at
    assert company.state(message) == "queued"
    assert not Conversation.objects.visible_to(company.lea.user).exists()


def test_an_answer_before_the_announcement_is_held_all_the_same(company: Company) -> None:
    said = house.message("x", "accident", thread="x")
    house.post_webhook(company.channel, house.event(said))
    house.drain()
    assert not Escalation.objects.exists()  # no commit in a test: nothing was announced
    message = reply(Conversation.objects.get(), text="Oh", by=company.staff.acting)
    assert company.state(message) == "held"
    assert Escalation.objects.count() == 1


def test_only_an_own_act_of_the_role_reaches_and_lets_go(company: Company) -> None:
    company.hear()
    hit = Escalation.objects.get()
    key = Actor(company.lea.user, Via.SERVICE, "key")
    for by in (AUTOMATION, key, company.staff.acting):
        for verb in (escalations.take, escalations.let_go):
            with pytest.raises(Forbidden):
                verb(hit, by=by)
    hit.refresh_from_db()
    assert (hit.reached_at, hit.approved_at) == (None, None)
    first = escalations.take(hit, by=company.lea.acting).reached_at
    assert escalations.take(hit, by=company.lou.acting).reached_at == first
    escalations.let_go(hit, by=company.lou.acting)
    with pytest.raises(Conflict):
        escalations.let_go(hit, by=company.lea.acting)


def test_who_let_go_does_not_answer_alone(company: Company) -> None:
    company.role.people.add(company.staff.employee)
    conversation = company.hear()
    escalations.let_go(Escalation.objects.get(), by=company.staff.acting)
    message = reply(conversation, text="All is well", by=company.staff.acting)
    assert company.state(message) == "held"
    with pytest.raises(Forbidden):
        approvals.approve(message, by=company.staff.acting)
    colleague = house.somebody(house.department(company.unit), Role.STAFF, name="Tim")
    assert company.state(reply(conversation, text="Ours", by=colleague.acting)) == "queued"


def test_a_new_hit_after_the_approval_is_a_new_escalation(company: Company) -> None:
    company.hear()
    escalations.let_go(Escalation.objects.get(), by=company.lea.acting)
    company.hear("Another accident")
    assert Escalation.objects.filter(approved_at=None).count() == 1


def test_the_role_is_told_by_mail_once(company: Company, settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_URL = tmp_path.as_uri()
    company.hear()
    for _ in range(2):
        telling.tell_due()
    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_without_a_rule_nothing_is_held(company: Company) -> None:
    EscalationRule.objects.all().delete()
    assert company.state(reply(company.hear(), text="Oh", by=company.staff.acting)) == "queued"
