"""What an hour's striking costs where years of words are struck already (`ROWS=` messages)."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from conversations.channels.models import Channel
from conversations.channels.services import open_channel
from conversations.inbox import retention
from crm.organisation.models import Unit
from crm.values import AUTOMATION

KEEP_DAYS, YEARS, A_CONVERSATION, HOURS = 30, 3, 5, 5
SAID = "some words of a customer and what was answered to them, of a usual length, as they are said"

_SETTINGS = (
    "SET synchronous_commit = off",
    "TRUNCATE crm_unit, crm_user, crm_contact CASCADE",
    "DROP TABLE IF EXISTS talk",
)
# every second conversation on the channel that keeps words for some days only
_TALKS = """
CREATE TEMP TABLE talk AS
SELECT n, uuidv7(began - now()) AS id, began,
    CASE n %% 2 WHEN 0 THEN %(kept)s ELSE %(short)s END::uuid AS channel FROM (
    SELECT n, now() - %(years)s * interval '365 days' * (1 - n / %(talks)s::float) AS began
    FROM generate_series(1, %(talks)s) AS n) AS numbered
"""
_PEOPLE = """
WITH made AS (
    INSERT INTO crm_contact (id, name, relationship, organization, occurred_at)
    SELECT uuidv7(), 'Person ' || n, 'customer', '', now() FROM generate_series(1, 1000) AS n
    RETURNING id, name
)
INSERT INTO crm_identity (contact_id, kind, scope, handle, shown, shared)
SELECT id, 'email', '', replace(lower(name), ' ', '.') || '@customer.example', '', false FROM made
"""
_CONVERSATIONS = """
INSERT INTO conversations_conversation (id, channel_id, unit_id, identity_id, thread, subject,
    status, language, topics, live, version, occurred_at, last_message_at, updated_at)
SELECT id, channel, %(unit)s, (SELECT min(id) FROM crm_identity) + n %% 1000, n::text,
    CASE WHEN channel = %(short)s AND began < %(struck)s THEN '' ELSE 'A subject' END,
    'closed', 'en', '{}', false, 0, began, began + interval '1 hour', began
FROM talk ORDER BY n
"""
_MESSAGES = """
INSERT INTO conversations_message (id, conversation_id, channel_id, external_id, variant,
    direction, kind, automated, text, html, subject, digest, notes, articles, via, occurred_at)
SELECT uuidv7(said_at - now()), id, channel, 'm' || n || '.' || k, '',
    CASE k %% 2 WHEN 0 THEN 'in' ELSE 'out' END, 'reply', false,
    CASE WHEN is_struck THEN '' ELSE %(said)s END, '', '', '',
    CASE WHEN is_struck THEN ARRAY[%(why)s] ELSE '{}' END, '{}', 'import', said_at
FROM (SELECT *, channel = %(short)s AND said_at < %(struck)s AS is_struck FROM (
    SELECT talk.*, k, began + k * interval '10 minutes' AS said_at
    FROM talk, generate_series(0, 4) AS k) AS said) AS planned ORDER BY said_at
"""
_ENVELOPES = """
INSERT INTO conversations_envelope (id, channel_id, key, body, file, received_at, headers, state)
SELECT uuidv7(occurred_at - now()), channel_id, external_id,
    convert_to(text, 'UTF8'), '', occurred_at, '{}', 'done'
FROM conversations_message WHERE direction = 'in' ORDER BY occurred_at
"""


def main(*, messages: int) -> None:
    fill(messages)
    at = timezone.now()
    for turn, on in (("first", 0), ("an hour later", 1), ("another hour", 1), ("next day", 22)):
        at += timedelta(hours=on)
        began, struck = time.perf_counter(), 0
        while done := retention.strike_due(at=at):
            struck += done
        print(
            f"{turn}: {struck} struck, {(time.perf_counter() - began) * 1_000:,.0f} ms", flush=True
        )


def fill(messages: int) -> None:
    """Empties the tables first."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for statement in _SETTINGS:
            cursor.execute(statement)
    unit = Unit.objects.create(name="bench")
    kept = open_channel(unit, kind="webhook", name="kept", by=AUTOMATION)
    short = open_channel(unit, kind="webhook", name="short", by=AUTOMATION)
    Channel.objects.filter(pk=short.pk).update(keep_days=KEEP_DAYS)
    values = {
        "unit": unit.pk,
        "kept": kept.pk,
        "short": short.pk,
        "talks": messages // A_CONVERSATION,
        "years": YEARS,
        "said": SAID,
        "why": retention.STRUCK,
        "struck": timezone.now() - timedelta(days=KEEP_DAYS, hours=HOURS),
    }
    with connection.cursor() as cursor:
        for statement in (_TALKS, _PEOPLE, _CONVERSATIONS, _MESSAGES, _ENVELOPES):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    print(f"{messages:,} messages in {time.perf_counter() - began:.0f} s", flush=True)
