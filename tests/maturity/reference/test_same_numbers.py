"""Histories put together by chance, counted by the engine and by the reference evaluator."""

import copy
import os
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maturity.facts.ledger import Ledger
from maturity.scoring import gates
from maturity.scoring.definition import load
from tests.maturity.facts import histories
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.evaluator import Evaluator

MODEL = load()
CASES = int(os.environ.get("CASES", "12"))


def of_reference(judged):
    return {
        "k": judged.k,
        "n": judged.n,
        "enter": pytest.approx(judged.enter, abs=1e-9),
        "stay": pytest.approx(judged.stay, abs=1e-9),
        "minimum": judged.minimum,
        "has_source": judged.sourced,
        "clauses": bool(judged.count.enter),
        "clauses_stay": bool(judged.count.stay),
        "at_enter": judged.at_enter,
        "is_loss": judged.loss,
        "too_small": judged.small,
    }


def of_engine(id_, measured):
    verdict = gates.judge(MODEL.by_id[id_], measured, MODEL.walk)
    names = ("k", "n", "enter", "stay", "minimum", "has_source", "clauses", "clauses_stay")
    found = {name: getattr(measured, name) for name in names}
    return found | {n: getattr(verdict, n) for n in ("at_enter", "is_loss", "too_small")}


def assert_same(mine, theirs):
    assert set(mine) == set(theirs)
    for id_, judged in theirs.items():
        assert (id_, of_engine(id_, mine[id_])) == (id_, of_reference(judged))


@settings(max_examples=CASES)
@given(st.integers(0, 10**6))
def test_every_criterion_of_every_unit_and_of_the_pool_is_counted_alike(seed):
    chance = Chance(seed)
    evaluator = Evaluator(copy.deepcopy(chance.lines))
    ledger = Ledger(histories.read(copy.deepcopy(chance.lines)), MODEL)
    for ahead in (0, -1, 3):
        day = chance.day + timedelta(days=ahead)
        _, units, pool, company = evaluator.measured(day)
        found = ledger.day(day)
        assert found.week.needing == {seen.unit: len(seen.due_talks) for seen in pool}
        assert set(found.week.units) == set(found.week.needing)
        assert_same(found.week.company, company)
        for unit, judged in units.items():
            assert_same(found.shown[unit], judged)


@settings(max_examples=CASES)
@given(st.integers(0, 10**6))
def test_the_walk_begins_on_the_same_monday(seed):
    chance = Chance(seed)
    lines = [line for line in chance.lines if chance.dice.random() < 0.5 or line["type"] == "unit"]
    lines = [line for line in lines if line["type"] in BY_THEMSELVES]
    evaluator = Evaluator(copy.deepcopy(lines))
    ledger = Ledger(histories.read(copy.deepcopy(lines)), MODEL)
    assert ledger.mondays(evaluator.next)[:1] == [evaluator.next]


BY_THEMSELVES = ("company", "unit", "contact", "community", "policy", "source")
