"""History lines of contacts.

A contact without an address gets one of the kind `import`, so that what they wrote has an
author; the export leaves it out. An address that another contact has already is kept as shared.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Prefetch, QuerySet

from crm.contacts.models import Contact, Identity, Relationship
from crm.journal import tombstones
from crm.journal.lines import Choice, Field, Json, Known, Line, Text, Unfit, id_of, text
from crm.journal.records import Record
from crm.journal.writing import write
from crm.many import among

OTHER_IDENTITIES = "other identities under a known id"
SYNTHETIC = "import"  # kind and scope of the address of somebody who has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities(Field):
    def clean(self, value: Json) -> Json:
        if not isinstance(value, list):
            raise Unfit("must be a list of {kind, handle}")
        return [self.clean_one(item) for item in value]

    def clean_one(self, item: Json) -> Json:
        if not isinstance(item, dict):
            raise Unfit("must be a list of {kind, handle}")
        return {
            "kind": text(item.get("kind"), longest=30, blank=False),
            "handle": text(item.get("handle"), longest=320, blank=False),
        }

    def shown(self, row: Model, name: str) -> Json | None:
        return [
            {"kind": identity.kind, "handle": identity.shown or identity.handle}
            for identity in row.identities.all()  # type: ignore[attr-defined]
            if identity.kind != SYNTHETIC
        ]


def folded(handle: str) -> str:
    return handle.strip().casefold()


class Said(Known):
    """Besides: the addresses that lines of this batch gave their contact."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, set[tuple[str, str]]] = {}
        self.erased: dict[str, datetime] = {}  # of these addresses, those that were erased


def addresses_of(line: Line) -> set[tuple[str, str]]:
    return {(item["kind"], folded(item["handle"])) for item in line.data["identities"]}


class ContactRecord(Record[Contact]):
    def known(self, lines: Sequence[Line]) -> Known:
        known = self.loaded(Said(), lines)
        said = {f"{kind} {handle}" for line in lines for kind, handle in addresses_of(line)}
        known.erased = tombstones.buried(tombstones.ADDRESS, said)
        return known

    def columns(self, line: Line, known: Any) -> dict[str, Any]:
        columns = super().columns(line, known)
        del columns["identities"]
        said = addresses_of(line)
        since = [known.erased.get(f"{kind} {handle}") for kind, handle in said]
        if any(erased_at and line.at < erased_at for erased_at in since):
            raise Unfit("this person was erased since")
        if known.addresses.setdefault(line.id, said) != said:
            raise Unfit(OTHER_IDENTITIES)
        return columns

    def compare(self, line: Line, there: Contact | None, row: Contact) -> None:
        super().compare(line, there, row)
        if there is None or there._state.adding:  # noqa: SLF001  # documented by Django
            return
        has = {(one.kind, one.handle) for one in there.identities.all()}
        if not addresses_of(line) <= has:  # they may have got further addresses since
            raise Unfit(OTHER_IDENTITIES)

    def is_same(self, there: Contact, row: Contact) -> bool:
        names = ("occurred_at", "name", "relationship", "organization")
        return all(getattr(there, name) == getattr(row, name) for name in names)

    def stored(self, ids: Any) -> QuerySet[Contact]:
        return super().stored(ids).prefetch_related("identities")

    def settle(self, fresh: list[tuple[Line, Contact]], known: Known) -> None:
        made = [one for line, contact in fresh for one in identities_of(contact, line)]
        mark_shared(made)
        write(made)

    def rows(self) -> QuerySet[Contact]:
        in_order = Prefetch("identities", Identity.objects.order_by("pk"))
        return super().rows().prefetch_related(in_order)


def identities_of(contact: Contact, line: Line) -> list[Identity]:
    made: dict[tuple[str, str], Identity] = {}
    for item in line.data["identities"]:
        handle = folded(item["handle"])
        shown = item["handle"] if item["handle"] != handle else ""
        identity = Identity(contact=contact, kind=item["kind"], handle=handle, shown=shown)
        made.setdefault((identity.kind, handle), identity)
    if made:
        return list(made.values())
    return [Identity(contact=contact, kind=SYNTHETIC, scope=SYNTHETIC, handle=id_of(contact))]


def mark_shared(made: list[Identity]) -> None:
    held = held_by_others(made)
    for identity in made:
        address = (identity.kind, identity.scope, identity.handle)
        identity.shared = address in held
        held.add(address)


def held_by_others(made: list[Identity]) -> set[tuple[str, str, str]]:
    handles: dict[tuple[str, str], list[str]] = defaultdict(list)
    for identity in made:
        handles[identity.kind, identity.scope].append(identity.handle)
    held: set[tuple[str, str, str]] = set()
    for (kind, scope), some in handles.items():
        rows = Identity.objects.filter(kind=kind, scope=scope, handle__in=some, shared=False)
        held.update((kind, scope, handle) for handle in rows.values_list("handle", flat=True))
    return held


@dataclass
class Addresses:
    """The addresses of the contacts that a batch of lines names as authors."""

    by_contact: dict[uuid.UUID, list[Identity]]

    @classmethod
    def of(cls, contacts: Collection[uuid.UUID]) -> Addresses:
        by_contact: dict[uuid.UUID, list[Identity]] = defaultdict(list)
        rows = Identity.objects.filter(contact__in=among(contacts)).order_by("pk")
        for identity in rows.only("contact", "kind"):
            by_contact[identity.contact_id].append(identity)
        return cls(by_contact)

    def on(self, kind: str, contact: uuid.UUID) -> Identity:
        """The address they write from on a network of that kind, else their first one."""
        own = self.by_contact[contact]
        return next((one for one in own if one.kind == kind), own[0])


CONTACT = ContactRecord(
    "contact",
    Contact,
    name=Text(longest=200),
    relationship=Choice(values=Relationship.values),
    organization=Text(longest=200, optional=True),
    identities=Identities(),
)
