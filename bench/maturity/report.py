"""One date and three years of Mondays, by a scan of the records and from daily rows."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from bench.maturity.past import UNTIL, records
from maturity.appraisals import derivation
from maturity.facts.daily import days_of
from maturity.facts.ledger import Ledger
from maturity.scoring import walk
from maturity.scoring.definition import load

Found = TypeVar("Found")


def timed(what: str, act: Callable[[], Found]) -> Found:
    begun = time.perf_counter()
    found = act()
    print(f"{what:<58} {time.perf_counter() - begun:9.2f} s", flush=True)
    return found


def main(*, messages: int) -> None:
    print(f"{messages:,} messages over three years, one unit, 200 people")
    past = timed("records made in memory", lambda: records(messages))
    model, other = load(), UNTIL + timedelta(days=3)
    by_scan, from_days = Ledger(past, model, scan=True), Ledger(past, model)
    timed("first date by scan (threads built)", lambda: by_scan.day(UNTIL))
    timed("first date from daily rows (threads and rows built)", lambda: from_days.day(UNTIL))
    scanned = timed("another date by scan", lambda: by_scan.day(other))
    found = timed("another date from daily rows", lambda: from_days.day(other))
    print(f"{'the same figures':<58} {'yes' if found == scanned else 'NO':>9}")
    mondays = by_scan.mondays(derivation.last_monday(UNTIL))
    for name, ledger in (("by scan", by_scan), ("from daily rows", from_days)):
        weeks = (ledger.day(monday).week for monday in mondays)
        timed(f"{len(mondays)} Mondays walked {name}", lambda: walk.walk(model, weeks))  # noqa: B023
    (view,) = from_days.views(UNTIL).values()
    print(f"{'daily rows':<58} {len(days_of(view)):>9,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory, all records and both ledgers held':<58} {peak:9.0f} MB")
