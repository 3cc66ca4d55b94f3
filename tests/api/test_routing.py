"""Offers and availability through the API."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from ambassadors.routing import services as routing
from ambassadors.routing.models import Absence, Availability, Offer
from ambassadors.routing.statistics import statistics_of
from conversations.inbox.models import Conversation
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.journal.models import Act
from tests import house
from tests.api.hands import Caller, a_key, hear, offered

AT_ONCE = 50

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    brand = house.unit()
    person = house.ambassador(house.department(brand), name="Ada")
    hear(house.webhook_channel(brand))
    return person


def test_an_offer_is_told_in_exactly_the_promised_words(ada):
    offer = offered(ada)
    [found] = Caller(ada.user).get("offers/", state="open").json()["results"]
    assert found == {
        "id": str(offer.pk),
        "conversation": str(offer.conversation_id),
        "state": "open",
        "score": offer.score,
        "expires_at": found["expires_at"],
    }
    assert Caller(ada.user).get("offers/", state="expired").json()["results"] == []


def test_an_accepted_offer_is_told_back_and_not_taken_twice(ada):
    offer = offered(ada)
    caller, key = Caller(ada.user), a_key()
    answer = caller.post(f"offers/{offer.pk}/accept/", key=key)
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    again = caller.post(f"offers/{offer.pk}/accept/", key=key)
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    gone = caller.post(f"offers/{offer.pk}/accept/")
    assert (gone.status_code, gone.json()["code"]) == (409, "offer_gone")
    assert Act.objects.filter(verb="offer_accepted").count() == 1


def test_an_offer_that_ran_out_is_gone(ada):
    offer = offered(ada)
    Offer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for act, body in (("accept", None), ("decline", {"reason": "other"})):
        if act == "decline":
            routing.withdraw(offer.conversation, at=timezone.now())
        gone = Caller(ada.user).post(f"offers/{offer.pk}/{act}/", body)
        assert (gone.status_code, gone.json()["code"]) == (409, "offer_gone")


def test_a_reason_and_a_comment_stay_with_the_declined_offer(ada):
    offer = offered(ada)
    body = {"reason": "not_my_topic", "comment": "Ask Bea."}
    answer = Caller(ada.user).post(f"offers/{offer.pk}/decline/", body)
    assert (answer.status_code, answer.json()["state"]) == (200, "declined")
    offer.refresh_from_db()
    assert (offer.reason, offer.comment) == ("not_my_topic", "Ask Bea.")


@pytest.mark.django_db(transaction=True)
def test_accepting_many_times_at_once_has_one_winner(ada):
    offer = offered(ada)
    caller, statuses = Caller(ada.user), []

    start = threading.Barrier(AT_ONCE)

    def accept() -> None:
        start.wait()
        statuses.append(caller.post(f"offers/{offer.pk}/accept/").status_code)
        connections.close_all()

    threads = [threading.Thread(target=accept) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * (AT_ONCE - 1)
    assert Act.objects.filter(verb="offer_accepted").count() == 1
    assert Conversation.objects.get().assignee == ada.employee


def test_me_says_who_the_token_belongs_to_and_what_they_carry(ada):
    offered(ada)
    me = Caller(ada.user).get("me/").json()
    unit = ada.employee.department.unit
    assert me["email"] == ada.user.email
    assert me["roles"] == [{"role": "ambassador", "unit": None}]
    assert me["employee"] == {
        "id": str(ada.employee.pk),
        "name": "Ada",
        "department": "Workshop",
        "unit": unit.source_id,
    }
    assert me["capacity"] == {
        "open_now": 1,
        "most_open": 3,
        "accepted_this_week": 0,
        "most_weekly": 10,
        "minutes_this_week": 0,
        "minutes_weekly": None,
    }


def test_availability_is_changed_in_part_and_told_whole(ada):
    caller = Caller(ada.user)
    hours = [{"day": 0, "from": "09:00", "to": "12:00"}, {"day": 0, "from": "13:00", "to": "17:30"}]
    start = timezone.now().replace(microsecond=0) + timedelta(days=1)
    away = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat()}
    changed = caller.patch(
        "me/availability/",
        {"hours": hours[::-1], "absences": [away], "timezone": "Europe/Paris", "languages": ["fr"]},
    )
    assert changed.status_code == 200, changed.content
    told = caller.get("me/availability/").json()
    assert told == changed.json()
    assert (told["hours"], told["timezone"], told["languages"]) == (hours, "Europe/Paris", ["fr"])
    assert (told["most_open"], told["active"], len(told["absences"])) == (3, True, 1)
    caller.patch("me/availability/", {"most_open": 1})
    assert caller.get("me/availability/").json() == {**told, "most_open": 1}
    assert Act.objects.filter(verb="availability_set", actor=ada.user).count() == 2


def test_a_new_list_of_absences_replaces_coming_ones_and_keeps_what_is_over(ada):
    now = timezone.now()
    for days in (-20, 5):
        Absence.objects.create(
            employee=ada.employee,
            starts_at=now + timedelta(days=days),
            ends_at=now + timedelta(days=days + 1),
        )
    caller = Caller(ada.user)
    assert len(caller.get("me/availability/").json()["absences"]) == 1
    assert caller.patch("me/availability/", {"absences": []}).json()["absences"] == []
    assert Absence.objects.count() == 1


def test_somebody_who_never_set_anything_has_the_usual_values(ada):
    bea = house.somebody(ada.employee.department, Role.AMBASSADOR)
    told = Caller(bea.user).get("me/availability/").json()
    assert (told["hours"], told["most_open"], told["absences"]) == ([], 3, [])
    assert not Availability.objects.filter(employee=bea.employee).exists()


def test_ones_own_figures_count_ones_own_acts_and_nobody_elses(ada, django_assert_num_queries):
    bea = house.ambassador(ada.employee.department, name="Bea", active=False)
    offer = offered(ada)
    routing.accept(offer, by=ada.acting)
    reply(offer.conversation, text="It left.", by=ada.acting)
    told = Caller(ada.user).get("me/statistics/").json()
    assert {name: told[name] for name in ("offers", "accepted", "answers", "conversations")} == {
        "offers": 1,
        "accepted": 1,
        "answers": 1,
        "conversations": 1,
    }
    assert told["minutes_to_answer"] == 0.0
    assert (len(told["weeks"]), told["weeks"][-1]["answers"]) == (13, 1)
    others = Caller(bea.user).get("me/statistics/").json()
    assert (others["offers"], others["answers"], others["minutes_to_answer"]) == (0, 0, None)
    with django_assert_num_queries(5):
        statistics_of(ada.employee, at=timezone.now())
