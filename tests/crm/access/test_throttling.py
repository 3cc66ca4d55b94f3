"""Who asks too much waits a while; nobody else does, and Redis is not needed for an answer."""

import time

import pytest
import time_machine
from django.conf import settings as real
from django.core.cache import caches

from crm import limits
from crm.access.models import Role
from tests import house
from tests.api.hands import Caller
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
NOON = "2027-03-01T12:00:10+00:00"


@pytest.fixture
def department():
    return house.department(house.unit())


@pytest.fixture
def ada(department):
    return house.somebody(department, Role.AMBASSADOR)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(limits, "time", time)
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def test_a_token_that_asks_too_much_waits_for_the_next_minute(ada, settings, clock):
    settings.API_PER_MINUTE_A_TOKEN = 3
    caller, other = Caller(ada.user), Caller(ada.user)
    assert [caller.get("me/").status_code for _ in range(3)] == [200, 200, 200]
    before = row_counts()
    late = caller.post("articles/", {"title": "Parcels", "text": "By post."})
    assert (late.status_code, late.json()["code"], late["Retry-After"]) == (429, "throttled", "51")
    assert late["Content-Type"] == "application/problem+json"
    assert row_counts() == before
    assert other.get("me/").status_code == 200
    clock.shift(50)
    assert caller.get("me/").status_code == 200


def test_all_tokens_of_a_person_count_together_and_no_other_person(
    ada, department, settings, clock
):
    settings.API_PER_MINUTE = 3
    said = [Caller(ada.user).get("me/").status_code for _ in range(4)]
    assert said == [200, 200, 200, 429]
    bo = house.somebody(department, Role.AMBASSADOR, name="Bo")
    assert Caller(bo.user).get("me/").status_code == 200


def test_who_guesses_tokens_is_soon_not_heard(ada, settings, clock):
    settings.API_WRONG_TOKENS = 3
    stranger, known = Caller(), Caller(ada.user)
    stranger.use("0" * 64)
    assert [stranger.get("me/").status_code for _ in range(3)] == [401, 401, 401]
    late = stranger.get("me/")
    assert (late.status_code, int(late["Retry-After"]) > 800) == (429, True)
    assert known.get("me/").status_code == 200  # from the same address
    clock.shift(900)
    assert stranger.get("me/").status_code == 401


def test_no_limit_where_none_is_wanted(ada, settings):
    settings.API_PER_MINUTE = settings.API_PER_MINUTE_A_TOKEN = settings.API_WRONG_TOKENS = 0
    caller = Caller(ada.user)
    assert {caller.get("me/").status_code for _ in range(30)} == {200}


def test_the_api_answers_while_redis_is_dead(ada, settings, monkeypatch):
    nowhere = real.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    assert caches["default"] is not None
    caller = Caller(ada.user)
    assert {caller.get("me/").status_code for _ in range(5)} == {200}


def test_the_doors_of_channels_are_not_counted(department, settings):
    settings.API_PER_MINUTE = settings.API_PER_MINUTE_A_TOKEN = settings.API_WRONG_TOKENS = 1
    channel = house.webhook_channel(department.unit)
    answers = [
        house.post_webhook(channel, house.event(house.message(f"in-{number}")))
        for number in range(5)
    ]
    assert {answer.status_code for answer in answers} == {202}
