"""Which contacts are one person: those joined by merges that stand."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import Q

from crm.contacts.models import ContactMerge


def kin(contacts: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """These and all that are the same person, whichever way and over however many steps."""
    found: set[uuid.UUID] = set(contacts)
    edge = found
    while edge:
        joined = ContactMerge.objects.filter(undone_at=None).filter(
            Q(absorbed__in=edge) | Q(into__in=edge)
        )
        pairs = joined.values_list("absorbed_id", "into_id")
        edge = {each for pair in pairs for each in pair} - found
        found |= edge
    return found
