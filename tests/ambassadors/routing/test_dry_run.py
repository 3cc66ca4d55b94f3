"""Trying the rules on the past, and why a conversation was routed so: read, never changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ambassadors.routing import services
from ambassadors.routing.models import Availability, Offer, RoutingCase, Rule, Target
from conversations.inbox.models import Conversation
from crm.access.models import Role
from crm.journal.models import Act
from tests import house
from tests.api.hands import Caller

pytestmark = pytest.mark.django_db
TRY = "/admin/ambassadors/rule/try/"


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


def _asked(home: house.Unit) -> Conversation:
    channel = house.webhook_channel(home)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    return Conversation.objects.get(channel=channel)


def _signed_in(person: house.Somebody) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def _rows() -> tuple[Any, ...]:
    return (
        list(RoutingCase.objects.values()),
        list(Offer.objects.values()),
        list(Conversation.objects.values()),
        Act.objects.count(),
    )


def test_a_rule_that_is_off_is_tried_beside_what_happened_and_nothing_changes(
    home: house.Unit,
) -> None:
    place = house.department(home)
    house.ambassador(place, name="Grace")
    staff = house.somebody(place, Role.STAFF, name="Camille")
    house.rule()
    _asked(home)
    off = house.rule("parcels to staff", position=1, keywords=["parcel"], active=False)
    Rule.objects.filter(pk=off.pk).update(target=Target.STAFF)
    client, before = _signed_in(staff), _rows()
    plain = client.get(TRY)
    assert plain.status_code == 200
    assert [(row.rule, row.person, row.differs) for row in plain.context["rows"]] == [
        ("everything", "Grace", False)
    ]
    tried = client.get(TRY, {"with": off.pk, "last": 20})
    assert [(row.rule, row.met, row.differs) for row in tried.context["rows"]] == [
        ("parcels to staff", "everything", True)
    ]
    assert _rows() == before


@pytest.mark.parametrize("query", ["last=x", "with=-1", "without=99999999999", "last=0&with=zz"])
def test_a_query_that_can_not_be_read_is_the_usual_one(home: house.Unit, query: str) -> None:
    staff = house.somebody(house.department(home), Role.STAFF)
    page = _signed_in(staff).get(f"{TRY}?{query}")
    assert (page.status_code, page.context["last"]) == (200, 50)


def test_names_of_others_are_for_the_staff_alone(home: house.Unit) -> None:
    place = house.department(home)
    people = [house.ambassador(place, name=name) for name in ("Grace", "Hedy")]
    house.ambassador(place, name="Full", most_open=0)
    staff = house.somebody(place, Role.STAFF)
    house.rule()
    conversation = _asked(home)
    first = Offer.objects.get()
    asked = {person.employee: person for person in people}
    declining = asked.pop(first.employee)
    (next_one,) = asked.values()
    services.decline(first, reason="no_time", by=declining.acting)
    house.drain()
    path = f"conversations/{conversation.pk}/routing/"
    told = Caller(staff.user).get(path).json()
    assert (told["state"], told["rule"]) == ("offered", "everything")
    assert [offer["person"] for offer in told["offers"]] == [
        declining.employee.name,
        next_one.employee.name,
    ]
    assert told["offers"][1]["score"] == pytest.approx(sum(told["offers"][1]["parts"].values()))
    assert told["obstacles"] == {"asked": 2, "capacity": 1}
    assert {"person": "Full", "obstacle": "capacity"} in told["refused"]
    seen = Caller(next_one.user).get(path).json()
    assert [offer["person"] for offer in seen["offers"]] == [None, next_one.employee.name]
    assert (seen["refused"], seen["obstacles"]) == ([], told["obstacles"])
    assert declining.employee.name not in str(seen)


def test_hours_and_levels_are_typed_as_people_write_them(home: house.Unit) -> None:
    place = house.department(home)
    ada = house.ambassador(place)
    staff = house.somebody(place, Role.STAFF)
    row = Availability.objects.get(employee=ada.employee)
    client = _signed_in(staff)
    page = f"/admin/ambassadors/availability/{row.pk}/change/"
    form = {
        "employee": str(ada.employee.pk),
        "active": "on",
        "known": "parcels: 3, returns",
        "languages": "fr",
        "most_open": 3,
        "most_weekly": 10,
        "minutes_weekly": 120,
        "timezone": "Europe/Paris",
        "monday": "09:00-12:30, 14:00-24:00",
    }
    assert client.post(page, form).status_code == 302
    row.refresh_from_db()
    assert (row.topics, row.levels) == (["parcels", "returns"], {"parcels": 3, "returns": 2})
    assert row.hours == [
        {"day": 0, "from": "09:00", "to": "12:30"},
        {"day": 0, "from": "14:00", "to": "23:59"},
    ]
    assert "09:00-12:30, 14:00-23:59" in client.get(page).content.decode()
    for wrong in ({"monday": "12-9"}, {"timezone": "Mars"}, {"known": "parcels: 9"}):
        answer = client.post(page, {**form, "most_open": 1, **wrong})
        assert answer.status_code == 200
    row.refresh_from_db()
    assert row.most_open == 3
