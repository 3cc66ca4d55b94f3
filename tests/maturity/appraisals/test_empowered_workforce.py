"""S5-AMB-1 from live records: what would cheat it does not open it, the same honest acts do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from ambassadors.routing.services import assign
from conversations.channels.models import Channel
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.organisation.models import CompanyVersion, Unit
from crm.organisation.services import save_employee, save_unit
from crm.values import AUTOMATION, Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.maturity.company import criterion

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2027-02-01T09:00:00+00:00")  # a Monday
PEOPLE = 15  # the smallest number that a B2B company is judged on
ANSWERS = 3


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workforce(clock: Any) -> list[house.Somebody]:
    """Fifteen people of three departments, none of the social team."""
    home = save_unit(Unit(name="Atelier", profile="b2b"), by=AUTOMATION)
    CompanyVersion.objects.create(name="Atelier", headcount=60, occurred_at=START)
    places = [house.department(home, name) for name in ("Workshop", "Sales", "Legal")]
    house.webhook_channel(home)
    return [
        house.somebody(places[number % 3], Role.AMBASSADOR, name=f"Person{number}")
        for number in range(PEOPLE)
    ]


def _asked(week: int, number: int) -> list[Conversation]:
    channel = Channel.objects.get()
    names = [f"{week}-{number}-{n}" for n in range(PEOPLE)]
    questions = [
        house.message(name, "Where is it?", thread=name, **{"from": {"handle": name}})
        for name in names
    ]
    house.post_webhook(channel, house.event(questions))
    house.drain()
    return list(Conversation.objects.filter(thread__in=names).order_by("thread"))


def _answered(
    clock: Any,
    people: Sequence[house.Somebody],
    *,
    via: Via = Via.OWN,
    weeks: int = 2,
    text: str = "",
) -> None:
    """Three answers a person, all of them through the live verbs and taken by the provider."""
    for number in range(ANSWERS):
        week = number % weeks
        clock.move_to(START + timedelta(weeks=week, hours=1 + number))
        for person, conversation in zip(people, _asked(week, number), strict=True):
            by = Actor(person.user, via, session=f"session of {person.user.pk}")
            assign(conversation, employee=person.employee, by=by)
            said = reply(conversation, text=text or f"It left, {conversation.pk}.", by=by)
            _taken(said)


def _taken(said: Message) -> None:
    """The provider accepted it."""
    Delivery.objects.filter(message=said).update(state=DeliveryState.SENT)
    Message.objects.filter(pk=said.pk).update(sent_at=timezone.now())


def _judged(clock: Any) -> tuple[str, int, int]:
    """Six weeks on: enough evaluations for the gate to open."""
    clock.move_to(START + timedelta(weeks=6))
    found = criterion(appraise(timezone.localdate(), reading=PastReading.CORRECTED), "S5-AMB-1")
    return found["outcome"], found["k"], found["n"]


def test_honest_answers_of_many_in_two_weeks_open_the_gate(
    clock: Any, workforce: list[house.Somebody]
) -> None:
    _answered(clock, workforce)
    assert _judged(clock) == ("MET", PEOPLE, PEOPLE)


def test_answers_written_under_a_service_key_count_for_nobody(
    clock: Any, workforce: list[house.Somebody]
) -> None:
    """Somebody lets a program answer in the names of fifteen colleagues."""
    _answered(clock, workforce, via=Via.SERVICE)
    assert _judged(clock) == ("NOT_MET", 0, PEOPLE)


def test_one_text_sent_by_everybody_counts_twenty_times_a_week(
    clock: Any, workforce: list[house.Somebody]
) -> None:
    text = "Thank you, we look into it."
    hero = workforce[0]
    for week in (0, 1):  # whoever is first uses up the twenty of the week
        clock.move_to(START + timedelta(weeks=week))
        for number in (10, 11):
            for conversation in _asked(week, number):
                assign(conversation, employee=hero.employee, by=hero.acting)
                _taken(reply(conversation, text=text, by=hero.acting))
    _answered(clock, workforce, text=text)
    assert _judged(clock)[:2] == ("NOT_MET", 1)


def test_a_campaign_of_one_week_is_no_workforce(
    clock: Any, workforce: list[house.Somebody]
) -> None:
    _answered(clock, workforce, weeks=1)
    assert _judged(clock) == ("NOT_MET", 0, PEOPLE)


def test_ticking_few_as_expected_to_take_part_does_not_make_them_many(
    clock: Any, workforce: list[house.Somebody]
) -> None:
    """Only those who answer are ticked: of four hundred people, eighty count in any case."""
    CompanyVersion.objects.update(headcount=400)
    _answered(clock, workforce)
    assert _judged(clock) == ("NOT_MET", PEOPLE, 80)


def test_the_social_team_is_not_the_workforce(clock: Any, workforce: list[house.Somebody]) -> None:
    clock.shift(60)
    for person in workforce:
        person.employee.social_team = True
        save_employee(person.employee, by=AUTOMATION)
    _answered(clock, workforce)
    assert _judged(clock)[:2] == ("NOT_MET", 0)
