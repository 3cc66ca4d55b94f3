"""What must hold of every history: order, zones, names, what comes later, vanity, the unknown."""

import copy
import os
import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maturity.appraisals import derivation
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from maturity.scoring.gates import Outcome
from tests.maturity.facts import histories
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.companies import START, Company, Plan

MODEL = load()
CASES = int(os.environ.get("CASES", "8"))
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
LAST = START + timedelta(days=7 * 30)
seeds = st.integers(0, 10**6)


def figures(lines, day):
    """Every figure of that day, in words that do not depend on the order of rows."""
    found = Ledger(histories.read(copy.deepcopy(lines)), MODEL).day(day)
    return found.week, found.shown


def appraised(lines, day=LAST):
    ledger = Ledger(histories.read(copy.deepcopy(lines)), MODEL)
    derived = derivation.derive(ledger, day, now=NOW, live={})
    return derivation.appraisal(derived, reading="corrected")


def instant(line, name="at"):
    return datetime.fromisoformat(line[name])


@pytest.fixture(scope="module")
def company():
    return Company(11, [Plan([(0, 4)])], 30).lines


@settings(max_examples=CASES)
@given(seeds)
def test_the_order_of_lines_does_not_matter(seed):
    chance = Chance(seed)
    shuffled = chance.lines[:]
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - any order will do
    assert figures(shuffled, chance.day) == figures(chance.lines, chance.day)


@settings(max_examples=CASES)
@given(seeds, st.integers(-11, 13))
def test_the_zone_that_an_instant_is_written_in_does_not_matter(seed, hours):
    chance, zone = Chance(seed), timezone(timedelta(hours=hours))
    moved = [written_in(zone, line) for line in chance.lines]
    assert figures(moved, chance.day) == figures(chance.lines, chance.day)


def written_in(zone, line):
    times = [name for name in line if line[name] and (name == "at" or name.endswith("_at"))]
    return line | {name: instant(line, name).astimezone(zone).isoformat() for name in times}


@settings(max_examples=CASES)
@given(seeds)
def test_what_comes_later_changes_nothing(seed):
    """Of what is written down at or after the last midnight only plans that appeared count."""
    chance = Chance(seed)
    ledger = Ledger(histories.read(copy.deepcopy(chance.lines)), MODEL)
    last = max(unit.cut for unit in ledger.units_at(chance.day))
    always = ("contact", "publication", "unit", "department", "channel", "source", "community")
    known = [x for x in chance.lines if x["type"] in always or instant(x) < last]
    assert figures(known, chance.day) == figures(chance.lines, chance.day)


@settings(max_examples=CASES)
@given(seeds)
def test_without_a_heartbeat_nothing_is_known(seed):
    chance = Chance(seed)
    deaf = [line for line in chance.lines if line["type"] != "heartbeat"]
    found = appraised(deaf, chance.day)
    assert found["stage"]["key"] == "unassessed"
    assert found["blocking"] == ["S1-INS"]
    assert all(unit["stage"]["number"] is None for unit in found["units"])


def test_an_empty_company_is_unassessed():
    found = appraised([])
    assert (found["stage"]["number"], found["transitions"]) == (None, [])
    assert {one["outcome"] for one in found["criteria"]} <= {"NO_SOURCE", "INSUFFICIENT"}


def test_only_met_opens_a_gate(company):
    """Neither NO_SOURCE nor INSUFFICIENT ever confirms: four times MET lie before each opening."""
    ledger = Ledger(histories.read(copy.deepcopy(company)), MODEL)
    shown, before = {}, set()
    for monday in ledger.mondays(LAST):
        walked = derivation.derive(ledger, monday, now=NOW, live={}).walked
        for id_, outcome in walked.outcomes.items():
            shown.setdefault(id_, []).append(outcome)
        opened = {i for i, gate in walked.company.gates.items() if gate.is_open} - {"S1-INS"}
        for id_ in opened - before:
            assert shown[id_][-4:] == [Outcome.MET] * 4
        before = opened
    assert before


def test_names_and_the_order_of_units_do_not_matter():
    plans = [Plan([(0, 3)], people=9), Plan([(0, 2)], people=8, profile="b2c", zone="Asia/Kolkata")]
    lines = Company(5, plans, 20).lines
    swapped = [
        {n: v.replace("u0", "z0") if isinstance(v, str) else v for n, v in line.items()}
        | ({"name": "Renamed"} if line["type"] in ("unit", "department", "channel") else {})
        for line in lines
    ]
    before, after = appraised(lines), appraised(swapped)
    assert after["criteria"] == before["criteria"]
    assert after["transitions"] == before["transitions"]
    assert [u["criteria"] for u in after["units"]] == [u["criteria"] for u in before["units"]][::-1]


VANITIES = {
    "bots": {"type": "message", "direction": "out", "author": "u0-e05", "automated": True},
    "imported acknowledgements": {
        "type": "acknowledgement",
        "policy": "Charter",
        "version": "1",
        "employee": "u0-e17",
        "session": "import",
    },
    "uploads": {"type": "article", "title": "T", "text": "…", "author": "u0-e05", "language": "en"},
    "fans": {"type": "contact", "name": "fan", "relationship": "other", "identities": []},
}


@pytest.mark.parametrize("kind", VANITIES)
def test_a_thousand_vanities_change_nothing(company, kind):
    begun = datetime.combine(START, datetime.min.time(), tzinfo=UTC)
    more = [
        {**VANITIES[kind], "id": f"vain{n}", "at": (begun + timedelta(hours=n)).isoformat()}
        for n in range(100, 1100)
    ]
    if kind == "bots":
        place = {"conversation": "u0-v1", "channel": "u0-c0"}
        more = [{**line, **place, "text": f"like {n}"} for n, line in enumerate(more)]
    before, after = appraised(company), appraised([*company, *more])
    assert after["stage"] == before["stage"]
    assert after["transitions"] == before["transitions"]
    traceable = "S2-GOV-1"  # counts what nobody in person said, and opens nothing
    for one, other in zip(before["criteria"], after["criteria"], strict=True):
        assert one == other or one["id"] == traceable


def test_other_words_change_nothing(company):
    edited = [
        {**line, "text": f"other words, {number}"} if "text" in line else line
        for number, line in enumerate(company)
    ]
    assert appraised(edited) == appraised(company)
