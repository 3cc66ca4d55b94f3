"""Kept facts of a house in which millions of messages were said, and any day of it afterwards."""

from __future__ import annotations

import gc
import json
import tempfile
import time
from datetime import UTC, date, timedelta
from pathlib import Path

import pgtrigger
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench.maturity.kept import forget, from_facts, recorded_as_it_happened, timed
from bench.page.report import house
from bench.search.filling import without_indexes
from conversations.inbox.models import Message
from maturity.appraisals.keeping import keep_facts
from maturity.appraisals.services import PastReading, picture
from maturity.facts.models import DayFacts

YEARS, A_TALK, CONTACTS = 3, 5, 20_000
_EMPTY = """
SET synchronous_commit = off;
TRUNCATE crm_unit, crm_user, crm_contact, crm_companyversion, conversations_source CASCADE;
DROP TABLE IF EXISTS talk
"""
_CONTACTS = """
WITH made AS (
    INSERT INTO crm_contact (id, name, relationship, organization, occurred_at, recorded_at)
    SELECT uuidv7(), 'K ' || n, 'customer', '', %(begin)s, %(begin)s
    FROM generate_series(1, %(contacts)s) AS n RETURNING id, name
)
INSERT INTO crm_identity (contact_id, kind, scope, handle, shown, shared, recorded_at)
SELECT id, 'email', '', replace(lower(name), ' ', '') || '@elsewhere.example', '', false, %(begin)s
FROM made
"""
# Every third answer leaves the next day; a talk has a question, an answer, and goes on.
_TALKS = """
CREATE TEMP TABLE talk AS
WITH channels AS (SELECT array_agg(id) AS ids, array_agg(unit_id) AS units FROM (
        SELECT id, unit_id FROM conversations_channel WHERE kind = 'email' ORDER BY name) AS c),
    staff AS (SELECT array_agg(id ORDER BY name) AS ids FROM crm_employee),
    known AS (SELECT array_agg(id ORDER BY id) AS ids FROM crm_identity WHERE handle LIKE 'k%%')
SELECT n, uuidv7(began - now()) AS id, began, channels.ids[1 + n %% 4] AS channel,
    channels.units[1 + n %% 4] AS unit, staff.ids[1 + n * 7 %% 24] AS employee,
    known.ids[1 + n * 31 %% array_length(known.ids, 1)] AS identity,
    CASE n %% 3 WHEN 0 THEN interval '20 hours' ELSE interval '50 minutes' END AS later
FROM (SELECT n, %(begin)s + n * (%(end)s - %(begin)s) / %(talks)s AS began
    FROM generate_series(1, %(talks)s) AS n) AS numbered, channels, staff, known;
INSERT INTO conversations_conversation (id, channel_id, unit_id, identity_id, thread, subject,
    status, language, topics, live, version, occurred_at, recorded_at, last_message_at, updated_at)
SELECT id, channel, unit, identity, n::text, 'Question ' || n, 'closed', 'en', '{}', false, 0,
    began, began, began, began FROM talk ORDER BY n
"""
_MESSAGES = """
INSERT INTO conversations_message (id, conversation_id, channel_id, external_id, variant,
    direction, kind, automated, text, html, subject, digest, notes, articles, via,
    author_identity_id, author_employee_id, occurred_at, recorded_at, sent_at)
SELECT uuidv7(at - now()), id, channel, '', '', CASE k %% 2 WHEN 0 THEN 'in' ELSE 'out' END,
    'reply', false, 'Said ' || n || ' ' || k, '', '', '', '{}', '{}',
    CASE k %% 2 WHEN 0 THEN 'import' ELSE 'own' END,
    CASE k %% 2 WHEN 0 THEN identity END, CASE k %% 2 WHEN 1 THEN employee END,
    at, at, CASE k %% 2 WHEN 1 THEN at END
FROM (SELECT talk.*, k, began + k * interval '10 minutes'
        + CASE WHEN k > 0 THEN later ELSE interval '0' END AS at
    FROM talk, generate_series(0, %(each)s - 1) AS k) AS planned ORDER BY at
"""
_CLOSINGS = """
INSERT INTO conversations_closing (id, conversation_id, by_id, via, occurred_at, recorded_at)
SELECT uuidv7(at - now()), id, employee, 'own', at, at
FROM (SELECT talk.*, began + later + interval '2 hours' AS at FROM talk) AS closed
"""


def main(*, messages: int) -> None:
    if Message.objects.count() != messages // A_TALK * A_TALK:
        fill(messages)
    cache.clear()
    forget()
    print(f"{Message.objects.count():,} messages of {YEARS} years, four units, 24 people")
    most = resident()
    whole = timed("all Mondays kept in both readings (backfill)", mondays)
    print(f"{'days kept':<58} {whole:>9,}")
    print(f"{'memory before, and at most':<58} {most:9.0f} MB {peak():9.0f} MB")
    past = monday(timezone.localdate() - timedelta(days=500))
    for what, day in (("a Monday of 500 days ago", past), ("the newest", monday())):
        timed(f"{what} from kept facts", lambda day=day: from_facts(day))
        timed(f"{what} once more", lambda day=day: from_facts(day))
    timed("a Thursday that is not kept, as corrected", lambda: from_facts(past + timedelta(days=3)))
    late(past)
    timed("what was known on that Monday, of late records", lambda: as_known(past))
    print(f"{'peak memory':<58} {peak():9.0f} MB")


def monday(day: date | None = None) -> date:
    day = day or timezone.localdate()
    return day - timedelta(days=day.weekday())


def mondays() -> int:
    return keep_facts(every_day=False, seconds=float("inf"))


def as_known(day: date) -> str:
    """That Monday alone is counted: nobody was there when it was over."""
    with pgtrigger.ignore():
        DayFacts.objects.filter(day=day, reading=PastReading.KNOWN).delete()
    return json.dumps(picture(day, reading=PastReading.KNOWN).appraisal())


def late(day: date) -> None:
    """Ten questions of the week before, recorded a week after it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_message DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE conversations_message SET recorded_at = occurred_at + interval '14 days'"
            " WHERE id IN (SELECT id FROM conversations_message WHERE direction = 'in'"
            " AND occurred_at < %s ORDER BY occurred_at DESC LIMIT 10)",
            [day],
        )
        cursor.execute("ALTER TABLE conversations_message ENABLE TRIGGER USER")


def fill(messages: int) -> None:
    """Empties the tables first."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
    end = timezone.now().astimezone(UTC) - timedelta(days=2)
    begin = end - timedelta(days=365 * YEARS)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "house.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in house(begin, years=YEARS)))
        call_command("import_history", str(file), verbosity=0)
    recorded_as_it_happened()
    values = {
        "begin": begin,
        "end": end,
        "contacts": CONTACTS,
        "talks": messages // A_TALK,
        "each": A_TALK,
    }
    with connection.cursor() as cursor, without_indexes():
        for statement in (_CONTACTS, _TALKS, _MESSAGES, _CLOSINGS):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    print(f"{messages:,} messages written: {time.perf_counter() - began:.0f} s", flush=True)


def resident() -> float:
    """Megabytes that this process holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def peak() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000
