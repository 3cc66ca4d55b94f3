import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from maturity.appraisals.keeping import keep_facts
from maturity.facts.models import DayFacts
from tests.maturity.facts.histories import HISTORIES
from tests.maturity.facts.test_reference_histories import EXPECTED, NAMES, differences

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not EXPECTED.exists(), reason="the reference histories are absent"),
]


def appraised(*options):
    out = io.StringIO()
    call_command("appraise", *options, "--format", "json", stdout=out)
    return json.loads(out.getvalue())


def assert_as_expected(expected):
    for as_of in expected:
        found = appraised("--as-of", as_of)
        assert list(differences(found, expected[as_of])) == []
        assert [unit["id"] for unit in found["units"]] == [
            unit["id"] for unit in expected[as_of]["units"]
        ]
        for mine, theirs in zip(found["units"], expected[as_of]["units"], strict=True):
            assert list(differences(mine, theirs)) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_history_is_read_as_the_reference_reads_it_counted_and_kept(name):
    call_command(
        "import_history",
        str(HISTORIES / f"{name}.jsonl.gz"),
        "--trust-own-acts",
        stdout=io.StringIO(),
        stderr=io.StringIO(),
    )
    expected = json.loads(EXPECTED.read_text())[name]
    if name in NAMES[:2]:  # all of them are counted from their files as well
        assert_as_expected(expected)
    later = timezone.now() + timedelta(minutes=10)  # what was just recorded is settled
    assert keep_facts(at=later, every_day=False)
    assert DayFacts.objects.filter(reading="corrected").count() > 30
    assert_as_expected(expected)
