"""A policy is read by each person themself; what is not read suspends offers after the grace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ambassadors.governance import eligibility, policies
from ambassadors.governance.models import Acknowledgement, Course, Policy, Training
from ambassadors.routing.models import Offer, RoutingCase
from crm.errors import Conflict, Forbidden
from crm.journal.models import Act
from crm.values import AUTOMATION, Actor, Via
from maturity.scoring.definition import load
from tests import house

pytestmark = pytest.mark.django_db
LATER = timedelta(days=15)


@pytest.fixture
def ada() -> house.Somebody:
    return house.ambassador(house.department(house.unit()))


def published(version: str = "1", *, days_ago: int = 0, **fields: bool) -> Policy:
    policy = policies.publish("Tone", version=version, text="Be kind.", by=AUTOMATION, **fields)
    Policy.objects.filter(pk=policy.pk).update(
        occurred_at=timezone.now() - timedelta(days=days_ago)
    )
    return policy


def suspended(person: house.Somebody) -> str:
    found = eligibility.suspended([person.employee.pk], at=timezone.now())
    return found.get(person.employee.pk, "")


def test_the_grace_is_the_one_of_the_maturity_model() -> None:
    assert timedelta(days=load().grace_days) == eligibility.GRACE


def test_without_a_policy_or_a_course_nobody_is_suspended(ada: house.Somebody) -> None:
    assert suspended(ada) == ""


def test_a_first_version_suspends_after_its_grace_until_it_is_read(ada: house.Somebody) -> None:
    policy = published(days_ago=13)
    assert suspended(ada) == ""
    Policy.objects.update(occurred_at=timezone.now() - LATER)
    assert suspended(ada) == "policy"
    policies.acknowledge(policy, by=ada.acting)
    assert suspended(ada) == ""


def test_a_new_version_leaves_the_grace_to_those_who_read_the_former(ada: house.Somebody) -> None:
    newcomer = house.ambassador(ada.employee.department)
    policies.acknowledge(published("1", days_ago=60), by=ada.acting)
    second = published("2", days_ago=3)
    assert suspended(ada) == ""
    assert suspended(newcomer) == "policy"
    Policy.objects.filter(pk=second.pk).update(occurred_at=timezone.now() - LATER)
    assert suspended(ada) == "policy"


def test_a_policy_that_gates_nothing_and_an_imported_one_suspend_nobody(
    ada: house.Somebody,
) -> None:
    published(days_ago=60, gates_offers=False)
    long_ago = timezone.now() - timedelta(days=60)
    Policy.objects.create(key="p1", name="Old", version="1", occurred_at=long_ago)
    assert suspended(ada) == ""


def test_who_did_not_read_is_not_asked_and_the_reason_says_so(ada: house.Somebody) -> None:
    published(days_ago=60)
    house.rule()
    channel = house.webhook_channel(ada.employee.department.unit)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    assert not Offer.objects.exists()
    assert "policy 1" in RoutingCase.objects.get().reasons[-1]


def test_a_required_training_gates_until_taken_and_again_when_it_expires(
    ada: house.Somebody,
) -> None:
    course = Course.objects.create(name="Tone", required=True, valid_months=12)
    trainer = house.somebody(ada.employee.department)
    assert suspended(ada) == "training"
    now = timezone.now()
    policies.train(
        ada.employee, course=course, taken_at=now - timedelta(days=400), by=trainer.acting
    )
    assert suspended(ada) == "training"
    policies.train(ada.employee, course=course, taken_at=now, by=trainer.acting)
    assert suspended(ada) == ""


def test_nobody_records_a_training_of_their_own(ada: house.Somebody) -> None:
    course = Course.objects.create(name="Tone")
    with pytest.raises(Forbidden):
        policies.train(ada.employee, course=course, taken_at=timezone.now(), by=ada.acting)
    assert not Training.objects.exists()


def test_a_training_ends_on_the_last_day_of_a_shorter_month() -> None:
    taken = timezone.now().replace(year=2026, month=8, day=31)
    end = eligibility.expires_at(taken, 6)
    assert end is not None
    assert (end.year, end.month, end.day) == (2027, 2, 28)


def test_an_acknowledgement_is_ones_own_act_in_ones_own_session(ada: house.Somebody) -> None:
    policy = published()
    user = ada.user
    for actor in (AUTOMATION, Actor(user, Via.SERVICE, "key"), Actor(user, Via.OWN, "")):
        with pytest.raises(Forbidden):
            policies.acknowledge(policy, by=actor)
    assert not Acknowledgement.objects.exists()
    first = policies.acknowledge(policy, by=ada.acting)
    assert policies.acknowledge(policy, by=ada.acting) == first
    assert Act.objects.filter(verb="policy_acknowledged").count() == 1
    assert (first.via, first.session) == ("own", ada.acting.session)


def test_one_session_signs_for_one_person(ada: house.Somebody) -> None:
    policy = published()
    other = house.somebody(ada.employee.department)
    policies.acknowledge(policy, by=ada.acting)
    with pytest.raises(Conflict, match="session"):
        policies.acknowledge(policy, by=Actor(other.user, Via.OWN, ada.acting.session))
    assert Acknowledgement.objects.count() == 1


def test_a_former_version_is_not_acknowledged_any_more(ada: house.Somebody) -> None:
    first = published("1", days_ago=2)
    published("2")
    with pytest.raises(Conflict, match="another version"):
        policies.acknowledge(first, by=ada.acting)
    with pytest.raises(Conflict, match="published already"):
        published("2")
    assert Policy.objects.count() == 2


def test_a_review_keeps_the_version_in_force(ada: house.Somebody) -> None:
    policy = published(days_ago=30)
    policies.acknowledge(policy, by=ada.acting)
    policies.review(policy, by=ada.acting)
    assert suspended(ada) == ""
    (duty,) = policies.duties(ada.employee, at=timezone.now())
    assert (duty.is_read, duty.suspends) == (True, False)


def test_the_gates_cost_the_same_queries_for_one_and_for_many(ada: house.Somebody) -> None:
    published(days_ago=60)
    Course.objects.create(name="Tone", required=True)
    place = ada.employee.department
    many = [house.somebody(place).employee.pk for _ in range(8)]
    counts = []
    for people in (many[:1], many):
        with CaptureQueriesContext(connection) as queries:
            assert set(eligibility.suspended(people, at=timezone.now())) == set(people)
        counts.append(len(queries))
    assert counts == [4, 4]


def test_the_board_counts_departments_not_people(ada: house.Somebody) -> None:
    place = ada.employee.department
    house.somebody(place)
    policies.acknowledge(published(), by=ada.acting)
    (row,) = policies.board([(place.pk, place.name)], at=timezone.now())
    assert (row.policy, row.read, row.people) == ("Tone", 1, 2)
