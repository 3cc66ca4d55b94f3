"""What a conversation's own columns say, derived from its imported messages and events."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import connection

# A contact with an employee's address is no external party. The first inbound message of an
# external party says where a conversation belongs, else its first message. Only conversations
# that nobody touched here: the others have a state of their own. One grouped pass: joined, such
# subqueries are planned for one row each, and grow with the square of the batch.
DERIVE = """
WITH insiders AS (
    SELECT DISTINCT i.contact_id FROM crm_identity i
    JOIN crm_employeeversion v ON i.handle = lower(v.email)
),
said AS (
    SELECT m.conversation_id, m.channel_id, m.direction, m.occurred_at, m.subject,
        m.author_identity_id, coalesce(m.key, m.id::text) COLLATE "C" AS name,
        m.direction = 'in' AND i.contact_id IS NOT NULL
            AND i.contact_id NOT IN (SELECT contact_id FROM insiders) AS outside,
        coalesce(
            max(m.occurred_at) FILTER (WHERE m.direction = 'out' AND NOT m.automated)
                OVER (PARTITION BY m.conversation_id),
            '-infinity'
        ) AS answered_at
    FROM conversations_message m
    LEFT JOIN crm_identity i ON i.id = m.author_identity_id
    WHERE m.conversation_id = ANY(%(ids)s) AND m.kind = 'reply'
),
spoken AS (
    SELECT conversation_id,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at,
        min(occurred_at) FILTER (WHERE direction = 'in' AND occurred_at > answered_at)
            AS waiting_since,
        (array_agg(channel_id ORDER BY outside DESC, occurred_at, name))[1] AS channel_id,
        (array_agg(author_identity_id ORDER BY outside DESC, occurred_at, name)
            FILTER (WHERE direction = 'in' AND author_identity_id IS NOT NULL))[1] AS identity_id,
        (array_agg(subject ORDER BY occurred_at, name) FILTER (WHERE subject <> ''))[1] AS subject
    FROM said GROUP BY conversation_id
),
known AS (
    SELECT k.*,
        (SELECT c.unit_id FROM conversations_channel c WHERE c.id = k.channel_id) AS unit_id,
        (SELECT max(x.occurred_at) FROM conversations_closing x
            WHERE x.conversation_id = k.conversation_id) AS closed_at,
        (SELECT max(n.occurred_at) FROM conversations_needsanswer n
            WHERE n.conversation_id = k.conversation_id) AS decided_at
    FROM spoken k
)
UPDATE conversations_conversation c SET
    channel_id = k.channel_id,
    unit_id = k.unit_id,
    identity_id = k.identity_id,
    subject = coalesce(left(k.subject, 300), ''),
    occurred_at = k.first_at,
    last_message_at = k.last_at,
    updated_at = greatest(c.updated_at, k.last_at, k.closed_at, k.decided_at),
    closed_at = CASE WHEN k.closed_at >= k.last_at THEN k.closed_at END,
    waiting_since = CASE WHEN k.closed_at >= k.last_at THEN NULL ELSE k.waiting_since END,
    status = CASE WHEN k.closed_at >= k.last_at THEN 'closed'
        WHEN k.waiting_since IS NULL THEN 'waiting' ELSE 'open' END
FROM known k
WHERE c.id = k.conversation_id AND c.id = ANY(%(ids)s) AND NOT c.live
"""

KNOWN_IN = """
INSERT INTO crm_contactunit (contact_id, unit_id)
SELECT DISTINCT i.contact_id, c.unit_id
FROM conversations_message m
JOIN conversations_conversation c ON c.id = m.conversation_id
JOIN crm_identity i ON i.id = m.author_identity_id
WHERE m.conversation_id = ANY(%(ids)s)
ON CONFLICT DO NOTHING
"""

CORRESPOND = """
INSERT INTO conversations_correspondent (conversation_id, identity_id)
SELECT DISTINCT m.conversation_id, m.author_identity_id
FROM conversations_message m
WHERE m.conversation_id = ANY(%(ids)s)
    AND m.direction = 'in' AND m.author_identity_id IS NOT NULL
ON CONFLICT DO NOTHING
"""


def derive_conversations(conversations: Collection[uuid.UUID]) -> None:
    """Sets what follows from the messages, closings and decisions of these conversations."""
    if not conversations:
        return
    with connection.cursor() as cursor:
        for statement in (DERIVE, KNOWN_IN, CORRESPOND):
            cursor.execute(statement, {"ids": list(conversations)})
