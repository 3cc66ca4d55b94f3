"""S3-GOV-3, S5-NET-1, S5-VAL-1 from live acts: what would cheat them leaves the gate shut, the
same number of honest acts opens it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from ambassadors.communities import insights, round_trips, tasks
from ambassadors.communities.models import Community, Insight, RoundTrip
from ambassadors.communities.services import open_community, start_thread, write_post
from conversations.channels.models import Channel
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from conversations.inbox.services import set_assignee
from crm.access.models import Role
from crm.errors import Conflict
from crm.organisation.models import CompanyVersion, Unit
from crm.organisation.services import save_employee, save_unit
from crm.values import AUTOMATION, Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.maturity.company import criterion

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2027-02-01T09:00:00+00:00")  # a Monday
WEEKS = 12  # what a B2B company is asked for
JUDGED = START + timedelta(weeks=WEEKS + 5)  # enough evaluations for a gate to open
TRIPS = 5


class Company:
    """A B2B company: a desk that answers, and four departments of two."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        home = save_unit(Unit(name="Atelier", profile="b2b"), by=AUTOMATION)
        CompanyVersion.objects.create(name="Atelier", headcount=60, occurred_at=START)
        desk = house.department(home, "Desk")
        self.desk = [house.somebody(desk, Role.STAFF, name=f"Desk{n}") for n in range(3)]
        places = [house.department(home, name) for name in ("Workshop", "Sales", "Legal", "Lab")]
        self.people = [
            house.somebody(places[number % 4], Role.AMBASSADOR, name=f"Person{number}")
            for number in range(8)
        ]
        self.channel = house.webhook_channel(home)
        self.founder = self.desk[0]

    def community(self, dimension: str, *, practice: bool = False) -> Community:
        return open_community(
            dimension, dimension=dimension, practice=practice, by=self.founder.acting
        )

    def week(self, number: int) -> None:
        self.clock.move_to(START + timedelta(weeks=number, hours=2))

    def meet(self, community: Community, *people: house.Somebody, via: Via = Via.OWN) -> None:
        """One thread in which all of them post."""
        first, *others = [Actor(one.user, via, session=f"of {one.user.pk}") for one in people]
        opening = start_thread(community, title="How?", text="Who knows?", by=first)
        for by in others:
            self.clock.shift(60)
            write_post(opening, text="I do.", by=by)

    def asked(self, name: str) -> Conversation:
        said = house.message(name, "Which glue?", thread=name, **{"from": {"handle": name}})
        house.post_webhook(Channel.objects.get(), house.event(said))
        house.drain()
        return Conversation.objects.get(thread=name)

    def travel(
        self,
        community: Community,
        knower: house.Somebody,
        *,
        days: float = 1,
        answered_by: house.Somebody | None = None,
    ) -> None:
        """A question goes inside, `knower` answers, and the customer has it `days` later."""
        number = RoundTrip.objects.count()
        asker = answered_by or self.founder
        conversation = self.asked(f"trip-{number}")
        set_assignee(conversation, asker.employee)
        trip = round_trips.ask_inside(
            conversation, community=community, title="Glue", text="Which?", by=asker.acting
        )
        self.clock.shift(3600)
        post = write_post(trip.post, text="This one.", by=knower.acting)
        self.clock.shift(days * 86400)
        said = round_trips.return_answer(
            trip, answer_id=post.pk, text=f"This one, {number}.", by=asker.acting
        )
        self.sent(said)

    def sent(self, message: Message) -> None:
        Delivery.objects.filter(message=message).update(state=DeliveryState.SENT)
        Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
        tasks.note_answers()

    def judged(self, id_: str) -> tuple[str, int]:
        self.clock.move_to(JUDGED)
        found = criterion(appraise(timezone.localdate(), reading=PastReading.CORRECTED), id_)
        return found["outcome"], found["k"]


@pytest.fixture
def company() -> Iterator[Company]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Company(traveller)


# --- S3-GOV-3 ---


def test_a_practice_that_several_pairs_keep_alive_opens_the_gate(company: Company) -> None:
    circle = company.community("internal", practice=True)
    for number in range(WEEKS):
        company.week(number)
        pair = company.people[number % 2 * 2 : number % 2 * 2 + 2]
        company.meet(circle, *pair)
    assert company.judged("S3-GOV-3") == ("MET", WEEKS)


def test_one_and_the_same_pair_meeting_every_week_does_not(company: Company) -> None:
    """A third member and more departments are there, so that only the cap is in the way."""
    circle = company.community("internal", practice=True)
    for number in range(WEEKS):
        company.week(number)
        company.meet(circle, *company.people[:2])
        company.meet(circle, company.people[2 + number % 6])
    assert company.judged("S3-GOV-3") == ("NOT_MET", 6)


def test_two_colleagues_of_one_department_are_no_meeting(company: Company) -> None:
    circle = company.community("internal", practice=True)
    for number in range(WEEKS):
        company.week(number)
        company.meet(circle, company.people[0], company.people[4])
        company.meet(circle, company.people[1 + number % 3])
    assert company.judged("S3-GOV-3") == ("NOT_MET", 0)


def test_posts_in_colleagues_names_under_a_service_key_are_no_meeting(company: Company) -> None:
    circle = company.community("internal", practice=True)
    for number in range(WEEKS):
        company.week(number)
        pair = company.people[number % 2 * 2 : number % 2 * 2 + 2]
        company.meet(circle, *pair, via=Via.SERVICE)
    assert company.judged("S3-GOV-3") == ("NOT_MET", 0)


def test_threads_outside_a_community_of_practice_are_no_practice(company: Company) -> None:
    circle = company.community("internal")
    for number in range(WEEKS):
        company.week(number)
        company.meet(circle, *company.people[number % 2 * 2 : number % 2 * 2 + 2])
    assert company.judged("S3-GOV-3")[0] != "MET"


# --- S5-NET-1 ---


def three_dimensions(company: Company, *, via: Via = Via.OWN) -> dict[str, Community]:
    found = {name: company.community(name) for name in ("internal", "social", "partner")}
    for number in range(WEEKS):
        company.week(number)
        for community in found.values():
            company.meet(community, company.people[number % 8], via=via)
    return found


def trips(company: Company, found: dict[str, Community], **how: Any) -> None:
    knower = how.pop("knower", company.people[0])
    for number in range(TRIPS):
        where = found["partner"] if number < 2 else found["internal"]
        company.travel(where, knower, **how)


def test_three_dimensions_and_questions_that_travel_open_the_gate(company: Company) -> None:
    trips(company, three_dimensions(company))
    assert company.judged("S5-NET-1") == ("MET", 3)


def test_questions_answered_by_the_same_department_travel_nowhere(company: Company) -> None:
    trips(company, three_dimensions(company), knower=company.desk[1])
    assert RoundTrip.objects.exclude(answered_at=None).count() == TRIPS
    assert company.judged("S5-NET-1") == ("NOT_MET", 3)


def test_answers_that_come_back_after_a_week_are_no_round_trip(company: Company) -> None:
    trips(company, three_dimensions(company), days=7.2)
    assert company.judged("S5-NET-1") == ("NOT_MET", 3)


def test_answers_that_no_provider_took_are_no_round_trip(company: Company) -> None:
    trips(company, three_dimensions(company))
    Delivery.objects.update(state=DeliveryState.FAILED)
    tasks.note_answers()
    assert company.judged("S5-NET-1") == ("NOT_MET", 3)


def test_a_program_that_posts_for_everybody_brings_no_dimension_to_life(company: Company) -> None:
    trips(company, three_dimensions(company, via=Via.SERVICE))
    assert company.judged("S5-NET-1")[0] == "NOT_MET"


# --- S5-VAL-1 ---


def ideas(
    company: Company, *, outcome: str = "shipped", told: bool = True, authors: int = 3
) -> None:
    """Three ideas of three people at the desk, decided by owners of two departments."""
    for number in range(3):
        company.week(number)
        owner, author = company.people[number % 2], company.desk[number % authors]
        insight = insights.note_insight(
            company.asked(f"idea-{number}"),
            text="Sell it.",
            owner=owner.employee,
            by=author.acting,
        )
        company.clock.shift(3600)
        insights.decide(insight, outcome=outcome, why="Often asked.", by=owner.acting)
        if told:
            insights.tell_author(insight, by=owner.acting)


def test_ideas_shipped_and_told_open_the_gate(company: Company) -> None:
    ideas(company)
    assert company.judged("S5-VAL-1") == ("MET", 3)


def test_ideas_that_the_social_team_decides_by_itself_do_not(company: Company) -> None:
    company.clock.shift(60)
    for person in company.people[:2]:
        person.employee.social_team = True
        save_employee(person.employee, by=AUTOMATION)
    ideas(company)
    assert company.judged("S5-VAL-1") == ("NOT_MET", 0)


def test_ideas_whose_authors_were_never_told_do_not(company: Company) -> None:
    ideas(company, told=False)
    assert company.judged("S5-VAL-1") == ("NOT_MET", 0)


def test_ideas_rejected_do_not(company: Company) -> None:
    ideas(company, outcome="rejected")
    assert company.judged("S5-VAL-1") == ("NOT_MET", 0)


def test_ideas_of_one_diligent_person_do_not(company: Company) -> None:
    ideas(company, authors=1)
    assert company.judged("S5-VAL-1") == ("NOT_MET", 3)


def test_nobody_is_told_in_advance_of_a_decision_to_come(company: Company) -> None:
    owner = company.people[0]
    insight = insights.note_insight(
        company.asked("idea"), text="Sell it.", owner=owner.employee, by=company.founder.acting
    )
    with pytest.raises(Conflict):
        insights.tell_author(insight, by=owner.acting)
    assert Insight.objects.get().told_at is None
