"""After a restore: a backup knows people who were erased since it was made.

Tombstones are kept apart from the backups (`manage.py tombstones --dump`); loaded into a restored
database they name, by digests alone, whom to erase once more.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils import timezone

from crm.contacts.models import Contact, Identity
from crm.journal import tombstones
from crm.journal.models import Tombstone
from crm.journal.services import record
from crm.privacy.models import Erasure, ErasureState, Ground
from crm.values import AUTOMATION

AT_ONCE = 1_000


def dumped() -> Iterator[str]:
    """One line of JSON each: digests and dates, nobody's address."""
    for row in Tombstone.objects.order_by("at", "digest").iterator(chunk_size=AT_ONCE):
        said = {"digest": row.digest, "kind": row.kind, "at": row.at.isoformat()}
        yield json.dumps(said)


def load(lines: Iterable[str]) -> int:
    """Takes in what another database knew as erased. Returns how many lines it had."""
    count, left = 0, iter(lines)
    while batch := [json.loads(line) for line in islice(left, AT_ONCE)]:
        Tombstone.objects.bulk_create(
            [
                Tombstone(
                    digest=each["digest"],
                    kind=each["kind"],
                    at=datetime.fromisoformat(each["at"]),
                )
                for each in batch
            ],
            ignore_conflicts=True,
        )
        count += len(batch)
    return count


def erase_again() -> list[uuid.UUID]:
    """Begins the erasure of everybody here whose address was erased after they were recorded.

    Nobody is asked: it was asked and agreed to once. Who wrote anew since is somebody new.
    """
    return [made.pk for contact in _known_again() if (made := _begin(contact)) is not None]


def _known_again() -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    rows = Identity.objects.filter(contact__erased_at=None, shared=False).order_by("pk")
    left = rows.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(left, AT_ONCE)):
        said = {f"{each.kind} {each.handle}" for each in batch}
        gone = tombstones.buried(tombstones.ADDRESS, said)
        found |= {
            each.contact_id
            for each in batch
            if (at := gone.get(f"{each.kind} {each.handle}")) and each.recorded_at < at
        }
    return found


def _begin(contact_id: uuid.UUID) -> Erasure | None:
    now = timezone.now()
    with transaction.atomic():
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        there = Erasure.objects.filter(contact=contact).exclude(state=ErasureState.REFUSED)
        if there.exists():
            return None
        made = Erasure.objects.create(
            contact=contact,
            ground=Ground.ASKED,
            state=ErasureState.RUNNING,
            decided_at=now,
            occurred_at=now,
        )
        record("erasure_repeated", made, by=AUTOMATION, contact=str(contact.pk))
    return made
