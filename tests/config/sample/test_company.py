"""The sample company: the same for a seed and a day, believable, judged as it should be."""

import io
import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.sample.company import SEED, generate
from maturity.appraisals import derivation
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from tests.maturity.facts import histories

UNTIL = date(2026, 6, 10)


@pytest.fixture(scope="module")
def lines():
    return generate(seed=SEED, until=UNTIL)


def test_it_is_the_same_for_a_seed_and_a_day_and_another_for_another(lines):
    assert generate(seed=SEED, until=UNTIL) == lines
    assert generate(seed=SEED + 1, until=UNTIL) != lines


def test_it_covers_two_years_up_to_that_day_in_few_lines(lines):
    moments = [datetime.fromisoformat(line["at"]) for line in lines]
    assert len(lines) <= 15_000
    assert UNTIL - min(moments).date() == timedelta(days=727)
    assert UNTIL - timedelta(days=1) <= max(moments).date() <= UNTIL
    assert max(moments) < datetime(2026, 6, 11, tzinfo=UTC)


def test_people_write_in_french_and_english_and_fill_every_gap(lines):
    texts = [line["text"] for line in lines if line["type"] == "message"]
    assert not any("{" in text or "}" in text for text in texts)
    assert any(text.startswith("Bonjour") for text in texts)
    assert any(text.startswith("Hello") for text in texts)
    opening = Counter(texts).most_common(1)[0]
    assert opening[1] < len(texts) / 20


def test_it_uses_every_kind_of_record_but_none_that_is_not_there(lines):
    types = {line["type"] for line in lines}
    assert len(types) == 28
    ids = {(line["type"], line.get("id")) for line in lines}
    for line in lines:
        if line["type"] == "assignment":
            assert ("employee", line["employee"]) in ids


@pytest.mark.parametrize("until", [UNTIL, date(2026, 12, 31)])
def test_it_climbs_from_dormant_to_coordinating_with_gates_of_the_next_stage_open(until):
    tomorrow = until + timedelta(days=1)
    ledger = Ledger(histories.read(generate(seed=SEED, until=until)), load())
    midday = datetime.combine(tomorrow, time(12), UTC)
    derived = derivation.derive(ledger, tomorrow, now=midday, live={})
    appraisal = derivation.appraisal(derived, reading="corrected")
    assert [step["to"] for step in appraisal["transitions"]] == [1, 2, 3]
    assert appraisal["stage"]["key"] == "coordinating"
    assert not appraisal["stage"]["at_risk"]
    since = date.fromisoformat(appraisal["transitions"][-1]["at"])
    assert timedelta(days=60) < until - since < timedelta(days=240)
    gates = [c for c in appraisal["criteria"] if c["gate"] and c["id"].startswith("S4-")]
    open_ = [gate["id"] for gate in gates if gate["outcome"] == "MET"]
    assert 0 < len(open_) < len(gates)


def test_the_command_writes_the_file_and_refuses_the_future(tmp_path: Path):
    file = tmp_path / "company.jsonl"
    call_command("sample_company", out=file, until=UNTIL, stdout=io.StringIO())
    assert len([json.loads(one) for one in file.read_text().splitlines()]) > 8000
    with pytest.raises(CommandError, match="past"):
        call_command("sample_company", out=file, until=date(2999, 1, 1), stdout=io.StringIO())
