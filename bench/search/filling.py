"""A company's past in SQL: texts whose words are as unevenly frequent as in a language."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from conversations.channels.services import open_channel
from conversations.inbox.models import Conversation, Message
from crm.organisation.models import Department, Employee, Unit
from crm.values import AUTOMATION

TEXTS = 100_000  # different halves; each message joins two of them
WORDS = 60_000  # of the vocabulary; the frequency of the n-th is about 1/n
YEARS = 3
A_CONVERSATION = 5  # messages
RARE, OFTEN, OFTEN_TOO = "zanzibar", "w1eef", "w3dde"  # in 20 messages; the 1st and 2nd word

_SETTINGS = (
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '512MB'",
    "SELECT setseed(0.2026)",
    "TRUNCATE crm_unit, crm_user, crm_contact, conversations_article CASCADE",
    "DROP TABLE IF EXISTS half, talk",
)
_HALVES = """
CREATE TEMP TABLE half AS
SELECT t AS n, string_agg(
    'w' || to_hex(floor(exp(random() * ln(%(words)s)))::int * 7919), ' ') AS said
FROM generate_series(0, %(texts)s - 1) AS t, generate_series(1, 15) AS w GROUP BY t
"""
_PEOPLE = """
WITH made AS (
    INSERT INTO crm_contact (id, name, relationship, organization, occurred_at)
    SELECT uuidv7(), 'Person ' || to_hex(n * 7919), 'customer', '', now()
    FROM generate_series(1, %(people)s) AS n RETURNING id, name
)
INSERT INTO crm_identity (contact_id, kind, scope, handle, shown, shared)
SELECT id, 'email', '', replace(lower(name), ' ', '.') || '@customer.example', '', false FROM made
"""
# Written in the order of time, as they would have come.
_CONVERSATIONS = """
CREATE TEMP TABLE talk AS
SELECT n, uuidv7(began - now()) AS id, began FROM (
    SELECT n, now() - interval '1 hour' - %(years)s * interval '365 days'
        * (1 - n / %(talks)s::float) AS began
    FROM generate_series(1, %(talks)s) AS n) AS numbered;
WITH people AS (SELECT min(id) AS first, count(*) AS many FROM crm_identity)
INSERT INTO conversations_conversation (id, channel_id, unit_id, identity_id, thread, subject,
    status, language, topics, live, version, occurred_at, last_message_at, updated_at)
SELECT talk.id, %(channel)s, %(unit)s, people.first + talk.n %% people.many, talk.n::text,
    split_part(half.said, ' ', 3) || ' ' || split_part(half.said, ' ', 7),
    'closed', 'en', '{}', false, 0, began, began, began
FROM talk JOIN half ON half.n = talk.n * 31 %% %(texts)s, people ORDER BY talk.n
"""
_MESSAGES = """
INSERT INTO conversations_message (id, conversation_id, channel_id, external_id, variant,
    direction, kind, automated, text, html, subject, digest, notes, articles, via, occurred_at)
SELECT uuidv7(said_at - now()), id, %(channel)s, '', '',
    CASE k %% 2 WHEN 0 THEN 'in' ELSE 'out' END,
    'reply', false,
    concat_ws(' ', a.said, b.said, CASE WHEN planned.n * 5 + k IN (
        SELECT floor(random() * %(messages)s)::int FROM generate_series(1, 20)) THEN %(rare)s END),
    '', '', '', '{}', '{}', 'import', said_at
FROM (SELECT talk.*, k, began + k * interval '10 minutes' AS said_at,
        floor(random() * %(texts)s)::int AS first, floor(random() * %(texts)s)::int AS second
    FROM talk, generate_series(0, 4) AS k) AS planned
    JOIN half AS a ON a.n = first JOIN half AS b ON b.n = second ORDER BY said_at
"""
_ARTICLES = """
INSERT INTO conversations_article (id, title, text, author_id, language, tags, state, via,
    comment, visibility, number, published_at, occurred_at, updated_at)
SELECT uuidv7(), split_part(a.said, ' ', 2) || ' ' || split_part(a.said, ' ', 9),
    a.said || ' ' || b.said, %(author)s, 'en', '{}', 'published', 'import',
    '', 'internal', 1, now(), now(), now()
FROM generate_series(1, %(articles)s) AS nth JOIN half AS a ON a.n = nth %% %(texts)s
    JOIN half AS b ON b.n = nth * 17 %% %(texts)s
"""


def fill(*, messages: int, articles: int) -> None:
    """Empties the tables first. Indexes of words are built at the end: that is quicker."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for statement in _SETTINGS:
            cursor.execute(statement)
    values = _place() | {
        "articles": articles,
        "messages": messages,
        "people": max(messages // 20, 1),
        "talks": messages // A_CONVERSATION,
        "texts": TEXTS,
        "words": WORDS,
        "years": YEARS,
        "rare": RARE,
    }
    with connection.cursor() as cursor, without_indexes():
        for statement in (_HALVES, _PEOPLE, _CONVERSATIONS, _MESSAGES, _ARTICLES):
            cursor.execute(statement, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{messages:,} messages, {articles:,} articles: {time.perf_counter() - began:.0f} s")


def _place() -> dict[str, object]:
    unit = Unit.objects.create(name="bench")
    place = Department.objects.create(name="bench", unit=unit)
    author = Employee.objects.create(name="Author", department=place)
    channel = open_channel(unit, kind="webhook", name="bench", by=AUTOMATION)
    return {"unit": unit.pk, "channel": channel.pk, "author": author.pk}


@contextmanager
def without_indexes() -> Iterator[None]:
    """Drop the indexes that the big tables declare, and make them again afterwards."""
    declared = [(model, row) for model in (Conversation, Message) for row in model._meta.indexes]
    with connection.cursor() as cursor:
        for _, index in declared:
            cursor.execute(f'DROP INDEX IF EXISTS "{index.name}"')
    yield
    with connection.schema_editor() as editor:
        for model, index in declared:
            editor.add_index(model, index)
