"""What people decide about mentions: each decision is a row that stays, the latest holds."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.listening.models import Mention, Triage, TriageOutcome
from crm.errors import Conflict, Invalid
from crm.journal.services import record_all
from crm.organisation.models import User
from crm.organisation.people import employee_of
from crm.values import Actor, uuid7

MOST = 200  # mentions in one act


def triage(
    mentions: Sequence[Mention],
    *,
    outcome: str,
    by: Actor,
    seen: str | None = None,
    at: datetime | None = None,
) -> list[Triage]:
    """One decision on one mention or on many together, which is then marked as such.

    seen: the outcome that the person had before them; Conflict `triaged_since` when a colleague
    was quicker (of many, those are left as they are). Raises Invalid, Forbidden `no_employee`.
    """
    if outcome not in TriageOutcome.values:
        raise Invalid(_("an unknown outcome"), code="unknown_outcome")
    if not 1 <= len(mentions) <= MOST:
        raise Invalid(_("between 1 and 200 mentions at a time"), code="too_many")
    employee, at = employee_of(by.user), at or timezone.now()
    batch = uuid7() if len(mentions) > 1 else None
    with transaction.atomic():
        rows = _still_as_seen([each.pk for each in mentions], seen)
        made = [
            Triage(
                mention=row, by=employee, outcome=outcome, batch=batch, via=by.via, occurred_at=at
            )
            for row in rows
        ]
        Triage.objects.bulk_create(made)
        project([row.pk for row in rows])
        said = {"outcome": outcome, "batch": str(batch) if batch else None}
        record_all("mention_triaged", [(row, said) for row in rows], by=by, at=at)
    return made


def _still_as_seen(ids: Collection[uuid.UUID], seen: str | None) -> list[Mention]:
    """Locked in one order, so that two people with the same selection can't lock each other."""
    rows = list(Mention.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    fit = [row for row in rows if seen is None or row.outcome == seen]
    if not fit:
        raise Conflict(_("a colleague has decided meanwhile"), code="triaged_since")
    return fit


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


def undecided(user: User | AnonymousUser) -> QuerySet[Mention]:
    """What the side bar counts beside the mentions."""
    return Mention.objects.visible_to(user).waiting()
