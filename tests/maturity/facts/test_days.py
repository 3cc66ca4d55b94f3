"""Daily rows give what a scan of the records gives, on every day."""

import copy
import os
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maturity.facts.daily import days_of
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from tests.maturity.company import DAY, START, Company
from tests.maturity.facts import histories
from tests.maturity.reference.chance import Chance

MODEL = load()
CASES = int(os.environ.get("CASES", "12"))


def ledgers(lines):
    records = histories.read(copy.deepcopy(lines))
    return Ledger(records, MODEL), Ledger(records, MODEL, scan=True)


@settings(max_examples=CASES)
@given(st.integers(0, 10**6))
def test_any_day_is_the_same_from_daily_rows_and_by_a_scan(seed):
    chance = Chance(seed)
    from_days, by_scan = ledgers(chance.lines)
    for back in (-3, 0, 1, 7, 30, 100):
        day = chance.day - timedelta(days=back)
        assert from_days.day(day) == by_scan.day(day)


@pytest.mark.parametrize("name", ["a-quiet-office", "b-coordinated-workshop", "e-rigged"])
@pytest.mark.skipif(not histories.HISTORIES.exists(), reason="the reference histories are absent")
def test_the_examples_are_the_same_on_mondays_and_between_them(name):
    from_days, by_scan = ledgers(histories.lines(histories.HISTORIES / f"{name}.jsonl.gz"))
    for monday in from_days.mondays(by_scan.records.first_at.date() + timedelta(days=480))[::9]:
        for day in (monday, monday + timedelta(days=3)):
            assert from_days.day(day) == by_scan.day(day)


def test_ten_times_the_messages_of_a_day_are_hardly_more_rows():
    def rows(times):
        company = Company(zone="UTC")
        company.contact("bob", START)
        for number in range(30 * times):
            at = START + (number % 30) * DAY + timedelta(seconds=number)
            company.asks(f"v{number}", at)
            company.answers(f"v{number}", at + timedelta(hours=1))
        ledger, _ = ledgers(company.lines)
        (view,) = ledger.views((START + 40 * DAY).date()).values()
        return len(days_of(view))

    assert rows(10) <= 1.1 * rows(1)
