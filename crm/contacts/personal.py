"""Who they are: emptied last, since all the other rooms are searched by it."""

from __future__ import annotations

from django.db.models import Q

from crm.contacts.models import Consent, Contact, ContactMerge, Duplicate, Identity
from crm.journal import tombstones
from crm.journal.personal import Holdings, Step, Subject, Table

ERASED = "erased:"
BATCH = 200


def _masked(subject: Subject) -> int:
    """An address becomes a digest, so that who shares it is still known to share it: measures of
    the past count such people once."""
    left = Identity.objects.filter(pk__in=subject.identities).exclude(handle__startswith=ERASED)
    rows = list(left.order_by("pk").select_for_update()[:BATCH])
    for identity in rows:
        digest = ERASED + tombstones.digest("handle", f"{identity.kind} {identity.handle}")
        same = Identity.objects.filter(kind=identity.kind, handle=identity.handle)
        same.exclude(pk__in=subject.identities).update(alias=digest)
        identity.handle, identity.shown = digest, ""
        identity.save(update_fields=["handle", "shown"])
    return len(rows)


HOLDINGS: Holdings = [
    Table(
        model=Contact,
        of=lambda subject: Contact.objects.filter(pk__in=subject.contacts),
        blank="name organization key",
        left=~Q(name="") | ~Q(organization="") | Q(key__isnull=False),
    ),
    Table(
        model=Identity,
        of=lambda subject: Identity.objects.filter(pk__in=subject.identities),
        left=Q(pk__in=[]),  # its step does it
        blank="shown",
        kept="handle kind",
        free="scope alias",
    ),
    Table(
        model=ContactMerge,
        of=lambda subject: ContactMerge.objects.filter(
            Q(into__in=subject.contacts) | Q(absorbed__in=subject.contacts)
        ),
        blank="replaced",
        exported=False,
    ),
    Table(model=Duplicate, free="evidence"),
    Table(
        model=Consent,
        of=lambda subject: Consent.objects.filter(identity__in=subject.identities),
    ),
    Step("crm.Identity (digests)", _masked),
]
