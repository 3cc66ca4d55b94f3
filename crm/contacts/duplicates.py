"""Contacts that may be one person, each pair with its evidence; people decide, nothing merges
by itself.

Evidence is what stands in two places alike: a mail address, a telephone number with its country, an
account name that is no plain word, a full name with an organisation. What more than a handful of
contacts have in common says nothing about any two of them: a shared mailbox, a switchboard.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.contacts.kin import kin
from crm.contacts.merging import known_to
from crm.contacts.models import ContactMerge, Duplicate, DuplicateState, Evidence
from crm.errors import Conflict
from crm.journal.services import record
from crm.values import Actor

MOST_ALIKE = 5  # contacts with the same thing
MOST_NEW = 5_000  # pairs a search

Pair = tuple[uuid.UUID, uuid.UUID]

# One row a thing that several contacts have: what kind of evidence, and who. A telephone number
# counts with its country alone, as networks of telephones write it.
_ALIKE = """
WITH said AS (
  SELECT contact_id, lower(handle) AS handle, kind FROM crm_identity
  WHERE handle NOT LIKE 'erased:%%'
), alike AS (
  SELECT 'mail' AS evidence, handle AS what, contact_id FROM said
  WHERE handle ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$'
  UNION ALL
  SELECT 'phone', regexp_replace(handle, '[^0-9]', '', 'g'), contact_id FROM said
  WHERE handle ~ '^[+][0-9 ().-]{8,20}$'
     OR (kind IN ('whatsapp', 'sms') AND handle ~ '^[0-9]{9,15}$')
  UNION ALL
  SELECT 'account', ltrim(handle, '@'), contact_id FROM said
  WHERE length(handle) >= 6 AND handle ~ '^@?[a-z]' AND handle ~ '[0-9_.-]'
    AND handle !~ '@.*@' AND handle !~ '^[^@]+@' AND kind NOT IN ('import', 'webchat')
  UNION ALL
  SELECT 'name', lower(name) || chr(10) || lower(organization), id FROM crm_contact
  WHERE organization <> '' AND name LIKE '%% %%' AND erased_at IS NULL
)
SELECT evidence, array_agg(DISTINCT contact_id ORDER BY contact_id) FROM alike
GROUP BY evidence, what HAVING count(DISTINCT contact_id) BETWEEN 2 AND %s
"""


def find(*, at: datetime | None = None) -> int:
    """Looks through all contacts. Returns how many pairs are new. A pair that somebody judged is
    proposed again only with evidence that was not there then."""
    at = at or timezone.now()
    pairs = _without_one_person(_pairs())
    known = {
        (row.one_id, row.other_id): row
        for row in Duplicate.objects.filter(one__in={one for one, _ in pairs})
    }
    fresh = [
        Duplicate(one_id=one, other_id=other, evidence=sorted(evidence), found_at=at)
        for (one, other), evidence in sorted(pairs.items())
        if (one, other) not in known
    ][:MOST_NEW]
    Duplicate.objects.bulk_create(fresh, ignore_conflicts=True)
    for pair, evidence in pairs.items():
        row = known.get(pair)
        if row is not None and evidence - set(row.evidence):
            more = sorted(evidence | set(row.evidence))
            Duplicate.objects.filter(pk=row.pk).update(evidence=more, state=DuplicateState.OPEN)
    return len(fresh)


def _pairs() -> dict[Pair, set[str]]:
    found: dict[Pair, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, [MOST_ALIKE])
        for evidence, contacts in cursor.fetchall():
            for one, other in combinations(contacts, 2):
                found[one, other].add(evidence)
    return found


def _without_one_person(pairs: Mapping[Pair, set[str]]) -> dict[Pair, set[str]]:
    """Those who are merged need no proposal."""
    merged = ContactMerge.objects.filter(undone_at=None)
    alone = set(pairs) if not merged.exists() else {p for p in pairs if p[1] not in kin([p[0]])}
    return {pair: evidence for pair, evidence in pairs.items() if pair in alone}


def open_to(user: Any) -> QuerySet[Duplicate]:
    """What waits for a decision, of contacts that this person sees both of."""
    mine = known_to(user).values("pk")
    rows = Duplicate.objects.filter(state=DuplicateState.OPEN, one__in=mine, other__in=mine)
    alive = rows.filter(one__erased_at=None, other__erased_at=None)
    return alive.select_related("one", "other").order_by("-found_at", "pk")


def dismiss(pair: Duplicate, *, by: Actor) -> None:
    """They are two people. Raises Conflict `decided`."""
    with transaction.atomic():
        left = Duplicate.objects.filter(pk=pair.pk, state=DuplicateState.OPEN)
        if not left.update(state=DuplicateState.DISMISSED):
            raise Conflict(_("this is decided already"), code="decided")
        record("duplicate_dismissed", pair, by=by)


def in_words(evidence: list[str]) -> list[str]:
    return [str(Evidence(each).label) for each in evidence]
