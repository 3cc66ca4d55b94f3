"""Verbs of contacts: know the people who write, block one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from crm.contacts.kin import kin
from crm.contacts.models import Contact, ContactUnit, Identity
from crm.journal.services import record
from crm.values import Actor, uuid7
from crm.wake import Task, wake


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where somebody was heard from. handle: as written; compared case folded."""

    kind: str
    scope: str
    handle: str
    name: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.kind, self.scope, self.handle.casefold())


@dataclass(frozen=True, slots=True)
class Person:
    identity_id: int
    contact_id: uuid.UUID
    blocked: bool


Key = tuple[str, str, str]


def know(addresses: Iterable[Address], *, at: datetime) -> dict[Key, Person]:
    """The people behind the addresses; who is new becomes a contact. Safe against itself.

    Runs in the caller's transaction; addresses are taken in one order, so that two batches with
    the same people can't lock each other out. What is found is held until its end, as its foreign
    keys hold it anyway: an erasure waits for it, and finds all that it writes.
    """
    by_key = {address.key: address for address in sorted(addresses, reverse=True)}
    found = _lookup(list(by_key))
    missing = sorted(set(by_key) - set(found))
    if missing:
        _introduce([by_key[key] for key in missing], at=at)
        found |= _lookup(missing)
    return found


_LOOKUP = """
SELECT i.kind, i.scope, i.handle, i.id, c.id, c.blocked_at IS NOT NULL
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked (kind, scope, handle)
JOIN crm_identity i ON i.kind = asked.kind AND i.scope = asked.scope
 AND i.handle = asked.handle AND NOT i.shared
JOIN crm_contact c ON c.id = i.contact_id
FOR KEY SHARE OF i
"""
_INTRODUCE = """
WITH asked AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS asked (contact, kind, scope, handle, shown, name)
), contact AS (
    INSERT INTO crm_contact (id, name, relationship, organization, occurred_at)
    SELECT contact, name, 'customer', '', %s FROM asked
)
INSERT INTO crm_identity (contact_id, kind, scope, handle, shown, shared)
SELECT contact, kind, scope, handle, shown, false FROM asked ORDER BY kind, scope, handle
ON CONFLICT (kind, scope, handle) WHERE NOT shared DO NOTHING
RETURNING contact_id
"""


def _lookup(keys: Sequence[Key]) -> dict[Key, Person]:
    with connection.cursor() as cursor:
        cursor.execute(_LOOKUP, [list(column) for column in zip(*keys, strict=True)])
        return {
            (kind, scope, handle): Person(identity, contact, blocked)
            for kind, scope, handle, identity, contact, blocked in cursor.fetchall()
        }


def _introduce(addresses: Sequence[Address], *, at: datetime) -> None:
    contacts = [uuid7() for _ in addresses]
    columns: list[list[Any]] = [
        contacts,
        [address.kind for address in addresses],
        [address.scope for address in addresses],
        [address.key[2] for address in addresses],
        [address.handle for address in addresses],
        [address.name[:200] for address in addresses],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INTRODUCE, [*columns, at])
        introduced = {row[0] for row in cursor.fetchall()}
    late = set(contacts) - introduced  # another batch introduced the same people meanwhile
    if late:
        Contact.objects.filter(pk__in=late).delete()


def note_units(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Remembers that contacts are known in units: (contact, unit)."""
    ContactUnit.objects.bulk_create(
        [ContactUnit(contact_id=contact, unit_id=unit) for contact, unit in sorted(set(pairs))],
        ignore_conflicts=True,
    )


def block(contact: Contact, *, blocked: bool, by: Actor) -> None:
    """What a blocked person writes is kept and treated as spam, by whichever address."""
    if (contact.blocked_at is not None) == blocked:
        return
    contact.blocked_at = timezone.now() if blocked else None
    with transaction.atomic():
        Contact.objects.filter(pk__in=kin([contact.pk])).update(blocked_at=contact.blocked_at)
        record("contact_blocked" if blocked else "contact_unblocked", contact, by=by)
        wake(Task.SETTLE_BLOCKS)


def name_of(identity: Identity) -> str:
    """How the person is shown: the contact's name, else the address."""
    return identity.contact.name or identity.shown or identity.handle
