import io

import pytest
from django.core.management import CommandError, call_command

from maturity.facts.cases import CASES, CONDITIONS
from maturity.facts.ledger import MEASURES
from maturity.scoring.definition import load
from tests.maturity.company import DAY, START, Company
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.test_imported import take_in

pytestmark = pytest.mark.django_db
MONDAY = "2026-04-13"


def told(*options):
    out = io.StringIO()
    call_command("explain", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.contact("late", START)
    company.asks("unanswered", START + 80 * DAY, contact="late")
    company.take_in(tmp_path)


def test_a_share_is_told_case_by_case_from_the_rows_to_the_verdict(company):
    said = told("S3-CON-1", "--as-of", MONDAY)
    assert "S3-CON-1  Answers in time" in said
    assert "Atelier (u): window 2025-10-13 00:00:00 to 2026-04-13 00:00:00 Europe/Paris" in said
    assert "Cases: 56, of which 55 count (+)" in said
    assert said.count("no human answer") == 1
    assert "k = 55 of n = 56" in said
    assert "80 % Wilson bounds 0.9" in said
    assert "Outcome MET\nGate open since 2026-02-23" in said


def test_the_weeks_show_how_the_gate_moved(company):
    said = told("s3-con-1", "--as-of", "2026-02-23")
    assert "2026-02-16      23 of 23  MET           closed, 3 of 4 confirmations" in said
    assert "2026-02-23      27 of 27  MET           open since 2026-02-23, 0 of 6 losses" in said


def test_what_is_missing_is_told_with_the_further_conditions_and_the_advice(company):
    said = told("S3-GOV-2", "--as-of", MONDAY, "--unit", "u")
    assert "two departments have accepted five conversations each: holds" in said
    said = told("S4-CHA-1", "--as-of", MONDAY)
    assert "kinds of channels: 1, ENTER 2, STAY 2: does not hold" in said
    assert f"Next: {load().by_id['S4-CHA-1'].words['en'].action}" in said


def test_a_day_between_mondays_is_told_as_a_preview(company):
    assert "a preview: the gate is that of 2026-04-13" in told("S3-CON-1", "--as-of", "2026-04-16")


def test_the_reading_as_known_does_not_see_what_was_imported_later(company):
    said = told("S3-CON-1", "--as-of", MONDAY, "--reading", "known")
    assert "Cases: 0" in said
    assert "Outcome NO_SOURCE" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("S9-XXX-1",), "there is no criterion S9-XXX-1"),
        (("S3-CON-1", "--unit", "nowhere"), "there is no unit nowhere"),
        (("S3-CON-1", "--as-of", "1492-10-12"), "before anything could be known"),
    ],
)
def test_what_there_is_not_is_refused_in_words(company, options, words):
    with pytest.raises(CommandError, match=words):
        told(*options)


def test_every_criterion_can_be_explained(tmp_path):
    chance = Chance(7)
    take_in(chance.lines, tmp_path)
    for number, one in enumerate(load().criteria):  # of the company and of a unit by turns
        unit = ("--unit", "u0") if number % 2 else ()
        said = told(one.id, "--as-of", chance.day.isoformat(), "--rows", "3", *unit)
        assert "\nJudged\n" in said
        assert "\nOutcome " in said


def test_no_measure_is_left_without_an_explanation():
    assert set(CASES) == set(MEASURES)
    assert set(CONDITIONS) <= set(MEASURES)
