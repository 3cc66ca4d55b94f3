"""The same, through the door that users move in by: import, rows, appraisal."""

import copy
import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from maturity.facts.ledger import Ledger
from maturity.facts.records import read
from maturity.scoring.definition import load
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.evaluator import Evaluator
from tests.maturity.reference.test_same_numbers import assert_same

pytestmark = pytest.mark.django_db


def take_in(lines, folder):
    file = folder / "history.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    quiet = {"stdout": io.StringIO(), "stderr": io.StringIO()}
    call_command("import_history", str(file), "--trust-own-acts", **quiet)


@pytest.mark.parametrize("seed", [4, 7, 15])
def test_an_imported_history_is_counted_as_the_reference_counts_it(seed, tmp_path):
    chance = Chance(seed)
    take_in(chance.lines, tmp_path)
    evaluator, ledger = Evaluator(copy.deepcopy(chance.lines)), Ledger(read(), load())
    assert ledger.mondays(evaluator.next)[:1] == [evaluator.next]
    for ahead in (0, -1, 3):
        day = chance.day + timedelta(days=ahead)
        _, units, _, company = evaluator.measured(day)
        found = ledger.day(day)
        assert_same(found.week.company, company)
        for unit in found.units:
            assert_same(found.shown[unit.unit], units[unit.key])
