"""Kept facts beside a direct scan of the records that gives the same numbers."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pgtrigger
from django.db import connection, transaction
from django.utils import timezone

from bench.page.report import prepare
from conversations.inbox.models import Message
from maturity.appraisals import derivation
from maturity.appraisals.keeping import keep_facts
from maturity.appraisals.services import PastReading, picture
from maturity.appraisals.storing import live_evaluations
from maturity.facts.ledger import Ledger
from maturity.facts.models import DayFacts, Touch
from maturity.facts.records import read
from maturity.scoring.definition import load

CORRECTED = PastReading.CORRECTED
DIRTY = timedelta(days=30)


Found = TypeVar("Found")


def timed(what: str, act: Callable[[], Found]) -> Found:
    """Wall clock, and this process's share of it: the machine may be busy."""
    begun, spent = time.perf_counter(), time.process_time()
    found = act()
    wall, cpu = time.perf_counter() - begun, time.process_time() - spent
    print(f"{what:<58} {wall:9.2f} s {cpu:9.2f} s of CPU", flush=True)
    return found


def main(*, messages: int) -> None:
    prepare(messages)
    recorded_as_it_happened()
    forget()
    print(f"{Message.objects.count():,} messages of five years, four units")
    whole = timed("all Mondays kept in both readings (backfill)", mondays)
    print(f"{'days kept':<58} {whole:>9,}")
    past = timezone.localdate() - timedelta(days=500)
    past -= timedelta(days=past.weekday())
    scanned = timed("a past Monday by a direct scan", lambda: by_scan(past))
    kept = timed("the same from kept facts", lambda: from_facts(past))
    print(f"{'the same figures':<58} {'yes' if kept == scanned else 'NO':>9}")
    late()
    again = timed("the Mondays of 30 days touched by a late record, anew", mondays)
    print(f"{'days counted':<58} {again:>9,}")
    today = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    scanned = timed("the newest Monday by a direct scan", lambda: by_scan(today))
    kept = timed("the same from kept facts", lambda: from_facts(today))
    print(f"{'the same figures':<58} {'yes' if kept == scanned else 'NO':>9}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('maturity_dayfacts') / 1024")
        print(f"{'a day of facts, stored':<58} {cursor.fetchone()[0] / (whole + again):9.1f} kB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory':<58} {peak:9.0f} MB")


def mondays() -> int:
    return keep_facts(every_day=False, seconds=float("inf"))


def from_facts(day: Any) -> str:
    return json.dumps(picture(day, reading=CORRECTED).appraisal())


def by_scan(day: Any) -> str:
    """The oracle: every record read, every measure over the records of its window."""
    ledger, now = Ledger(read(), load(), scan=True), timezone.now()
    derived = derivation.derive(ledger, day, now=now, live=live_evaluations(day))
    return json.dumps(derivation.appraisal(derived, reading="corrected"))


def late() -> None:
    """A question of a month ago that is recorded only after everything was kept."""
    kept_at = DayFacts.objects.latest("counted_at").counted_at
    one = Message.objects.filter(occurred_at__gte=timezone.now() - DIRTY).earliest("occurred_at")
    with pgtrigger.ignore():
        Message.objects.filter(pk=one.pk).update(recorded_at=kept_at + timedelta(seconds=1))


def recorded_as_it_happened() -> None:
    """As if this installation had been there."""
    with pgtrigger.ignore(), transaction.atomic(), connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"UPDATE {table} SET recorded_at = occurred_at")
        cursor.execute(
            "UPDATE crm_identity SET recorded_at = whose.occurred_at"
            " FROM crm_contact whose WHERE whose.id = contact_id"
        )


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'recorded_at'"
            " AND table_name IN (SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'occurred_at') AND table_name NOT LIKE 'maturity%%'"
        )
        return [row[0] for row in cursor.fetchall()]


def forget() -> None:
    with pgtrigger.ignore():
        DayFacts.objects.all().delete()
        Touch.objects.all().delete()
