import re

import pytest
from django.test import Client
from django.utils import translation

from conversations.inbox.models import Conversation
from crm.access.models import Role
from maturity.appraisals import services
from maturity.executive.page import because
from tests import house
from tests.maturity.company import Company

pytestmark = pytest.mark.django_db
PAGE = "/maturity/"


def browser(*roles, language="en"):
    client = Client()
    if roles:
        client.force_login(house.somebody(house.department(house.unit("Office")), *roles).user)
    client.cookies["django_language"] = language
    return client


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def test_a_stranger_is_sent_to_the_sign_in_and_back():
    answer = Client().get(PAGE)
    assert answer.status_code == 302
    assert answer["Location"] == "/login/?next=/maturity/"


@pytest.mark.parametrize(
    ("role", "status"), [(Role.EXECUTIVE, 200), (Role.STAFF, 200), (Role.AMBASSADOR, 403)]
)
def test_executives_and_staff_may_open_it_and_others_may_not(role, status):
    assert browser(role).get(PAGE).status_code == status


def test_a_new_installation_is_not_assessed_and_says_what_to_do():
    said = text(browser(Role.EXECUTIVE).get(PAGE))
    assert "Not assessed" in said
    assert "Emptiness is never a level" in said


def test_it_shows_the_stage_the_gates_and_how_it_was_derived(company):
    said = text(browser(Role.EXECUTIVE).get(PAGE, {"as_of": "2026-04-13"}))
    for words in (
        "Atelier",
        "Testing",
        "stage 2 of 5",
        "2 of 6 gates met towards Coordinating",
        "imported history included",
        "model v1, uncalibrated",
        "provisional",
        "55 of 55 · 100 %",
        "not enough data",
        "Regular presence, Someone answers",
        "read from right to left",
    ):
        assert words in said, words


def test_the_path_left_advises_one_action_for_each_closed_gate(company):
    page = browser(Role.EXECUTIVE).get(PAGE, {"as_of": "2026-04-13"}).context["page"]
    assert [row.criterion.id for row in page.path] == [
        row.criterion.id for row in sorted(page.path, key=lambda row: round(row.distance, 1))
    ]
    assert {row.criterion.id for row in page.path} == {
        row.criterion.id for row in page.wanted if not row.is_open
    }
    assert all(row.words.action for row in page.path)


def test_the_page_speaks_french(company):
    answer = browser(Role.EXECUTIVE, language="fr").get(PAGE, {"as_of": "2026-04-13"})
    assert '<html lang="fr">' in answer.content.decode()
    assert "Elle parle par endroits" in text(answer)


def test_a_unit_has_a_page_of_its_own(company):
    answer = browser(Role.EXECUTIVE).get(PAGE, {"as_of": "2026-04-13", "unit": "u"})
    assert answer.context["page"].unit == "u"
    assert browser(Role.EXECUTIVE).get(PAGE, {"unit": "nowhere"}).status_code == 404


def test_as_known_then_imported_history_says_nothing(company):
    query = {"as_of": "2026-04-13", "reading": "known"}
    assert browser(Role.EXECUTIVE).get(PAGE, query).context["page"].stage.number is None


@pytest.mark.parametrize("query", [{"as_of": "soon"}, {"reading": "x"}, {"colour": "blue"}])
def test_what_is_not_understood_is_a_bad_request(query):
    assert browser(Role.EXECUTIVE).get(PAGE, query).status_code == 400


def test_the_page_has_neither_inline_scripts_nor_inline_styles(company):
    answer = browser(Role.EXECUTIVE).get(PAGE, {"as_of": "2026-04-13"})
    html = answer.content.decode()
    assert "<script" not in html
    assert "style=" not in html
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_opened_again_it_reads_no_record(company, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(services, "KEPT_FOR", 1000)
    client = browser(Role.EXECUTIVE)
    client.get(PAGE, {"as_of": "2026-04-13"})
    # session, person, roles, survey, pledges, names of sources, exemptions
    with django_assert_max_num_queries(7):
        client.get(PAGE, {"as_of": "2026-04-13"})


def test_staff_may_open_the_records_behind_a_criterion_and_executives_see_only_that_they_are(
    company,
):
    query = {"as_of": "2026-04-13"}
    where = "/maturity/criteria/S3-CON-1/"
    newest = Conversation.objects.get(key="v13-2")
    link = f"/admin/conversations/conversation/{newest.pk}/change/"
    assert link in browser(Role.STAFF).get(where, query).content.decode()
    seen = browser(Role.EXECUTIVE).get(where, query)
    assert link not in seen.content.decode()
    assert "55 records behind it" in text(seen)
    assert browser(Role.EXECUTIVE).get("/maturity/criteria/S9/", query).status_code == 404
    assert browser(Role.AMBASSADOR).get(where, query).status_code == 403


def test_a_step_without_a_cause_of_its_own_says_so():
    assert because(["S3-CON-1", "UNIT-COVERAGE"], []) == "S3-CON-1, UNIT-COVERAGE"
    assert because([], []) == "goes on from the week before"
    with translation.override("fr"):
        assert because([], []) == "se poursuit depuis la semaine précédente"
