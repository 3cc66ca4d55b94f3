"""What people agreed to be written for, by address and purpose; each change is a dated row."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from crm.contacts.models import Consent, ConsentSource, Identity, Purpose
from crm.journal.services import record
from crm.values import Actor

WITHOUT_A_WORD = {Purpose.ANSWERS: True, Purpose.NEWS: False}


def say(
    identity: Identity,
    purpose: Purpose,
    *,
    given: bool,
    source: ConsentSource,
    by: Actor,
    at: datetime | None = None,
) -> bool:
    """Keeps what was said of this purpose. False when that is in force already."""
    with transaction.atomic():
        Identity.objects.select_for_update(no_key=True).get(pk=identity.pk)
        if allowed(identity, purpose) == given:
            return False
        at = at or timezone.now()
        Consent.objects.create(
            identity=identity,
            purpose=purpose,
            given=given,
            source=source,
            occurred_at=at,
            via=by.via,
        )
        verb = "consent_given" if given else "consent_withdrawn"
        record(
            verb,
            identity.contact,
            by=by,
            at=at,
            purpose=purpose,
            source=source,
            address=identity.pk,
        )
    return True


def stop(identity: Identity, *, source: ConsentSource, by: Actor, at: datetime) -> None:
    """Nothing more goes to this address, for whatever purpose."""
    for purpose in Purpose:
        say(identity, purpose, given=False, source=source, by=by, at=at)


def allowed(identity: Identity, purpose: Purpose) -> bool:
    newest = Consent.objects.filter(identity=identity, purpose=purpose).order_by("-pk")
    said = newest.values_list("given", flat=True).first()
    return WITHOUT_A_WORD[purpose] if said is None else said


def silenced(identities: Collection[int]) -> set[int]:
    """Those of the addresses that asked not to be answered any more. One query."""
    newest = Consent.objects.filter(identity__in=identities, purpose=Purpose.ANSWERS)
    newest = newest.order_by("identity", "-pk").distinct("identity")
    return {row.identity_id for row in newest if not row.given}
