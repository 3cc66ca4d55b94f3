"""Companies that live, cheat, pause and grow: the whole appraisal, at several dates."""

import copy
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from maturity.appraisals import derivation
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from tests.maturity.facts import histories
from tests.maturity.facts.test_reference_histories import EXPECTED, differences
from tests.maturity.reference.companies import START, Company, Plan
from tests.maturity.reference.evaluator import Evaluator

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
WEEKS = 34
AMERICAN = {"zone": "America/New_York", "profile": "b2c"}
COMPANIES = {
    "climbs": [Plan([(0, 2), (6, 4)])],
    "rests five weeks, then loses its source": [
        Plan([(0, 5)], silent=range(14, 19), deaf=range(25, 29))
    ],
    "buys another": [Plan(people=12), Plan([(0, 1)], begins=16, people=8, **AMERICAN)],
    "cheats": [Plan([(0, 4)], cheats=("hero", "session", "relabelled", "staff"))],
    "cheats otherwise": [Plan([(0, 4)], cheats=("bots", "backdated", "mass"))],
}


def assert_same(lines, days):
    evaluator = Evaluator(copy.deepcopy(lines))
    ledger = Ledger(histories.read(copy.deepcopy(lines)), load())
    for day in days:
        theirs = evaluator.appraise(day)
        derived = derivation.derive(ledger, day, now=NOW, live={})
        mine = derivation.appraisal(derived, reading="corrected")
        assert list(differences(mine, theirs)) == []
        assert [unit["id"] for unit in mine["units"]] == [unit["id"] for unit in theirs["units"]]
        for of_mine, of_theirs in zip(mine["units"], theirs["units"], strict=True):
            assert list(differences(of_mine, of_theirs)) == []


@pytest.mark.parametrize("name", COMPANIES)
def test_a_company_is_appraised_as_the_reference_appraises_it(name):
    company = Company(sum(name.encode()), COMPANIES[name], WEEKS)
    days = [START + timedelta(days=7 * week + 3 * (week % 2)) for week in range(4, WEEKS, 5)]
    assert_same(company.lines, days)


@pytest.mark.skipif(not EXPECTED.exists(), reason="the reference histories are absent")
@pytest.mark.parametrize("name", ["a-quiet-office", "b-coordinated-workshop"])
def test_the_second_evaluator_itself_gives_the_examples(name):
    evaluator = Evaluator(histories.lines(histories.HISTORIES / f"{name}.jsonl.gz"))
    for as_of, expected in json.loads(EXPECTED.read_text())[name].items():
        found = evaluator.appraise(date.fromisoformat(as_of))
        assert list(differences(found, expected)) == []
