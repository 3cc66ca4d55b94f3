"""Which rule a conversation meets, whom it asks, and what is given up after a wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ambassadors.routing import services, stepping
from ambassadors.routing.models import Absence, Offer, OfferState, RoutingCase, Target, Topic
from conversations.channels import claiming
from conversations.inbox.models import Conversation
from crm.access.models import Role
from crm.contacts.models import Contact
from tests import house

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


def _hear(channel: Any, text: str, *, thread: str = "t1", who: str = "bob") -> Conversation:
    said = house.message(f"m-{thread}", text, thread=thread, **{"from": {"handle": who}})
    house.post_webhook(channel, house.event(said))
    house.drain()
    return Conversation.objects.get(thread=thread)


def _met(conversation: Conversation) -> str:
    rule = RoutingCase.objects.get(pk=conversation.pk).rule
    return rule.name if rule else ""


def test_the_first_rule_in_order_whose_conditions_hold_is_met(home: house.Unit) -> None:
    house.ambassador(house.department(home), most_open=50, most_weekly=50)
    channel, other = house.webhook_channel(home), house.webhook_channel(home)
    Topic.objects.create(name="parcels", keywords=["parcel", "colis"])
    house.rule("last", position=900)
    house.rule("of parcels", position=30, topics=["parcels"])
    house.rule("in French", position=20, languages=["fr"])
    house.rule("said urgent", position=10, keywords=["Urgént"])
    house.rule("never", position=1, active=False)
    house.rule("elsewhere", position=2).channels.add(other)
    house.rule("of another brand", position=3, unit=house.unit("Other"))
    said = {
        "a": ("This is urgent, answer me please", "said urgent"),
        "b": ("Bonjour, où en est mon colis s'il vous plaît ?", "in French"),
        "c": ("Where is the parcel that you sent me?", "of parcels"),
        "d": ("Do you sell these tents in green?", "last"),
    }
    for thread, (text, rule) in said.items():
        assert _met(_hear(channel, text, thread=thread)) == rule


def test_who_writes_may_decide(home: house.Unit) -> None:
    house.ambassador(house.department(home))
    channel = house.webhook_channel(home)
    house.rule("partners", position=1, relationships=["partner"])
    house.rule("Acme", position=2, organizations=["ACMÉ"])
    house.rule("last")
    assert _met(_hear(channel, "Hello there", thread="a", who="anna")) == "last"
    Contact.objects.update(organization="acme")
    assert _met(_hear(channel, "Hello again", thread="b", who="anna")) == "Acme"
    Contact.objects.update(relationship="partner")
    assert _met(_hear(channel, "Hello once more", thread="c", who="anna")) == "partners"


def test_a_rule_for_staff_asks_nobody(home: house.Unit) -> None:
    house.ambassador(house.department(home))
    house.rule("for staff", target=Target.STAFF)
    conversation = _hear(house.webhook_channel(home), "I am going to sue you")
    case = RoutingCase.objects.get()
    assert (case.state, case.reasons) == ("overflowed", ["for staff: for staff"])
    assert not Offer.objects.exists()
    staff = house.somebody(house.department(home), Role.STAFF)
    assert list(Conversation.objects.visible_to(staff.user)) == [conversation]


def test_preferred_topics_are_given_up_one_by_one_and_it_is_said(home: house.Unit) -> None:
    place = house.department(home)
    house.ambassador(place, name="Tents", topics=["tents"])
    both = house.ambassador(place, name="Both", topics=["tents", "camping"])
    house.rule(required_topics=["tents"], preferred_topics=["camping", "winter"], relax_minutes=30)
    _hear(house.webhook_channel(home), "My tent is torn, what now?")
    case = RoutingCase.objects.get()
    assert (case.state, Offer.objects.count()) == ("seeking", 0)
    assert "waits for somebody (topic 2)" in case.reasons[-1]
    stepping.step(case, at=timezone.now() + timedelta(minutes=31))
    case.refresh_from_db()
    assert case.reasons[-2:] == [
        "no longer asked for after a wait: winter",
        "everything: offered to Both",
    ]
    services.decline(Offer.objects.get(), reason="no_time", by=both.acting)
    stepping.step(case, at=timezone.now() + timedelta(minutes=61))
    case.refresh_from_db()
    assert case.reasons[-2:] == [
        "no longer asked for after a wait: camping",
        "everything: offered to Tents",
    ]


def test_what_is_required_is_never_given_up(home: house.Unit) -> None:
    house.ambassador(house.department(home), topics=["tents"])
    house.rule(required_topics=["law"])
    _hear(house.webhook_channel(home), "My tent is torn, what now?")
    case = RoutingCase.objects.get()
    assert (case.state, case.reasons) == (
        "overflowed",
        ["everything: nobody left to ask (topic 1)"],
    )


def test_who_knows_the_topic_better_is_asked_first(home: house.Unit) -> None:
    place = house.department(home)
    Topic.objects.create(name="parcels", keywords=["parcel"])
    house.ambassador(place, topics=["parcels"], levels={"parcels": 1})
    best = house.ambassador(place, topics=["parcels"], levels={"parcels": 3})
    house.ambassador(place, topics=["parcels"])
    house.rule()
    _hear(house.webhook_channel(home), "Where is my parcel, please?")
    assert Offer.objects.get().employee == best.employee


def test_a_week_of_minutes_is_a_limit_beside_the_number(home: house.Unit) -> None:
    ada = house.ambassador(house.department(home), most_open=9, minutes_weekly=25)
    house.rule(minutes=10)
    channel = house.webhook_channel(home)
    for thread in ("a", "b", "c"):
        _hear(channel, "Where is my parcel, please?", thread=thread)
    assert list(Offer.objects.values_list("employee", "minutes")) == [(ada.employee.pk, 10)] * 2
    waits = RoutingCase.objects.get(state="seeking")
    assert "(week 1)" in waits.reasons[-1]


def test_a_question_waits_for_somebody_who_is_away_and_is_left_to_staff_in_the_end(
    home: house.Unit,
) -> None:
    ada = house.ambassador(house.department(home))
    now = timezone.now()
    Absence.objects.create(employee=ada.employee, starts_at=now, ends_at=now + timedelta(hours=2))
    house.rule(patience_minutes=180)
    _hear(house.webhook_channel(home), "Where is my parcel, please?")
    case = RoutingCase.objects.get()
    assert case.state == "seeking"
    stepping.step(case, at=now + timedelta(hours=2, minutes=1))
    assert Offer.objects.get().employee == ada.employee
    Offer.objects.update(state=OfferState.WITHDRAWN)
    Absence.objects.update(ends_at=now + timedelta(hours=9))
    Offer.objects.all().delete()
    RoutingCase.objects.update(state="seeking", due_at=now)
    stepping.step(case, at=now + timedelta(hours=3, minutes=1))
    case.refresh_from_db()
    assert (case.state, case.due_at) == ("overflowed", None)
    assert "nobody left to ask (absent 1)" in case.reasons[-1]


def test_a_backlog_goes_to_who_returns_in_the_order_of_age_and_not_all_at_once(
    home: house.Unit,
) -> None:
    ada = house.ambassador(house.department(home), most_open=2, most_weekly=50)
    now = timezone.now()
    away = Absence.objects.create(
        employee=ada.employee, starts_at=now, ends_at=now + timedelta(hours=2)
    )
    house.rule()
    channel = house.webhook_channel(home)
    threads = ["c", "a", "d", "b", "e"]
    for thread in threads:
        _hear(channel, "Where is my parcel, please?", thread=thread)
    back = now + timedelta(hours=2, minutes=1)
    away.delete()
    stepping.route(at=back)
    offers = Offer.objects.all()
    assert {offer.conversation.thread for offer in offers} == {"c", "a"}
    for offer in offers:
        services.decline(offer, reason="no_time", by=ada.acting, at=back)
    stepping.route(at=back + timedelta(minutes=1))
    assert Offer.objects.count() == 2  # no more within half an hour
    stepping.route(at=back + timedelta(minutes=31))
    asked = Offer.objects.filter(state=OfferState.OPEN)
    assert {offer.conversation.thread for offer in asked} == {"d", "b"}


def test_candidates_cost_the_same_queries_for_many_people_and_conversations(
    home: house.Unit,
) -> None:
    place = house.department(home)
    channel = house.webhook_channel(home)
    house.rule()
    counts = []
    for more in (1, 6):
        for _ in range(more):
            house.ambassador(place, most_open=50, most_weekly=99)
        threads = [f"{more}-{number}" for number in range(more)]
        for thread in threads:
            said = house.message(f"m-{thread}", thread=thread)
            house.post_webhook(channel, house.event(said))
        claiming.ingest()
        stepping.adopt()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert stepping.route() == more
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] < 40  # of a whole batch, savepoints and locks included
