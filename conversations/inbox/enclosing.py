"""Files that go along with an answer: which are taken, where they wait, how they leave."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import IO

from django.core.files import File as Stored
from django.core.files.storage import default_storage
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.channels.accounts import adapter_of
from conversations.channels.wire.contract import File
from conversations.channels.wire.takes import Attaches, AttachesInPublic, Takes
from conversations.inbox import windows
from conversations.inbox.files import safe_name
from conversations.inbox.models import Attachment, Conversation, FileState, Message, Upload
from conversations.inbox.writing import keep
from crm.errors import Conflict, Invalid
from crm.organisation.models import User

LARGEST = 20 * 1024 * 1024  # bytes of one file, whatever the network
MOST_WAITING = 40  # of one person
KEPT = timedelta(days=1)
UNTYPED = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+_-]*/[a-z0-9][a-z0-9.+_-]*")


def taken_in(conversation: Conversation) -> Takes | None:
    """What an answer there may carry, None where it carries no files."""
    adapter = adapter_of(conversation.channel)
    if not isinstance(adapter, Attaches):
        return None
    takes, is_public = adapter.takes, windows.is_public(conversation)
    if is_public and isinstance(adapter, AttachesInPublic):
        return adapter.takes_in_public
    return takes if (takes.public if is_public else takes.private) else None


def type_of(name: str, said: str) -> str:
    """What its sender says it is, else what its name says."""
    said = said.partition(";")[0].strip().lower()
    known = bool(_TYPE.fullmatch(said)) and len(said) <= 120 and said != UNTYPED
    return said if known else mimetypes.guess_type(name)[0] or UNTYPED


def read(files: Iterable[tuple[str, str, int, IO[bytes]]]) -> list[File]:
    """(name, type, size, content) of files that came with a form. Raises Invalid."""
    found = []
    for name, said, size, content in files:
        if size > LARGEST:
            raise too_large(name, LARGEST)
        shown = safe_name(name)
        found.append(File(shown, type_of(shown, said), content.read(LARGEST + 1)))
    return found


def too_large(name: str, most: int) -> Invalid:
    said = {"name": safe_name(name), "most": filesizeformat(most)}
    return Invalid(
        _("%(name)s is too large: at most %(most)s are taken here") % said, code="file_too_large"
    )


def must_be_taken(conversation: Conversation, files: Sequence[File]) -> None:
    """Raises Invalid `no_files_here`, `too_many_files`, `file_too_large`, `file_type_refused`,
    `empty_file`."""
    if not files:
        return
    takes = taken_in(conversation)
    if takes is None:
        raise Invalid(_("no files can be sent here"), code="no_files_here")
    if len(files) > takes.most:
        words = ngettext(
            "at most %(most)s file goes along with one answer here",
            "at most %(most)s files go along with one answer here",
            takes.most,
        )
        raise Invalid(words % {"most": takes.most}, code="too_many_files")
    for file in files:
        _must_fit(file, takes)
    if sum(len(file.data) for file in files) > takes.together:
        raise too_large(_("all of it together"), takes.together)


def _must_fit(file: File, takes: Takes) -> None:
    if not file.data:
        raise Invalid(_("%(name)s is empty") % {"name": file.name}, code="empty_file")
    most = takes.largest_of(file.type)
    if not most:
        raise Invalid(
            _("this network takes no files like %(name)s") % {"name": file.name},
            code="file_type_refused",
        )
    if len(file.data) > most:
        raise too_large(file.name, most)


def attach(message: Message, files: Sequence[File]) -> None:
    """Within the caller's transaction, which writes the message."""
    Attachment.objects.bulk_create(
        [
            Attachment(
                message=message,
                name=file.name[:200],
                type=file.type[:120],
                size=len(file.data),
                sha256=hashlib.sha256(file.data).hexdigest(),
                file=keep(file),
            )
            for file in files
        ]
    )


def enclosed(message: Message) -> tuple[File, ...]:
    """What leaves with it, in the order in which it was given."""
    rows = Attachment.objects.filter(message=message, state=FileState.HERE).exclude(file="")
    found = []
    for row in rows.order_by("pk"):
        with default_storage.open(row.file) as content:
            found.append(File(row.name, row.type, content.read()))
    return tuple(found)


# --- handed in before the answer ---


def hand_in(
    conversation: Conversation, *, name: str, said: str, size: int, content: IO[bytes], by: User
) -> Upload:
    """Waits for the answer that names it. Raises Invalid, Conflict `too_many_files`."""
    takes, name = taken_in(conversation), safe_name(name)
    if takes is None:
        raise Invalid(_("no files can be sent here"), code="no_files_here")
    if not size:
        raise Invalid(_("%(name)s is empty") % {"name": name}, code="empty_file")
    upload = Upload(
        conversation=conversation, by=by, name=name, type=type_of(name, said), size=size
    )
    most = takes.largest_of(upload.type)
    if not most:
        raise Invalid(
            _("this network takes no files like %(name)s") % {"name": name},
            code="file_type_refused",
        )
    if size > most:
        raise too_large(name, most)
    if Upload.objects.filter(by=by).count() >= MOST_WAITING:
        raise Conflict(_("too many of your files wait to be sent"), code="too_many_files")
    upload.file = default_storage.save(f"uploads/{upload.pk}", Stored(content))
    upload.save(force_insert=True)
    return upload


def handed_in(conversation: Conversation, ids: Sequence[uuid.UUID], *, by: User) -> list[File]:
    """The bytes of these, which then wait no longer. Within the transaction of their answer.

    Raises Invalid `unknown_file` for what is not there, not theirs, or for another conversation.
    """
    wanted = list(dict.fromkeys(ids))
    rows = Upload.objects.select_for_update().filter(conversation=conversation, by=by)
    found = {row.pk: row for row in rows.filter(pk__in=wanted).order_by("pk")}
    if len(found) < len(wanted):
        raise Invalid(_("one of these files was not handed in here"), code="unknown_file")
    files = []
    for row in (found[pk] for pk in wanted):
        with default_storage.open(row.file) as content:
            files.append(File(row.name, row.type, content.read()))
    drop(list(found.values()))
    return files


def drop(uploads: Sequence[Upload]) -> int:
    """The rows now, the bytes once that is certain."""
    paths = [row.file for row in uploads if row.file]
    Upload.objects.filter(pk__in=[row.pk for row in uploads]).delete()
    transaction.on_commit(lambda: _delete(paths), robust=True)
    return len(uploads)


def _delete(paths: Sequence[str]) -> None:
    for path in paths:
        default_storage.delete(path)


def forget_unsent(*, at: datetime, most: int = 200) -> int:
    """What was handed in a day ago and never sent. Returns how many."""
    with transaction.atomic():
        old = Upload.objects.select_for_update(skip_locked=True).filter(created_at__lt=at - KEPT)
        return drop(list(old.order_by("created_at")[:most]))
