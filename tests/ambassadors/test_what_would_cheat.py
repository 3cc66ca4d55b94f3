"""S3-GOV-1, S4-GOV-1, S5-AMB-1 and S5-AMB-2 as gates: the same number of acts opens the gate when
they are honest and leaves it shut when they cheat; lifting the guard opens it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from ambassadors.governance import approvals, corrections, escalations, policies
from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import (
    Acknowledgement,
    Correction,
    CorrectionKind,
    Course,
    Escalation,
    EscalationRule,
    NamedRole,
    Policy,
)
from ambassadors.routing.services import assign
from conversations.inbox.models import Conversation, Direction, Message
from conversations.inbox.services import reply
from crm.errors import Forbidden, RelaisError
from crm.organisation.models import CompanyVersion
from crm.organisation.services import save_employee
from crm.values import AUTOMATION, Actor, Via
from tests import house
from tests.ambassadors.atelier import HOUR, START, Atelier

pytestmark = pytest.mark.django_db
SPEAKERS, HITS, REPLIES = 3, 4, 60
Workforce = list[list[house.Somebody]]


@pytest.fixture
def company() -> Iterator[Atelier]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Atelier(traveller)


# --- S3-GOV-1: who speaks has read the policy, themselves, before ---


@pytest.fixture
def policy(company: Atelier) -> Policy:
    found = policies.publish("Tone", version="1", text="Be kind.", by=AUTOMATION)
    company.clock.shift(HOUR)
    return found


def speak(company: Atelier, people: Sequence[house.Somebody]) -> None:
    company.week(1)
    for person in people:
        company.answers(company.asked(), person)


def signed(policy: Policy, person: house.Somebody, *, via: Via, session: str) -> None:
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


def test_who_reads_it_in_their_own_session_before_speaking_opens_the_gate(
    company: Atelier, policy: Policy
) -> None:
    for person in company.workshop:
        policies.acknowledge(policy, by=person.acting)
    speak(company, company.workshop)
    assert company.judged("S3-GOV-1") == ("MET", SPEAKERS)


def test_one_session_that_signs_for_everybody_does_not(company: Atelier, policy: Policy) -> None:
    first, *others = company.workshop
    policies.acknowledge(policy, by=Actor(first.user, Via.OWN, "shared"))
    for person in others:
        with pytest.raises(RelaisError):
            policies.acknowledge(policy, by=Actor(person.user, Via.OWN, "shared"))
        signed(policy, person, via=Via.OWN, session="shared")
        company.clock.shift(60)
    speak(company, company.workshop)
    assert company.judged("S3-GOV-1") == ("NOT_MET", 1)
    for number, row in enumerate(Acknowledgement.objects.all()):
        Acknowledgement.objects.filter(pk=row.pk).update(session=f"session {number}")
    assert company.judged("S3-GOV-1") == ("MET", SPEAKERS)


def test_a_key_that_signs_for_everybody_does_not(company: Atelier, policy: Policy) -> None:
    for person in company.workshop:
        with pytest.raises(RelaisError):
            policies.acknowledge(policy, by=Actor(person.user, Via.SERVICE, person.acting.session))
        signed(policy, person, via=Via.SERVICE, session=person.acting.session)
    speak(company, company.workshop)
    assert company.judged("S3-GOV-1") == ("NOT_MET", 0)
    Acknowledgement.objects.update(via=Via.OWN)
    assert company.judged("S3-GOV-1") == ("MET", SPEAKERS)


def test_reading_it_after_one_has_spoken_does_not(company: Atelier, policy: Policy) -> None:
    speak(company, company.workshop)
    company.clock.shift(HOUR)
    for person in company.workshop:
        policies.acknowledge(policy, by=person.acting)
    assert company.judged("S3-GOV-1") == ("NOT_MET", 0)


@pytest.mark.parametrize(("reviewed", "outcome"), [(False, "NOT_MET"), (True, "MET")])
def test_a_policy_nobody_has_looked_at_for_years_does_not(
    company: Atelier, policy: Policy, reviewed: bool, outcome: str
) -> None:
    """Signed by all, and older than eighteen months when it is judged."""
    Policy.objects.update(occurred_at=START - timedelta(days=600))
    for person in company.workshop:
        policies.acknowledge(policy, by=person.acting)
    speak(company, company.workshop)
    if reviewed:
        policies.review(policy, by=company.desk.acting)
    assert company.judged("S3-GOV-1") == (outcome, SPEAKERS)


def test_a_new_version_has_to_be_read_too(company: Atelier, policy: Policy) -> None:
    for person in company.workshop:
        policies.acknowledge(policy, by=person.acting)
    policies.publish("Tone", version="2", text="Be kinder.", by=AUTOMATION)
    company.week(4)
    for person in company.workshop:
        company.answers(company.asked(), person)
    assert company.judged("S3-GOV-1") == ("NOT_MET", 0)


# --- S4-GOV-1: what is sensitive reaches the named role, and waits for it ---


@pytest.fixture
def legal(company: Atelier) -> house.Somebody:
    people = [house.somebody(company.desk.employee.department, name=n) for n in ("Lea", "Lou")]
    role = NamedRole.objects.create(name="Legal")
    role.people.set([person.employee for person in people])
    EscalationRule.objects.create(
        name="Accidents", role=role, keywords=["glue"], since=START - timedelta(days=400)
    )
    return people[0]


def hits(company: Atelier) -> Iterator[tuple[Conversation, Escalation, Message]]:
    """Each with an answer by the desk, which is held."""
    for number in range(HITS):
        company.week(number)
        conversation = company.asked()
        escalations.scan([conversation.pk])
        assign(conversation, employee=company.desk.employee, by=company.desk.acting)
        company.clock.shift(HOUR)
        message = reply(conversation, text=f"We look, {number}.", by=company.desk.acting)
        assert message.delivery.state == "held"
        company.clock.shift(HOUR)
        yield conversation, Escalation.objects.get(conversation=conversation), message


def approved(company: Atelier, message: Message, legal: house.Somebody) -> None:
    approvals.approve(message, by=legal.acting)
    company.clock.shift(HOUR)
    company.arrived(message)


def test_answers_that_the_role_approved_first_open_the_gate(
    company: Atelier, legal: house.Somebody
) -> None:
    for _conversation, _hit, message in hits(company):
        approved(company, message, legal)
    assert company.judged("S4-GOV-1") == ("MET", HITS)


def test_answers_that_went_out_before_the_role_agreed_do_not(
    company: Atelier, legal: house.Somebody
) -> None:
    for _conversation, hit, message in hits(company):
        company.arrived(message)  # as if no gate had held it
        company.clock.shift(HOUR)
        escalations.let_go(hit, by=legal.acting)
    assert company.judged("S4-GOV-1") == ("NOT_MET", 0)


def test_a_role_that_looks_at_it_after_a_week_does_not(
    company: Atelier, legal: house.Somebody
) -> None:
    for _conversation, _hit, message in hits(company):
        company.clock.shift(6 * 24 * HOUR)
        approved(company, message, legal)
    assert company.judged("S4-GOV-1") == ("NOT_MET", 0)


def test_a_role_that_has_it_before_it_and_never_decides_does_not(
    company: Atelier, legal: house.Somebody
) -> None:
    for _conversation, hit, _message in hits(company):
        escalations.take(hit, by=legal.acting)
    assert company.judged("S4-GOV-1") == ("NOT_MET", 0)


def test_neither_the_author_nor_a_key_is_the_role(company: Atelier, legal: house.Somebody) -> None:
    role = NamedRole.objects.get()
    role.people.add(company.desk.employee)  # the author is made one of them
    for _conversation, _hit, message in hits(company):
        for by in (company.desk.acting, Actor(legal.user, Via.SERVICE)):
            with pytest.raises(Forbidden):
                approvals.approve(message, by=by)
    assert company.judged("S4-GOV-1") == ("NOT_MET", 0)


# --- S5-AMB-1: a good part of all who are expected to take part do, all over the house ---


@pytest.fixture
def workforce(company: Atelier) -> Workforce:
    """Fifteen people in four departments; the desk is the social team."""
    company.clock.shift(60)
    company.desk.employee.social_team, company.desk.employee.relevant = True, False
    save_employee(company.desk.employee, by=AUTOMATION)
    lab, stores = company.department("Lab"), company.department("Stores")
    place = stores[0].employee.department
    stores += [house.ambassador(place, name=f"More{number}") for number in range(3)]
    return [company.workshop, company.sales, lab, stores]


def everywhere(workforce: Workforce) -> list[house.Somebody]:
    """One of each department, and a fifth."""
    return [*(people[0] for people in workforce), workforce[0][1]]


def interact(
    company: Atelier, people: Sequence[house.Somebody], *, weeks: int = 3, via: Via = Via.OWN
) -> None:
    """Three answers each."""
    for number in range(3):
        company.week(number % weeks)
        for person in people:
            company.answers(company.asked(), person, via=via)


def test_a_third_of_the_workforce_all_over_the_house_opens_the_gate(
    company: Atelier, workforce: Workforce
) -> None:
    interact(company, everywhere(workforce))
    assert company.judged("S5-AMB-1") == ("MET", 5)


@pytest.mark.parametrize(("headcount", "outcome"), [(75, "MET"), (100, "NOT_MET")])
def test_expecting_nothing_of_most_people_does_not(
    company: Atelier, workforce: Workforce, headcount: int, outcome: str
) -> None:
    """Of five relevant people five take part; at least a fifth of the company is asked for."""
    CompanyVersion.objects.update(headcount=headcount)
    active = everywhere(workforce)
    company.clock.shift(60)
    for person in (one for people in workforce for one in people if one not in active):
        person.employee.relevant = False
        save_employee(person.employee, by=AUTOMATION)
    interact(company, active)
    assert company.judged("S5-AMB-1") == (outcome, 5)


def test_one_zealous_department_is_no_workforce(company: Atelier, workforce: Workforce) -> None:
    interact(company, workforce[3][:5])
    assert company.judged("S5-AMB-1") == ("NOT_MET", 5)


def test_a_campaign_of_one_week_is_no_habit(company: Atelier, workforce: Workforce) -> None:
    interact(company, everywhere(workforce), weeks=1)
    assert company.judged("S5-AMB-1") == ("NOT_MET", 0)


def test_a_program_in_the_names_of_the_workforce_is_none(
    company: Atelier, workforce: Workforce
) -> None:
    interact(company, everywhere(workforce), via=Via.SERVICE)
    assert company.judged("S5-AMB-1") == ("NOT_MET", 0)
    Message.objects.filter(direction=Direction.OUT).update(via=Via.OWN)
    assert company.judged("S5-AMB-1") == ("MET", 5)


# --- S5-AMB-2: trained and trusted people answer without asking, and are right ---


def learnt(company: Atelier, policy: Policy, *, trained: bool = True) -> list[house.Somebody]:
    people = [*company.workshop, *company.sales]
    for person in people:
        policies.acknowledge(policy, by=person.acting)
        if trained:
            _train(company, person)
    return people


def _train(company: Atelier, person: house.Somebody) -> None:
    course, _made = Course.objects.get_or_create(name="Tone")
    policies.train(person.employee, course=course, taken_at=timezone.now(), by=company.desk.acting)


def sixty_replies(company: Atelier, people: Sequence[house.Somebody]) -> list[Message]:
    """Ten of each, every one in other words; who must ask is approved as they wrote."""
    company.week(1)
    sent: list[Message] = []
    for person in people:
        conversation = company.asked()
        assign(conversation, employee=person.employee, by=person.acting)
        company.clock.shift(60)
        for _ in range(REPLIES // len(people)):
            message = reply(conversation, text=f"Answer {len(sent)}.", by=person.acting)
            if message.approval_required:
                approvals.approve(message, by=company.desk.acting)
            company.arrived(message)
            sent.append(message)
    return sent


def test_trained_people_who_answer_at_once_open_the_gate(company: Atelier, policy: Policy) -> None:
    sixty_replies(company, learnt(company, policy))
    assert company.judged("S5-AMB-2") == ("MET", REPLIES)


def test_trust_by_not_training_anybody_does_not(company: Atelier, policy: Policy) -> None:
    people = learnt(company, policy, trained=False)
    sixty_replies(company, people)
    for person in people:
        with pytest.raises(RelaisError):  # nobody attests a training to themself
            policies.train(
                person.employee,
                course=Course.objects.get_or_create(name="Tone")[0],
                taken_at=START,
                by=person.acting,
            )
    assert company.judged("S5-AMB-2") == ("NOT_MET", 0)


def test_a_training_after_the_answers_trusts_nobody(company: Atelier, policy: Policy) -> None:
    people = learnt(company, policy, trained=False)
    sixty_replies(company, people)
    company.clock.shift(HOUR)
    for person in people:
        _train(company, person)
    assert company.judged("S5-AMB-2") == ("NOT_MET", 0)


def test_answers_that_were_all_approved_first_trust_nobody(
    company: Atelier, policy: Policy
) -> None:
    Ladder.objects.create(unit=company.home, threshold=100)
    sixty_replies(company, learnt(company, policy))
    assert company.judged("S5-AMB-2") == ("NOT_MET", 0)
    Message.objects.update(approval_required=False, approved_by=None)
    assert company.judged("S5-AMB-2") == ("MET", REPLIES)


@pytest.mark.parametrize(("wrong", "outcome"), [(1, "MET"), (2, "NOT_MET")])
def test_trust_that_has_to_be_corrected_too_often_does_not(
    company: Atelier, policy: Policy, wrong: int, outcome: str
) -> None:
    sent = sixty_replies(company, learnt(company, policy))
    for message in sent[:wrong]:
        message.refresh_from_db()
        corrections.correct(message, kind=CorrectionKind.WITHDRAWN, by=company.desk.acting)
    assert Correction.objects.count() == wrong
    assert company.judged("S5-AMB-2") == (outcome, REPLIES)
