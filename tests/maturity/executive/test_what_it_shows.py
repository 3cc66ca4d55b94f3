from datetime import UTC, datetime, timedelta

import pytest

from crm.access.models import Role
from maturity.appraisals.services import store_due_appraisals
from maturity.executive import discretion
from maturity.scoring.gates import Measured
from tests.maturity.appraisals.test_weekly import recorded_as_it_happened
from tests.maturity.company import START, Company, a_mute_one_that_buys_a_shop
from tests.maturity.executive.desk import DAY, PAGE, browser, executive, text
from tests.maturity.executive.test_api import caller
from tests.maturity.executive.test_pdf import words

pytestmark = pytest.mark.django_db
ANSWERS = "/maturity/criteria/S3-CON-1/"


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def row(client, criterion, **query):
    found = client.get(PAGE, DAY | query).context["page"].rows
    return next(one for one in found if one.criterion.id == criterion)


def test_each_criterion_has_its_trend_as_a_drawing_and_in_words(company):
    found = row(executive(), "S3-CON-1")
    assert found.line.weeks == 14
    assert found.trend == "Over 14 weeks from 100 % to 100 %, between 100 % and 100 %."
    assert found.trend in executive().get(PAGE, DAY).content.decode()


def test_the_trend_as_known_is_what_was_stored_each_monday(tmp_path):
    company = Company()
    company.busy_weeks(14)
    recorded_as_it_happened(company, tmp_path)
    store_due_appraisals(at=datetime(2026, 4, 13, 0, 20, tzinfo=UTC))
    late = Company()
    late.contact("late", START)
    for day in range(30):
        late.asks(f"unanswered{day}", START + timedelta(days=day), contact="late")
    late.take_in(tmp_path)
    known = row(executive(), "S3-CON-1", reading="known")
    corrected = row(executive(), "S3-CON-1")
    assert known.line.low == 1.0
    assert corrected.line.low < 0.8


def test_every_step_of_the_stage_names_its_cause_by_the_number_of_its_mark(company):
    page = executive().get(PAGE, DAY).context["page"]
    assert [step.number for step in page.trend.steps] == [1, 2]
    assert [(one.number, one.causes) for one in page.changes] == [
        (2, ["Regular presence", "Someone answers"]),
        (1, ["Instrumented"]),
    ]


def test_the_profile_shows_every_criterion_of_a_dimension_under_its_stage(company):
    page = executive().get(PAGE, DAY).context["page"]
    shown = [row for one in page.profile for _, cell in one.cells for row in cell.rows]
    assert len(shown) == len(page.rows) - 1  # S1-INS belongs to none
    assert "Profile: where each dimension stands" in text(executive().get(PAGE, DAY))


def test_what_begins_to_be_lost_is_named_before_the_stage_falls(tmp_path):
    company = Company(profile="b2c")
    company.busy_weeks(30, a_week=5)
    company.heartbeats(70, first=210)
    company.take_in(tmp_path)
    said = text(executive().get(PAGE, {"as_of": "2026-10-19"}))
    assert "At risk" in said
    assert "losses counted of 6" in said or "loss counted of 6" in said


def test_numbers_that_no_gate_looks_at_stand_apart(company):
    said = text(executive().get(PAGE, DAY))
    assert "Not used for the stage" in said
    assert "published in 91 days" in said


def test_sources_are_named_with_their_last_sign_of_life(company):
    assert "Watch" in text(executive().get(PAGE, DAY))


def test_a_unit_has_its_records_too_and_conversations_stay_closed_to_executives(company):
    said = text(executive().get(ANSWERS, DAY | {"unit": "u"}))
    assert "55 records behind it" in said
    assert "Closed to you: 50 × conversation." in said
    staff = browser(Role.STAFF).get(ANSWERS, DAY | {"unit": "u"})
    assert "/admin/conversations/conversation/" in staff.content.decode()


def test_who_spoke_is_named_to_nobody_without_the_right_to_read_employees(company):
    where = "/maturity/criteria/S3-GOV-1/"
    assert "support1" not in text(executive().get(where, DAY))
    staff = text(browser(Role.STAFF).get(where, DAY))
    assert "support1" not in staff  # two speakers: a group of fewer than five has no names


def measured(k, n):
    return Measured(k=k, n=n, enter=0.8, stay=0.65)


def shown(criterion, *figures):
    return {number: {criterion: figure} for number, figure in enumerate(figures)}


def test_a_unit_of_fewer_than_five_people_is_not_shown_apart_nor_by_what_is_left():
    of = shown("S3-GOV-1", measured(1, 3), measured(6, 9), measured(20, 30))
    assert discretion.withheld(of, "S3-GOV-1") == {0, 1}
    of = shown("S3-GOV-1", measured(1, 3), measured(2, 4), measured(20, 30))
    assert discretion.withheld(of, "S3-GOV-1") == {0, 1}
    of = shown("S3-GOV-1", measured(5, 5), measured(20, 30))
    assert discretion.withheld(of, "S3-GOV-1") == frozenset()
    assert discretion.withheld(shown("S3-GOV-1", measured(1, 3)), "S3-GOV-1") == frozenset()
    assert discretion.withheld(shown("S3-CON-1", measured(1, 3), measured(1, 2)), "S3-CON-1") == (
        frozenset()
    )


def test_the_page_of_such_a_unit_says_why_it_shows_no_figure(tmp_path):
    company = Company()
    company.add("unit", id="v", at=START, name="Annex", profile="b2b", timezone="Europe/Paris")
    company.add("department", id="annex", at=START, name="annex", unit="v")
    company.employee("annex1", "annex")
    company.busy_weeks(14)
    company.take_in(tmp_path)
    found = row(executive(), "S3-GOV-1", unit="u")
    assert found.is_withheld
    assert found.figure == "fewer than five people: not shown apart"
    assert row(executive(), "S3-GOV-1").figure != found.figure
    behind = executive().get("/maturity/criteria/S3-GOV-1/", DAY | {"unit": "u"})
    assert behind.context["behind"] is None


def test_every_drawing_has_words_for_those_who_do_not_see_it(company):
    html = executive().get(PAGE, DAY).content.decode()
    for drawing in html.split("<svg")[1:]:
        head = drawing.split(">")[0]
        assert "aria-label" in head or "aria-hidden" in head, head


def test_on_paper_nothing_is_left_to_click(company):
    html = executive().get(PAGE, DAY).content.decode()
    assert 'media="print"' in html


def test_a_step_that_was_not_made_without_a_unit_that_came_says_so_beside_its_cause(tmp_path):
    company = a_mute_one_that_buys_a_shop()
    company.take_in(tmp_path)
    (rose,) = executive().get(PAGE, DAY).context["page"].changes
    assert (rose.came_from.number, rose.to.number) == (None, 2)
    assert (rose.causes, rose.joined) == (["Instrumented"], ["Shop"])
    said = "Instrumented; a unit that came: Shop"
    assert said in text(executive().get(PAGE, DAY))
    assert said in words(executive().get("/maturity/page.pdf", DAY))
    assert not executive().get(PAGE, DAY | {"unit": "u"}).context["page"].changes
    found = caller(Role.EXECUTIVE).get("maturity/transitions/", **DAY).json()
    (step,) = found["transitions"]
    assert step == {"at": rose.on.isoformat(), "from": None, "to": 2, "causes": ["S1-INS"]}
    units = [{"id": "shop", "name": "Shop"}]
    assert found["unit_changes"] == [{"at": rose.on.isoformat(), "units": units}]
