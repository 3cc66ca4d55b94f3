"""What a conversation's own columns say, derived from its imported messages and events."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import connection

# A contact with an employee's address is no external party. The first inbound message of an
# external party says where a conversation belongs, else its first message. Only conversations
# that nobody touched here: the others have a state of their own.
DERIVE = """
WITH touched AS (
    SELECT id FROM conversations_conversation WHERE id = ANY(%(ids)s) AND NOT live
),
said AS (
    SELECT m.conversation_id, m.channel_id, m.direction, m.occurred_at, m.automated, m.subject,
        m.author_identity_id, coalesce(m.key, m.id::text) COLLATE "C" AS name, i.contact_id
    FROM conversations_message m
    JOIN touched t ON t.id = m.conversation_id
    LEFT JOIN crm_identity i ON i.id = m.author_identity_id
    WHERE m.kind = 'reply'
),
insiders AS (
    SELECT DISTINCT i.contact_id FROM crm_identity i
    JOIN crm_employeeversion v ON lower(v.email) = i.handle
    WHERE i.contact_id IN (SELECT contact_id FROM said)
),
home AS (
    SELECT DISTINCT ON (s.conversation_id) s.conversation_id, s.channel_id, c.unit_id
    FROM said s JOIN conversations_channel c ON c.id = s.channel_id
    ORDER BY s.conversation_id,
        (s.direction = 'in' AND s.contact_id IS NOT NULL
            AND s.contact_id NOT IN (SELECT contact_id FROM insiders)) DESC,
        s.occurred_at, s.name
),
counterpart AS (
    SELECT DISTINCT ON (s.conversation_id) s.conversation_id, s.author_identity_id
    FROM said s WHERE s.direction = 'in' AND s.author_identity_id IS NOT NULL
    ORDER BY s.conversation_id, (s.contact_id NOT IN (SELECT contact_id FROM insiders)) DESC,
        s.occurred_at, s.name
),
titled AS (
    SELECT DISTINCT ON (conversation_id) conversation_id, subject
    FROM said WHERE subject <> '' ORDER BY conversation_id, occurred_at, name
),
spoken AS (
    SELECT conversation_id, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
        max(occurred_at) FILTER (WHERE direction = 'out' AND NOT automated) AS answered_at
    FROM said GROUP BY conversation_id
),
unanswered AS (
    SELECT s.conversation_id, min(s.occurred_at) AS since
    FROM said s JOIN spoken k USING (conversation_id)
    WHERE s.direction = 'in' AND s.occurred_at > coalesce(k.answered_at, '-infinity')
    GROUP BY s.conversation_id
),
closed AS (
    SELECT x.conversation_id, max(x.occurred_at) AS at
    FROM conversations_closing x JOIN touched t ON t.id = x.conversation_id
    GROUP BY x.conversation_id
),
decided AS (
    SELECT n.conversation_id, max(n.occurred_at) AS at
    FROM conversations_needsanswer n JOIN touched t ON t.id = n.conversation_id
    GROUP BY n.conversation_id
)
UPDATE conversations_conversation c SET
    channel_id = h.channel_id,
    unit_id = h.unit_id,
    identity_id = p.author_identity_id,
    subject = coalesce(left(d.subject, 300), ''),
    occurred_at = k.first_at,
    last_message_at = k.last_at,
    updated_at = greatest(c.updated_at, k.last_at, x.at, n.at),
    closed_at = CASE WHEN x.at >= k.last_at THEN x.at END,
    waiting_since = CASE WHEN x.at >= k.last_at THEN NULL ELSE u.since END,
    status = CASE WHEN x.at >= k.last_at THEN 'closed'
        WHEN u.since IS NULL THEN 'waiting' ELSE 'open' END
FROM spoken k
JOIN home h USING (conversation_id)
LEFT JOIN counterpart p USING (conversation_id)
LEFT JOIN titled d USING (conversation_id)
LEFT JOIN unanswered u USING (conversation_id)
LEFT JOIN closed x USING (conversation_id)
LEFT JOIN decided n USING (conversation_id)
WHERE c.id = k.conversation_id
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
