import io
import json

import pytest
from django.core.management import CommandError, call_command

from maturity.scoring.definition import load
from tests.maturity.company import Company, criterion

pytestmark = pytest.mark.django_db


def printed(*options):
    out = io.StringIO()
    call_command("appraise", *options, "--format", "json", stdout=out)
    return json.loads(out.getvalue())


def test_a_company_that_nobody_knows_anything_of_is_unassessed():
    said = printed("--as-of", "2026-10-05")
    assert said["stage"] == {
        "number": None,
        "key": "unassessed",
        "provisional": True,
        "at_risk": False,
        "exempt": False,
    }
    assert said["blocking"] == ["S1-INS"]
    assert said["units"] == []
    assert criterion(said, "S1-INS")["outcome"] == "NO_SOURCE"


def test_the_object_has_the_fields_of_the_format_and_names_the_model(tmp_path):
    company = Company()
    company.busy_weeks(9)
    company.take_in(tmp_path)
    said = printed("--as-of", "2026-03-09")
    assert list(said) == [
        *("as_of", "reading", "preview", "model"),
        *("stage", "blocking", "criteria", "transitions", "units"),
    ]
    assert (said["as_of"], said["reading"], said["preview"]) == ("2026-03-09", "corrected", False)
    assert said["model"] == {"version": load().version, "sha256": load().sha256}
    assert list(said["criteria"][0]) == [
        *("id", "dimension", "gate", "outcome", "k", "n", "value", "lower", "upper"),
        *("enter", "stay", "minimum", "next_action"),
    ]
    assert [unit["id"] for unit in said["units"]] == ["u"]


def test_weeks_of_answers_to_several_people_make_a_company_testing(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    said = printed("--as-of", "2026-04-13")
    assert said["stage"]["number"] == 2
    assert said["transitions"][0]["causes"] == ["S1-INS"]
    assert said["transitions"][1]["causes"] == ["S2-CHA-1", "S2-CHA-2"]
    answered = criterion(said, "S3-CON-1")
    assert (answered["k"], answered["n"], answered["outcome"]) == (55, 55, "MET")
    assert criterion(said, "S3-GOV-2")["outcome"] == "MET"
    assert answered["next_action"] is None


def test_a_day_that_is_no_monday_is_a_preview_with_the_gates_of_the_monday(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    monday, thursday = printed("--as-of", "2026-04-13"), printed("--as-of", "2026-04-16")
    assert (monday["preview"], thursday["preview"]) == (False, True)
    assert thursday["transitions"] == monday["transitions"]
    assert thursday["stage"] == monday["stage"]


def test_imported_history_moves_the_corrected_reading_alone(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    known = printed("--as-of", "2026-04-13", "--reading", "known")
    assert known["stage"]["number"] is None
    assert known["units"] == []
    assert known["transitions"] == []


def test_one_unit_can_be_asked_for_by_its_id(tmp_path):
    company = Company()
    company.busy_weeks(9)
    company.take_in(tmp_path)
    whole = printed("--as-of", "2026-03-09")
    said = printed("--as-of", "2026-03-09", "--unit", "u")
    assert said["unit"] == "u"
    assert said["criteria"] == whole["units"][0]["criteria"]


@pytest.mark.parametrize(
    "options",
    [
        ("--as-of", "yesterday"),
        ("--as-of", "2199-01-01"),
        ("--as-of", "0001-01-01"),
        ("--reading", "hopeful"),
        ("--unit", "nowhere"),
    ],
)
def test_what_cannot_be_appraised_is_refused(options):
    with pytest.raises(CommandError):
        printed(*options)
