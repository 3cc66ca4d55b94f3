"""Carrying out an erasure: cut off first, room by room in batches, who they are last.

Every batch is a transaction that also counts it, so that a killed worker loses nothing and the
next one goes on. After the first round all rooms are looked at again until a whole round changes
nothing: what was written meanwhile is found as well.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial

from django.db import transaction
from django.utils import timezone

from crm.contacts.kin import kin
from crm.contacts.models import Contact, Identity
from crm.journal import tombstones
from crm.journal.lines import id_of
from crm.journal.personal import Step, Subject
from crm.journal.services import record
from crm.privacy.emptying import empty, strike_out
from crm.privacy.models import Erasure, ErasureState
from crm.privacy.registry import holdings
from crm.values import AUTOMATION

logger = logging.getLogger(__name__)


def carry_due(*, seconds: float = 20.0) -> None:
    """Goes on with what is under way, oldest first."""
    end = time.monotonic() + seconds
    due = Erasure.objects.filter(state=ErasureState.RUNNING).order_by("pk")
    for pk in list(due.values_list("pk", flat=True)):
        carry(pk, seconds=max(end - time.monotonic(), 0))


def carry(erasure_id: uuid.UUID, *, seconds: float = 20.0) -> bool:
    """True when it is done. Two at once share the work: each batch is held by one."""
    end = time.monotonic() + seconds
    subject = _cut_off(erasure_id)
    if subject is None:
        return False
    while True:
        changed = 0
        for name, run in parts():
            while (count := _batch(erasure_id, name, run, subject)) > 0:
                changed += count
                if time.monotonic() > end:
                    return False
            if count < 0:
                return False
        if not changed:
            return _finish(erasure_id)


def parts() -> Iterator[tuple[str, Callable[[Subject], int]]]:
    """What others wrote in all rooms goes before who the person is: it is found by that."""
    for each in holdings():
        if isinstance(each, Step):
            yield each.name, each.run
            continue
        if each.is_emptied:
            yield each.name, partial(empty, each)
        if each.written:
            yield f"{each.name} (named)", partial(strike_out, each)


def subject_of(erasure: Erasure) -> Subject:
    addresses = Identity.objects.filter(pk__in=erasure.identities).order_by("pk")
    known = addresses.exclude(handle__startswith=ERASED)
    names = Contact.objects.filter(pk__in=erasure.contacts).exclude(name="")
    said = [(each.kind, each.scope, handle) for each in known for handle in _written(each)]
    return Subject(
        contacts=tuple(erasure.contacts),
        identities=tuple(erasure.identities),
        names=tuple(names.values_list("name", flat=True)),
        addresses=tuple(dict.fromkeys(said)),
        until=erasure.started_at or timezone.now(),
    )


ERASED = "erased:"


def _written(identity: Identity) -> list[str]:
    return [each for each in (identity.shown, identity.handle) if each]


def _cut_off(erasure_id: uuid.UUID) -> Subject | None:
    """From here on nothing that comes in finds this person: they would be somebody new.

    Ingestion holds a share lock on the addresses that it found, so this waits for it.
    """
    with transaction.atomic():
        erasure = _held(erasure_id)
        if erasure is None:
            return None
        if not erasure.identities:
            _begin(erasure)
        return subject_of(erasure)


def _begin(erasure: Erasure) -> None:
    contacts = Contact.objects.filter(pk__in=kin([erasure.contact_id])).order_by("pk")
    erasure.contacts = [each.pk for each in contacts.select_for_update()]
    identities = Identity.objects.filter(contact__in=erasure.contacts).order_by("pk")
    found = list(identities.select_for_update())
    erasure.identities = [each.pk for each in found]
    erasure.started_at = timezone.now()
    erasure.save(update_fields=["contacts", "identities", "started_at"])
    tombstones.bury(
        [
            *(("contact", id_of(each)) for each in contacts),
            *((tombstones.ADDRESS, f"{each.kind} {each.handle}") for each in found),
        ],
        at=erasure.started_at,
    )
    identities.update(shared=True)
    contacts.update(erased_at=erasure.started_at)


def _batch(
    erasure_id: uuid.UUID, name: str, run: Callable[[Subject], int], subject: Subject
) -> int:
    """Rows changed; -1 when somebody else has it in hand, or it is over."""
    with transaction.atomic():
        erasure = _held(erasure_id)
        if erasure is None:
            return -1
        count = run(subject)
        if count:
            erasure.counts[name] = erasure.counts.get(name, 0) + count
            erasure.save(update_fields=["counts"])
        return count


def _held(erasure_id: uuid.UUID) -> Erasure | None:
    rows = Erasure.objects.select_for_update(skip_locked=True, of=("self",))
    return rows.filter(pk=erasure_id, state=ErasureState.RUNNING).first()


def _finish(erasure_id: uuid.UUID) -> bool:
    with transaction.atomic():
        erasure = _held(erasure_id)
        if erasure is None:
            return False
        erasure.state = ErasureState.DONE
        erasure.done_at = timezone.now()
        erasure.save(update_fields=["state", "done_at"])
        record("person_erased", erasure.contact, by=AUTOMATION, rows=erasure.rows)
    logger.info("erasure %s is done: %s rows", erasure.pk, erasure.rows)
    return True
