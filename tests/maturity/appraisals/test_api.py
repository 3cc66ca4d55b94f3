import json

import pytest

from crm.access.models import Role
from crm.organisation.models import User
from tests import house
from tests.api.hands import Caller
from tests.maturity.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def executive():
    workshop = house.department(house.unit("Office"))
    return Caller(house.somebody(workshop, Role.EXECUTIVE).user)


def test_a_stranger_is_asked_for_a_token():
    assert Caller().get("maturity/").status_code == 401


@pytest.mark.parametrize(
    ("role", "status"), [(Role.EXECUTIVE, 200), (Role.STAFF, 200), (Role.AMBASSADOR, 403)]
)
def test_executives_and_staff_may_read_and_others_may_not(role, status):
    workshop = house.department(house.unit())
    answer = Caller(house.somebody(workshop, role).user).get("maturity/")
    assert answer.status_code == status


def test_a_person_without_a_role_is_refused_as_a_problem():
    user = User.objects.create_user("guest@company.example", "a long password", name="Guest")
    answer = Caller(user).get("maturity/")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "forbidden"


def test_the_api_gives_the_number_of_the_command(executive, tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    said = json.loads(executive.get("maturity/", as_of="2026-04-13").content)
    assert (said["as_of"], said["reading"]) == ("2026-04-13", "corrected")
    assert said["stage"]["number"] == 2
    unit = json.loads(executive.get("maturity/", as_of="2026-04-13", unit="u").content)
    assert unit["unit"] == "u"
    known = json.loads(executive.get("maturity/", as_of="2026-04-13", reading="known").content)
    assert known["stage"]["key"] == "unassessed"


@pytest.mark.parametrize(
    "query",
    [
        {"as_of": "yesterday"},
        {"as_of": ""},
        {"as_of": "2026-13-01"},
        {"as_of": "2199-01-01"},
        {"reading": "hopeful"},
        {"reading": ["known", "corrected"]},
        {"colour": "blue"},
        {"as_of": "2026-01-01\x00"},
    ],
)
def test_malformed_values_are_refused_as_problems(executive, query):
    answer = executive.get("maturity/", **query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_unit_is_missing(executive):
    assert executive.get("maturity/", unit="nowhere").status_code == 404
