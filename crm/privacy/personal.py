"""Exports of a person go with the person; what proves an erasure says nobody's name."""

from __future__ import annotations

from django.core.files.storage import default_storage

from crm.journal.personal import Holdings, Step, Subject, Table
from crm.privacy.models import ContactExport, Erasure, ExportState


def _exports(subject: Subject) -> int:
    rows = ContactExport.objects.filter(contact__in=subject.contacts)
    left = list(rows.exclude(state=ExportState.GONE).order_by("pk").select_for_update()[:50])
    for each in left:
        if each.file:
            default_storage.delete(each.file)
        each.state, each.file = ExportState.GONE, ""
        each.save(update_fields=["state", "file"])
    return len(left)


HOLDINGS: Holdings = [
    Step("crm.ContactExport (deleted)", _exports),
    Table(model=ContactExport, free="file"),
    Table(model=Erasure, free="counts contacts identities"),
]
