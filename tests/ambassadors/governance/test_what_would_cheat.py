"""S3-GOV-1, S4-GOV-1, S5-AMB-2 from live acts: what would cheat them adds nothing, the same
number of honest acts does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ambassadors.governance import approvals, escalations, policies
from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import (
    Acknowledgement,
    Course,
    Escalation,
    EscalationRule,
    NamedRole,
    Policy,
)
from ambassadors.governance.vouching import vouch
from ambassadors.routing.services import assign
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import RelaisError
from crm.values import AUTOMATION, Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.maturity.company import criterion

pytestmark = pytest.mark.django_db


class Company:
    def __init__(self) -> None:
        self.unit = house.unit()
        self.desk = house.department(self.unit, "Desk")
        self.staff = [house.somebody(self.desk, Role.STAFF, name=f"Staff{n}") for n in range(3)]
        self.ada = house.ambassador(house.department(self.unit))
        self.channel = house.webhook_channel(self.unit)
        self.policy = policies.publish("Tone", version="1", text="Be kind.", by=AUTOMATION)
        self.number = 0

    def hear(self, text: str = "Where is it?") -> Conversation:
        self.number += 1
        said = house.message(f"m{self.number}", text, thread=f"t{self.number}")
        house.post_webhook(self.channel, house.event(said))
        house.drain()
        return Conversation.objects.get(thread=f"t{self.number}")

    def says(self, person: house.Somebody, text: str = "Here.") -> Message:
        conversation = self.hear()
        assign(conversation, employee=person.employee, by=person.acting)
        return reply(conversation, text=text, by=person.acting)


def arrived(*messages: Message) -> None:
    """The provider takes them now."""
    for message in messages:
        Delivery.objects.filter(message=message).update(state=DeliveryState.SENT)
        Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())


def counted(id_: str) -> tuple[Any, Any]:
    day = timezone.localdate() + timedelta(days=14)
    found = criterion(appraise(day, reading=PastReading.CORRECTED), id_)
    return found["k"], found["n"]


@pytest.fixture
def company() -> Company:
    return Company()


def test_one_session_signs_for_one_person_and_a_key_for_nobody(company: Company) -> None:
    shared = "one session"
    for person in company.staff:
        by = Actor(person.user, Via.OWN, shared)
        if person is company.staff[0]:
            policies.acknowledge(company.policy, by=by)
            continue
        with pytest.raises(RelaisError):
            policies.acknowledge(company.policy, by=by)
        for via, session in ((Via.OWN, shared), (Via.SERVICE, "key"), (Via.IMPORT, "")):
            _slipped_in(company.policy, person, via=via, session=session)
    arrived(*(company.says(person) for person in company.staff))
    assert counted("S3-GOV-1") == (1, 3)


def _slipped_in(policy: Policy, person: house.Somebody, *, via: Via, session: str) -> None:
    """As if no verb stood before the rows."""
    Acknowledgement.objects.create(
        policy=policy,
        policy_name=policy.name,
        version=policy.version,
        employee=person.employee,
        session=session,
        via=via,
        occurred_at=timezone.now(),
    )


def test_each_in_their_own_session_signs(company: Company) -> None:
    for person in company.staff:
        policies.acknowledge(company.policy, by=person.acting)
    arrived(*(company.says(person) for person in company.staff))
    assert counted("S3-GOV-1") == (3, 3)


@pytest.fixture
def legal(company: Company) -> list[house.Somebody]:
    people = [house.somebody(company.desk, name=name) for name in ("Lea", "Lou")]
    role = NamedRole.objects.create(name="Legal")
    role.people.set([person.employee for person in people])
    EscalationRule.objects.create(name="Accidents", role=role, keywords=["accident"])
    return people


def _escalated(company: Company) -> tuple[Conversation, Escalation]:
    conversation = company.hear("An accident")
    escalations.scan([conversation.pk])
    return conversation, Escalation.objects.get()


def test_an_approval_after_the_answer_went_out_is_none(
    company: Company, legal: list[house.Somebody]
) -> None:
    conversation, hit = _escalated(company)
    message = reply(conversation, text="Sorry", by=company.staff[0].acting)
    assert message.delivery.state == "held"
    arrived(message)  # as if no gate had held it
    escalations.let_go(hit, by=legal[0].acting)
    assert counted("S4-GOV-1") == (0, 1)


def test_an_answer_that_the_role_approved_first_counts(
    company: Company, legal: list[house.Somebody]
) -> None:
    conversation, _hit = _escalated(company)
    message = reply(conversation, text="Sorry", by=company.staff[0].acting)
    approvals.approve(message, by=legal[0].acting)
    arrived(message)
    assert counted("S4-GOV-1") == (1, 1)


def test_an_answer_that_needed_an_approval_is_none_of_trust(company: Company) -> None:
    Ladder.objects.create(unit=company.unit)
    _trained(company)
    for _ in range(2):
        message = company.says(company.ada)
        approvals.approve(message, by=company.staff[0].acting)
        arrived(message)
    assert counted("S5-AMB-2") == (0, 2)
    with pytest.raises(RelaisError):  # nor does one's own word lift one
        vouch(company.ada.employee, trusted=True, by=company.ada.acting)
    vouch(company.ada.employee, trusted=True, by=company.staff[0].acting)
    arrived(company.says(company.ada, "At once"))
    assert counted("S5-AMB-2") == (1, 3)


def _trained(company: Company) -> None:
    course = Course.objects.create(name="Tone")
    policies.acknowledge(company.policy, by=company.ada.acting)
    policies.train(
        company.ada.employee, course=course, taken_at=timezone.now(), by=company.staff[0].acting
    )


def test_trust_without_the_training_counts_for_nothing(company: Company) -> None:
    policies.acknowledge(company.policy, by=company.ada.acting)
    course = Course.objects.create(name="Tone")
    with pytest.raises(RelaisError):
        policies.train(
            company.ada.employee, course=course, taken_at=timezone.now(), by=company.ada.acting
        )
    arrived(company.says(company.ada))
    assert counted("S5-AMB-2") == (0, 1)
