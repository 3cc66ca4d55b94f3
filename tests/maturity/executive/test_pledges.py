from datetime import timedelta

import pytest
from django.utils import timezone

from crm.access.models import Role
from crm.journal.models import Act
from maturity.executive.models import Pledge
from tests.maturity.company import Company
from tests.maturity.executive.desk import DAY, PAGE, browser, colleague, executive, text

pytestmark = pytest.mark.django_db
WHERE = "/maturity/criteria/S3-LIS-1/"
SOON = (timezone.now() + timedelta(days=60)).date()


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def write(client, owner="support1@atelier.example", until=SOON, note="Two turns a day", **query):
    form = {"owner": owner, "due_on": until.isoformat() if until else "", "note": note}
    asked = "&".join(f"{key}={value}" for key, value in (DAY | query).items())
    return client.post(f"{WHERE}owner/?{asked}", form)


def test_an_executive_names_who_looks_after_a_gate_and_the_page_says_so(company):
    client = executive()
    answer = write(client)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{WHERE}?as_of=2026-04-13")
    assert "support1 · until" in text(client.get(PAGE, DAY))
    behind = text(client.get(WHERE, DAY))
    assert "Two turns a day" in behind
    act = Act.objects.get(verb="gate_pledged")
    assert act.data["owner"] == str(colleague().pk)
    assert act.data["criterion"] == "S3-LIS-1"


def test_what_stood_before_stays_and_the_newest_is_in_force(company):
    client = executive()
    write(client)
    write(client, owner="sales1@atelier.example", note="")
    write(client, owner="sales1@atelier.example", note="")  # the same again adds nothing
    assert Pledge.objects.count() == 2
    said = text(client.get(WHERE, DAY))
    assert said.index("sales1") < said.index("support1")
    write(client, owner="", until=None, note="")
    assert "Nobody looks after it yet" in text(client.get(PAGE, DAY))
    assert Pledge.objects.count() == 3


def test_a_unit_has_its_own(company):
    client = executive()
    write(client, unit="u")
    assert "Nobody looks after it yet" in text(client.get(WHERE, DAY))
    assert "Two turns a day" in text(client.get(WHERE, DAY | {"unit": "u"}))


def test_staff_read_it_and_only_executives_write(company):
    write(executive())
    staff = browser(Role.STAFF)
    assert "support1 · until" in text(staff.get(PAGE, DAY))
    assert '<form class="pledge"' not in staff.get(WHERE, DAY).content.decode()
    for client in (staff, browser(Role.AMBASSADOR)):
        assert write(client, owner="sales1@atelier.example").status_code == 403
    assert write(browser()).status_code == 302  # to the sign-in
    assert Pledge.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"owner": "nobody@atelier.example"},
        {"owner": ""},
        {"until": SOON - timedelta(days=400)},
        {"until": SOON + timedelta(days=4000)},
        {"note": "x" * 301},
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_typed(company, wrong):
    answer = write(executive(), **wrong)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert wrong.get("note", "Two turns a day")[:300] in answer.content.decode()
    assert not Pledge.objects.exists()


def test_a_date_that_passed_is_late(company):
    client = executive()
    write(client)
    Pledge.objects.update(due_on="2026-04-01")
    assert "(late)" in text(client.get(PAGE, DAY))
