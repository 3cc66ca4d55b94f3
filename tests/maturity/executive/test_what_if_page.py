import pytest

from crm.access.models import Role
from tests.maturity.company import Company
from tests.maturity.executive.desk import DAY, browser, executive, text
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
PAGE = "/maturity/what-if/"
MOVED = {
    "k.S3-LIS-1": "40",
    "n.S3-LIS-1": "40",
    "rest.S3-LIS-1": "yes",
    "k.S3-GOV-1": "5",
    "n.S3-GOV-1": "5",
    "rest.S3-GOV-1": "yes",
    "k.S3-GOV-3": "20",
    "rest.S3-GOV-3": "yes",
    "k.S3-VAL-1": "30",
    "n.S3-VAL-1": "30",
    "enter.S3-CON-1": "55,5",
    "stay.S3-CON-1": "",
}


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def test_the_form_proposes_the_gates_of_the_next_stage(company):
    stages = executive().get(PAGE, DAY).context["stages"]
    assert [stage.number for stage, is_open, _ in stages if is_open] == [3]


def test_other_numbers_show_the_stage_ahead_and_its_day_and_nothing_is_stored(company):
    client = executive()
    client.get(PAGE, DAY)
    before = row_counts()
    answer = client.get(PAGE, DAY | MOVED)
    said = text(answer)
    assert "In 26 weeks, everything as it is Testing No change of stage." in said
    assert "In 26 weeks, with what you typed Coordinating May 11, 2026" in said
    assert 'value="55,5"' in answer.content.decode()
    assert row_counts() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"k.S3-CON-1": "many"},
        {"k.S3-CON-1": "-1"},
        {"k.S3-CON-1": "9999"},
        {"enter.S3-CON-1": "250"},
        {"enter.S3-CON-1": "nan"},
        {"k.S9": "1"},
        {"k.S3-CON-1": "1" * 30},
    ],
)
def test_what_makes_no_sense_is_said_and_what_was_typed_stays(company, wrong):
    answer = executive().get(PAGE, DAY | wrong)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert executive().get(PAGE, DAY | {"colour": "blue"}).status_code == 400


def test_a_company_of_which_nothing_is_known_can_be_asked_too(db):
    answer = executive().get(PAGE, {"k.S2-CHA-2": "9"})
    assert answer.status_code == 200
    assert "Not assessed" in text(answer)


def test_only_who_reads_the_maturity_may_ask(company):
    assert browser(Role.STAFF).get(PAGE, DAY).status_code == 200
    assert browser(Role.AMBASSADOR).get(PAGE, DAY).status_code == 403
    assert browser().get(PAGE).status_code == 302


def test_the_table_gives_the_numbers_of_the_page(company):
    answer = executive().get("/maturity/table.csv", DAY)
    assert answer["Content-Disposition"] == 'attachment; filename="maturity-2026-04-13.csv"'
    assert ",S3-CON-1," in answer.content.decode()
