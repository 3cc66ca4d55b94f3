import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from crm.access.models import Role
from crm.access.personal_tokens import make_token
from maturity.executive.models import Pledge
from tests import house
from tests.api.hands import Caller
from tests.maturity.company import START, Company, criterion
from tests.maturity.executive.desk import DAY
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


def caller(*roles):
    return Caller(house.somebody(house.department(house.unit("Office")), *roles).user)


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def said(answer):
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def test_stage_criteria_and_transitions_say_what_the_whole_appraisal_says(company):
    executive = caller(Role.EXECUTIVE)
    for query in (DAY, DAY | {"unit": "u"}, DAY | {"reading": "known"}):
        whole = said(executive.get("maturity/", **query))
        stage = said(executive.get("maturity/stage/", **query))
        assert (stage["stage"], stage["blocking"]) == (whole["stage"], whole["blocking"])
        assert stage["unit"] == query.get("unit")
        criteria = said(executive.get("maturity/criteria/", **query))
        assert criteria["criteria"] == whole["criteria"]
        changes = said(executive.get("maturity/transitions/", **query))
        assert changes["transitions"] == whole["transitions"]
    stage = said(executive.get("maturity/stage/", **DAY))
    assert stage["gates"] == {"open": 2, "all": 6}


def test_evidence_names_only_records_that_the_reader_may_open(company):
    where = "maturity/criteria/S3-CON-1/evidence/"
    for query in (DAY, DAY | {"unit": "u"}):
        closed = said(caller(Role.EXECUTIVE).get(where, **query))
        assert closed["count"] == 55
        assert {record["id"] for record in closed["records"]} == {None}
        opened = said(caller(Role.STAFF).get(where, **query))
        assert None not in {record["id"] for record in opened["records"]}
        assert opened["sha256"] == closed["sha256"]
        assert len(opened["weeks"]) == 14
    nothing = caller(Role.EXECUTIVE).get("maturity/criteria/S9/evidence/", **DAY)
    assert (nothing.status_code, nothing.json()["code"]) == (404, "unknown_criterion")


def test_the_table_the_json_and_the_appraisal_give_one_number(company):
    executive = caller(Role.EXECUTIVE)
    whole = said(executive.get("maturity/", **DAY))
    lines = said(executive.get("maturity/export/", **DAY))["lines"]
    table = executive.get("maturity/export/", form="csv", **DAY)
    assert table["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert len(rows) == len(lines) == (1 + len(whole["units"])) * len(whole["criteria"])
    for line, row in zip(lines, rows, strict=True):
        assert row["criterion"] == line["criterion"]
        assert row["k"] == ("" if line["withheld"] else str(line["k"]))
        if line["unit"] is None:
            exact = criterion(whole, line["criterion"])
            assert {name: line[name] for name in exact if name in line} == {
                name: exact[name] for name in exact if name in line
            }


def test_a_name_that_a_spreadsheet_would_run_is_quoted(tmp_path):
    company = Company()
    company.add("unit", id="v", at=START, name="=1+1", profile="b2b", timezone="Europe/Paris")
    company.busy_weeks(2)
    company.take_in(tmp_path)
    table = caller(Role.EXECUTIVE).get("maturity/export/", form="csv", **DAY).content.decode()
    assert ",'=1+1," in table


def test_a_unit_of_few_people_is_withheld_in_exports_gauges_and_evidence(tmp_path):
    company = Company()
    company.add("unit", id="v", at=START, name="Annex", profile="b2b", timezone="Europe/Paris")
    company.busy_weeks(14)
    company.take_in(tmp_path)
    executive = caller(Role.EXECUTIVE)
    lines = said(executive.get("maturity/export/", unit="u", **DAY))["lines"]
    line = next(one for one in lines if one["criterion"] == "S3-GOV-1")
    assert (line["withheld"], line["k"], line["n"], line["value"]) == (True, None, None, None)
    behind = said(executive.get("maturity/criteria/S3-GOV-1/evidence/", unit="u", **DAY))
    assert (behind["withheld"], behind["records"], behind["weeks"]) == (True, [], [])
    gauges = executive.get("maturity/metrics/", **DAY).content.decode()
    assert 'criterion_value{unit="",criterion="S3-GOV-1"}' in gauges
    assert 'criterion_value{unit="u",criterion="S3-GOV-1"}' not in gauges


def test_a_scraper_with_a_token_of_its_scope_reads_the_gauges(company):
    person = house.somebody(house.department(house.unit("Office")), Role.EXECUTIVE)
    tokens = {}
    for scope in ("maturity", "offers"):
        _, tokens[scope] = make_token(
            person.user,
            name=scope,
            scopes=[scope],
            expires_at=timezone.now() + timedelta(days=9),
            by=person.acting,
        )
    scraper, accepted = Caller(), "application/openmetrics-text;q=0.9,text/plain;version=0.0.4"
    scraper.use(tokens["maturity"])
    answer = scraper.ask("GET", "maturity/metrics/?as_of=2026-04-13", accept=accepted)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.content.decode().splitlines()
    assert 'relais_maturity_stage{unit=""} 2.0' in lines
    assert 'relais_maturity_stage{unit="u"} 2.0' in lines
    assert 'relais_maturity_gates_open{unit=""} 2.0' in lines
    assert any(line.startswith("# TYPE relais_maturity_criterion_value gauge") for line in lines)
    scraper.use(tokens["offers"])
    assert scraper.get("maturity/metrics/").status_code == 403
    assert Caller().get("maturity/metrics/").status_code == 401


def test_while_unassessed_the_gauge_of_the_stage_is_absent(db):
    text = caller(Role.EXECUTIVE).get("maturity/metrics/").content.decode()
    assert 'relais_maturity_assessed{unit=""} 0.0' in text
    assert "relais_maturity_stage{" not in text


def shift(client, *changes, **query):
    asked = "&".join(f"{key}={value}" for key, value in (DAY | query).items())
    return client.post(f"maturity/what-if/?{asked}", {"changes": list(changes)})


ALL_OF_STAGE_3 = [
    {"criterion": "S3-LIS-1", "k": 40, "n": 40, "conditions": True},
    {"criterion": "S3-GOV-1", "k": 5, "n": 5, "conditions": True},
    {"criterion": "S3-GOV-3", "k": 20, "conditions": True},
    {"criterion": "S3-VAL-1", "k": 30, "n": 30, "conditions": True},
]


def test_what_if_says_when_the_stage_would_change_and_stores_nothing(company):
    executive, before = caller(Role.EXECUTIVE), row_counts()
    found = said(shift(executive, *ALL_OF_STAGE_3))
    assert (found["now"], found["without"]["number"], found["then"]["number"]) == (2, 2, 3)
    (step,) = found["then"]["transitions"]
    assert (step["at"], step["to"]) == ("2026-05-11", 3)  # four Mondays at ENTER after this one
    assert set(step["causes"]) >= {"S3-LIS-1", "S3-GOV-1", "S3-GOV-3", "S3-VAL-1"}
    assert {one["outcome"] for one in found["criteria"]} == {"MET"}
    assert row_counts() == before
    assert not Pledge.objects.exists()
    assert said(executive.get("maturity/stage/", **DAY))["stage"]["number"] == 2


def test_what_if_moves_thresholds_and_units_too(company):
    executive = caller(Role.EXECUTIVE)
    harder = said(shift(executive, {"criterion": "S2-CHA-1", "enter": 40, "stay": 30}))
    assert harder["then"]["number"] == 1
    (step,) = harder["then"]["transitions"]
    assert (step["at"], step["causes"]) == ("2026-05-25", ["S2-CHA-1"])  # six losses
    unit = said(shift(executive, *ALL_OF_STAGE_3, unit="u"))
    assert (unit["unit"], unit["then"]["number"]) == ("u", 3)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"criterion": "S9", "k": 1}, "unknown_criterion"),
        ({"criterion": "S3-CON-1", "k": 90, "n": 10}, "more_than_all"),
        ({"criterion": "S3-CON-1", "enter": 2}, "out_of_range"),
        ({"criterion": "S3-CON-1", "enter": 0.3, "stay": 0.4}, "out_of_range"),
        ({"criterion": "S2-CHA-1", "n": 3}, "no_whole"),
        ({"criterion": "S3-CON-1", "k": 10**9, "n": 10**9}, "out_of_range"),
        ({"criterion": "S3-CON-1", "k": -1}, "invalid"),
        ({"criterion": "S3-CON-1", "colour": 1}, "invalid"),
        ({"criterion": "S3-CON-1", "k": "7"}, "invalid"),
    ],
)
def test_a_what_if_that_makes_no_sense_is_refused(company, change, code):
    answer = shift(caller(Role.EXECUTIVE), change)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("query", [{"form": "xls"}, {"form": ["csv", "json"]}, {"colour": "x"}])
def test_an_export_in_an_unknown_form_is_refused(db, query):
    assert caller(Role.EXECUTIVE).get("maturity/export/", **query).status_code == 400
