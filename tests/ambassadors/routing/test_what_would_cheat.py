"""S3-GOV-2 and S4-AMB-1 from live acts: what would cheat them leaves the gate shut, the same
number of honest acts opens it; where a guard can be lifted, lifting it opens the gate too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
import time_machine

from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.services import accept, assign
from conversations.inbox.models import (
    Closing,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
)
from conversations.inbox.services import close, decide_need, note, reopen, reply
from crm.errors import Forbidden
from crm.organisation.services import save_employee
from crm.values import AUTOMATION, Actor, Via
from tests import house
from tests.ambassadors.atelier import HOUR, START, Atelier

pytestmark = pytest.mark.django_db
ASKED = 12  # conversations, in six weeks
CARRIERS, WEEKS = 3, 3  # what a B2B company of sixty is asked for


@pytest.fixture
def company() -> Iterator[Atelier]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Atelier(traveller)


# --- S3-GOV-2: found somebody who took it themselves, within a working day, in two departments ---


def handed_out(
    company: Atelier,
    *,
    among: Sequence[house.Somebody],
    via: Via | None = Via.OWN,
    after: timedelta = timedelta(hours=1),
    taken: int = ASKED,
) -> None:
    """Twelve conversations given in turn; the first `taken` are accepted by that door, if any."""
    for number in range(ASKED):
        company.week(number // 2)
        conversation = company.asked()
        person = among[number % len(among)]
        offer = company.offered(conversation, person)
        if via is not None and number < taken:
            company.clock.shift(after.total_seconds())
            accept(offer, by=Actor(person.user, via))


def both(company: Atelier) -> list[house.Somebody]:
    return [company.workshop[0], company.sales[0]]


def test_taken_by_two_departments_within_a_day_opens_the_gate(company: Atelier) -> None:
    handed_out(company, among=both(company))
    assert company.judged("S3-GOV-2") == ("MET", ASKED)


def test_what_is_given_to_people_who_never_take_it_is_no_routing(company: Atelier) -> None:
    handed_out(company, among=both(company), via=None)
    assert Conversation.objects.filter(assignee=None).count() == 0  # it looks handed out
    assert company.judged("S3-GOV-2") == ("NOT_MET", 0)


def test_nobody_takes_what_is_anothers(company: Atelier) -> None:
    offer = company.offered(company.asked(), company.sales[0])
    for by in (company.desk.acting, company.workshop[0].acting):
        with pytest.raises(Forbidden):
            accept(offer, by=by)
    offer.refresh_from_db()
    assert (offer.state, offer.accepted_at) == (OfferState.OPEN, None)


def test_a_program_that_takes_everything_in_peoples_names_does_not(company: Atelier) -> None:
    handed_out(company, among=both(company), via=Via.SERVICE)
    assert company.judged("S3-GOV-2") == ("NOT_MET", 0)
    Offer.objects.update(via=Via.OWN)  # as if nobody asked by which door
    assert company.judged("S3-GOV-2") == ("MET", ASKED)


def test_what_is_taken_two_days_later_does_not(company: Atelier) -> None:
    handed_out(company, among=both(company), after=timedelta(days=2))
    assert company.judged("S3-GOV-2") == ("NOT_MET", 0)


@pytest.mark.parametrize(("of_sales", "outcome"), [(0, "NOT_MET"), (4, "NOT_MET"), (5, "MET")])
def test_one_department_that_takes_almost_everything_does_not(
    company: Atelier, of_sales: int, outcome: str
) -> None:
    takers = [company.sales[0]] * of_sales + [company.workshop[0]] * (ASKED - of_sales)
    handed_out(company, among=takers)
    assert company.judged("S3-GOV-2") == (outcome, ASKED)


def test_one_conversation_taken_by_many_departments_counts_once(company: Atelier) -> None:
    """Six of twelve go around the house, and each department takes each of them."""
    for number in range(ASKED):
        company.week(number // 2)
        conversation = company.asked()
        for person in both(company) if number < ASKED // 2 else ():
            accept(company.offered(conversation, person), by=person.acting)
    assert company.judged("S3-GOV-2") == ("NOT_MET", ASKED // 2)


@pytest.mark.parametrize(("after", "outcome"), [(1, "MET"), (24 * 6, "NOT_MET")])
def test_what_nobody_took_is_not_declared_needless_afterwards(
    company: Atelier, after: int, outcome: str
) -> None:
    """Decided when it came, it was triage; decided when it was missed, it changes nothing."""
    handed_out(company, among=both(company))
    for number in range(ASKED):
        company.week(6 + number // 4)
        conversation = company.asked()
        company.clock.shift(after * HOUR)
        decide_need(conversation, value=False, by=company.desk.acting)
    assert company.judged("S3-GOV-2") == (outcome, ASKED)


# --- S4-AMB-1: people outside the social team answer and finish conversations, week after week ---


def carriers(company: Atelier) -> list[house.Somebody]:
    return [*company.workshop[:2], company.sales[0]]


def carried(
    company: Atelier,
    people: Sequence[house.Somebody],
    *,
    via: Via = Via.OWN,
    closer: house.Somebody | None = None,
    text: str = "",
) -> None:
    """Each answers one conversation a week and closes it, or `closer` does."""
    for week in range(WEEKS):
        company.week(week)
        for person in people:
            conversation = company.asked()
            company.answers(conversation, person, via=via, text=text)
            close(conversation, by=(closer or person).acting)


def test_three_people_who_carry_in_three_weeks_open_the_gate(company: Atelier) -> None:
    carried(company, carriers(company))
    assert company.judged("S4-AMB-1") == ("MET", CARRIERS)


def test_the_social_team_under_another_name_does_not(company: Atelier) -> None:
    company.clock.shift(60)
    for person in carriers(company):
        person.employee.social_team = True
        save_employee(person.employee, by=AUTOMATION)
    carried(company, carriers(company))
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


def test_answers_a_program_writes_in_their_names_do_not(company: Atelier) -> None:
    carried(company, carriers(company), via=Via.SERVICE)
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)
    Message.objects.filter(direction=Direction.OUT).update(via=Via.OWN)
    assert company.judged("S4-AMB-1") == ("MET", CARRIERS)


def test_answers_that_the_desk_has_to_finish_are_not_carried(company: Atelier) -> None:
    carried(company, carriers(company), closer=company.desk)
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


def test_closings_that_a_program_makes_in_their_names_do_not(company: Atelier) -> None:
    carried(company, carriers(company))
    Closing.objects.update(via=Via.SERVICE)
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


def test_people_of_one_department_alone_do_not(company: Atelier) -> None:
    carried(company, company.workshop)
    assert company.judged("S4-AMB-1") == ("NOT_MET", CARRIERS)


def test_a_busy_day_is_no_three_weeks(company: Atelier) -> None:
    company.week(0)
    for person in carriers(company) * WEEKS:
        conversation = company.asked()
        company.answers(conversation, person)
        close(conversation, by=person.acting)
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


def test_one_conversation_opened_and_closed_every_week_is_one(company: Atelier) -> None:
    company.week(0)
    kept = [(company.asked(), person) for person in carriers(company)]
    for week in range(WEEKS):
        company.week(week)
        for conversation, person in kept:
            reopen(conversation, by=company.desk.acting)
            company.answers(conversation, person, text=f"Again, {conversation.pk}, {week}.")
            close(conversation, by=person.acting)
    assert Closing.objects.count() == WEEKS * CARRIERS
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


def test_what_is_said_among_colleagues_answers_nobody(company: Atelier) -> None:
    for week in range(WEEKS):
        company.week(week)
        for person in carriers(company):
            conversation = company.asked()
            accept(company.offered(conversation, person), by=person.acting)
            note(conversation, text="Done.", by=person.acting)
            company.clock.shift(HOUR)
            close(conversation, by=person.acting)
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


def test_answers_that_no_provider_took_are_not_carried(company: Atelier) -> None:
    carried(company, carriers(company))
    Delivery.objects.update(state=DeliveryState.FAILED)
    assert company.judged("S4-AMB-1") == ("NOT_MET", 0)


@pytest.mark.parametrize(("pasted", "judged"), [(20, ("NOT_MET", 0)), (3, ("MET", CARRIERS))])
def test_one_text_pasted_all_over_is_nobodys_answer(
    company: Atelier, pasted: int, judged: tuple[str, int]
) -> None:
    """The twenty-first sending of a text in a week is none, whoever sent the first twenty."""
    text = "Thank you for your message!"
    for week in range(WEEKS):
        company.week(week)
        conversation = company.asked()
        assign(conversation, employee=company.desk.employee, by=company.desk.acting)
        for _ in range(pasted):
            company.arrived(reply(conversation, text=text, by=company.desk.acting))
        for person in carriers(company):
            theirs = company.asked()
            company.answers(theirs, person, text=text)
            close(theirs, by=person.acting)
    assert company.judged("S4-AMB-1") == judged
