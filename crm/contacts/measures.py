"""Who the people outside are: their addresses, and which of them are one person."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from crm.contacts.models import Contact, ContactMerge, Identity
from crm.journal.measures import Beginning, Moments, recorded_since
from crm.journal.measures import beginnings as beginnings_of


class AddressRow(NamedTuple):
    """handle is case folded, of somebody erased a digest: who shares it has a row with that too.
    at: when its contact was first known of."""

    contact: UUID
    at: datetime
    recorded_at: datetime
    kind: str
    handle: str


class MergeRow(NamedTuple):
    absorbed: UUID
    into: UUID
    at: datetime
    recorded_at: datetime
    undone_at: datetime | None


def addresses() -> list[AddressRow]:
    rows = Identity.objects.order_by("pk")
    fields = ("contact_id", "contact__occurred_at", "recorded_at", "kind")
    found = [AddressRow(*row) for row in rows.values_list(*fields, "handle")]
    aliases = rows.exclude(alias="").values_list(*fields, "alias")
    return found + [AddressRow(*row) for row in aliases]


def merges() -> list[MergeRow]:
    rows = ContactMerge.objects.order_by("occurred_at", "pk")
    fields = ("absorbed_id", "into_id", "occurred_at", "recorded_at", "undone_at")
    return [MergeRow(*row) for row in rows.values_list(*fields)]


def beginnings() -> list[Beginning]:
    return beginnings_of(Contact)


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    addresses = recorded_since(Identity, since, at="contact__occurred_at")
    return [addresses, *(recorded_since(one, since) for one in (Contact, ContactMerge))]
