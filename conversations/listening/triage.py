"""What people decide about mentions: each decision is a row that stays, the latest holds."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.db import connection

from conversations.listening.models import Mention
from crm.organisation.models import User


def project(mentions: Collection[uuid.UUID]) -> None:
    """Writes the latest decision of each into the mention itself, where lists look."""
    with connection.cursor() as cursor:
        cursor.execute(_PROJECT, [list(mentions)])


_PROJECT = """
UPDATE conversations_mention m SET outcome = t.outcome, triaged_at = t.occurred_at
FROM (
    SELECT DISTINCT ON (mention_id) mention_id, outcome, occurred_at
    FROM conversations_triage WHERE mention_id = ANY(%s::uuid[])
    ORDER BY mention_id, occurred_at DESC, id DESC
) t WHERE t.mention_id = m.id
"""


def waiting_label(user: User | AnonymousUser) -> str:
    """What the side bar shows beside the mentions, "" for none."""
    count = Mention.objects.visible_to(user).waiting().order_by()[:100].count()
    return "99+" if count > 99 else str(count or "")
