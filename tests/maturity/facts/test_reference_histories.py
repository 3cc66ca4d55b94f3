import json
from datetime import UTC, date, datetime
from functools import lru_cache

import pytest

from maturity.appraisals import derivation
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from tests.maturity.facts import histories

EXPECTED = histories.HISTORIES / "expected.json"
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NAMES = [
    "a-quiet-office",
    "b-coordinated-workshop",
    "c-two-brands",
    "d-outage-and-slump",
    "e-rigged",
]

pytestmark = pytest.mark.skipif(not EXPECTED.exists(), reason="the reference histories are absent")


@lru_cache(maxsize=1)
def ledger(name):
    lines = histories.lines(histories.HISTORIES / f"{name}.jsonl.gz")
    return Ledger(histories.read(lines), load())


def same(found, expected):
    if isinstance(expected, float):
        return found is not None and abs(found - expected) <= 1e-9
    return found == expected


def differences(found, expected):
    """What of the expected appraisal is not found, in words."""
    for part in ("blocking", "transitions"):
        if found[part] != expected[part]:
            yield f"{part}: {found[part]} is not {expected[part]}"
    for name, value in expected["stage"].items():
        if found["stage"][name] != value:
            yield f"stage {name}: {found['stage'][name]} is not {value}"
    for mine, theirs in zip(found["criteria"], expected["criteria"], strict=True):
        for name, value in theirs.items():
            if not same(mine[name], value):
                yield f"{theirs['id']} {name}: {mine[name]} is not {value}"


@pytest.mark.parametrize("name", NAMES)
def test_a_history_is_read_as_the_reference_reads_it(name):
    for as_of, expected in json.loads(EXPECTED.read_text())[name].items():
        day = date.fromisoformat(as_of)
        derived = derivation.derive(ledger(name), day, now=NOW, live={})
        found = derivation.appraisal(derived, reading="corrected")
        assert list(differences(found, expected)) == []
        assert [unit["id"] for unit in found["units"]] == [u["id"] for u in expected["units"]]
        for mine, theirs in zip(found["units"], expected["units"], strict=True):
            assert list(differences(mine, theirs)) == []
