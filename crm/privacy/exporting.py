"""Everything that the rooms declare as a person's, in one ZIP file: their right to a copy.

JSON for what can be read, the files beside it. It is put together in the background, lies in the
file storage, and only who asked for it takes it, as long as they serve the person's units.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, DateField, Model, QuerySet
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.contacts.kin import kin
from crm.contacts.models import Contact, Identity
from crm.errors import Conflict, Missing
from crm.journal.personal import Subject, Table
from crm.journal.services import record
from crm.organisation.models import User
from crm.privacy.emptying import theirs
from crm.privacy.erasing import subject_of
from crm.privacy.models import ContactExport, Erasure, ExportState
from crm.privacy.registry import tables
from crm.privacy.services import must_decide_on
from crm.values import Actor
from crm.wake import Task, wake

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
MOST_TRIES = 3
COPIED_AT_ONCE = 1024 * 1024  # bytes
_MECHANICS = {"digest", "sha256", "variant", "key", "alias", "headers", "body", "shared", "live"}


def ask(contact: Contact, *, by: Actor) -> ContactExport:
    """Has the copy made. While one is being made, that one. Raises Forbidden, Conflict `erased`."""
    user = must_decide_on(contact, by)
    if contact.erased_at is not None:
        raise Conflict(_("this person is erased"), code="erased")
    now = timezone.now()
    try:
        with transaction.atomic():
            made = ContactExport.objects.create(
                contact=contact, asked_by=user, occurred_at=now, via=by.via
            )
            record("export_asked", made, by=by, contact=str(contact.pk))
            wake(Task.EXPORT)
    except IntegrityError:
        return ContactExport.objects.get(contact=contact, asked_by=user, state=ExportState.ASKED)
    return made


def opened(export: ContactExport, *, by: Actor) -> IO[bytes]:
    """The file, for who asked for it; each time leaves a line in the journal."""
    if by.user is None or export.asked_by_id != by.user.pk:
        raise Missing(_("there is no such export"))
    must_decide_on(export.contact, by)
    is_there = export.state == ExportState.READY and default_storage.exists(export.file)
    if not is_there or (export.expires_at or timezone.now()) <= timezone.now():
        raise Conflict(_("this export is not there (any more)"), code="not_ready")
    record("export_taken", export, by=by, contact=str(export.contact_id))
    file: IO[bytes] = default_storage.open(export.file)
    return file


def download(file: Any, export: ContactExport) -> FileResponse:
    name = f"person-{export.pk}.zip"
    # the type that written clients know of bytes; the name says what they are
    kind = "application/octet-stream"
    answer = FileResponse(file, as_attachment=True, filename=name, content_type=kind)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def make_due(*, seconds: float = 20.0) -> None:
    """Makes what was asked for, oldest first. A try is counted before it is made."""
    end = time.monotonic() + seconds
    due = ContactExport.objects.filter(state=ExportState.ASKED).order_by("pk")
    for pk in list(due.values_list("pk", flat=True)):
        if time.monotonic() > end:
            return
        _try(pk)


def _try(pk: uuid.UUID) -> None:
    with transaction.atomic():
        rows = ContactExport.objects.select_for_update(skip_locked=True, of=("self",))
        export = rows.filter(pk=pk, state=ExportState.ASKED).first()
        if export is None:
            return
        export.attempts += 1
        failed = export.attempts > MOST_TRIES
        export.state = ExportState.FAILED if failed else ExportState.ASKED
        export.save(update_fields=["attempts", "state"])
    if not failed:
        make(export)


def make(export: ContactExport) -> None:
    """Writes the file and says that it is there; not when the person was erased meanwhile."""
    now = timezone.now()
    with tempfile.TemporaryFile() as draft:
        with ZipFile(draft, "w", ZIP_DEFLATED) as out:
            write(out, everything_of(export.contact, at=now))
        size = draft.tell()
        draft.seek(0)
        path = default_storage.save(f"exports/{export.pk}.zip", File(draft))
    ready = ContactExport.objects.filter(pk=export.pk, state=ExportState.ASKED).update(
        state=ExportState.READY, file=path, size=size, ready_at=now, expires_at=now + KEPT
    )
    if not ready:
        default_storage.delete(path)
        logger.info("export %s is not needed any more", export.pk)


def forget_old(*, at: datetime) -> int:
    """Deletes what its time is over for. Returns how many."""
    old = ContactExport.objects.filter(state=ExportState.READY, expires_at__lte=at)
    for export in (found := list(old.order_by("pk")[:100])):
        default_storage.delete(export.file)
        ContactExport.objects.filter(pk=export.pk).update(state=ExportState.GONE, file="")
    return len(found)


def everything_of(contact: Contact, *, at: datetime) -> Subject:
    contacts = sorted(kin([contact.pk]))
    identities = Identity.objects.filter(contact__in=contacts).order_by("pk")
    one = Erasure(contacts=contacts, identities=[each.pk for each in identities], started_at=at)
    return subject_of(one)  # the same question as an erasure asks


def write(out: ZipFile, subject: Subject) -> None:
    """person.json: table -> rows, and the files beside it, each named in its row."""
    exported = [table for table in tables() if table.of is not None and table.exported]
    with out.open("person.json", "w") as said:
        said.write(b'{"made_at": %s' % _json(timezone.now()))
        for table in exported:
            said.write(b",\n%s: [" % _json(table.name))
            for number, row in enumerate(_rows(table, subject)):
                said.write((b",\n " if number else b"\n ") + _json(shown(table, row)))
            said.write(b"]")
        said.write(b"}\n")
    for table in exported:
        if table.file:
            for row in _rows(table, subject):
                _copy(out, table, row)


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False).encode("utf-8", "replace")


def _rows(table: Table, subject: Subject) -> Iterator[Any]:
    return theirs(table, subject).order_by("pk").iterator(chunk_size=500)


def shown(table: Table, row: Model) -> dict[str, Any]:
    """What a row says of the person: no digests, nobody of the house."""
    said: dict[str, Any] = {"id": row.pk}
    theirs_too = set(f"{table.blank} {table.kept}".split())
    for column in row._meta.concrete_fields:
        name = column.name
        plain = column.choices or isinstance(column, DateField | BooleanField)
        if name in _MECHANICS or not (name in theirs_too or plain):
            continue
        value = getattr(row, column.attname)
        if value not in ("", None, [], {}):
            said[name] = value
    if table.file and getattr(row, table.file):
        said["file"] = _name_in(table, row)
    return said


def _name_in(table: Table, row: Any) -> str:
    name = str(getattr(row, "name", "") or "file").replace("\\", "/").rpartition("/")[2]
    kept = "".join(mark for mark in name if unicodedata.category(mark)[0] != "C")
    return f"files/{row.pk}-{kept.strip(' .')[:100] or 'file'}"


def _copy(out: ZipFile, table: Table, row: Any) -> None:
    path = getattr(row, table.file)
    if not path or not default_storage.exists(path):
        return
    info = ZipInfo(_name_in(table, row), date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = ZIP_STORED  # most files are packed already
    with default_storage.open(path) as file, out.open(info, "w", force_zip64=True) as copy:
        while chunk := file.read(COPIED_AT_ONCE):
            copy.write(chunk)


def exports_of(contact: Contact, user: User) -> QuerySet[ContactExport]:
    """What this person asked for, the newest first."""
    return ContactExport.objects.filter(contact=contact, asked_by=user).order_by("-pk")
