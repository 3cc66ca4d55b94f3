"""Files that a network keeps for us are fetched after their message came, one by one.

A row is claimed by moving its next try into the future, committed, so that a worker that dies
costs a delay; the fetching itself runs outside any transaction.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from conversations.channels.accounts import account_of, provider_of
from conversations.channels.wire.contract import File, Remote
from conversations.channels.wire.provider import NotFetched
from conversations.inbox.models import Attachment, Conversation, FileState
from conversations.inbox.writing import keep

logger = logging.getLogger(__name__)

BACKOFF = (30, 120, 600, 3_600, 21_600)  # seconds; then it is lost
LEASE = timedelta(seconds=120)  # longer than one file may take
SECONDS = 20.0  # after which a run takes no further file

_CLAIM = """
UPDATE conversations_attachment SET due_at = %s, tries = tries + 1
WHERE id = (
    SELECT id FROM conversations_attachment WHERE state = 'coming' AND due_at <= %s
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def fetch_due(*, at: datetime) -> int:
    """Returns how many files came."""
    end, came = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        file_id = _claim(at)
        if file_id is None:
            break
        came += _fetch(file_id)
    return came


def _claim(at: datetime) -> uuid.UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [timezone.now() + LEASE, at])
        row = cursor.fetchone()
    return row[0] if row else None


def _fetch(file_id: uuid.UUID) -> bool:
    row = Attachment.objects.select_related("message__channel").get(pk=file_id)
    try:
        file = _ask(row)
    except NotFetched as failure:
        _failed(row, failure)
        return False
    except Exception as error:  # an adapter's bug costs one file
        logger.exception("file %s: the adapter failed", file_id)
        _failed(row, NotFetched(f"the adapter failed: {type(error).__name__}"))
        return False
    _came(row, file)
    return True


def _ask(row: Attachment) -> File:
    provider = provider_of(row.message.channel)
    if provider is None or not row.remote:
        raise NotFetched("the channel is not connected any more", permanent=True)
    remote = Remote(row.name, row.type, row.remote, size=row.size, sha256=row.sha256)
    return provider.fetch(account_of(row.message.channel), remote)


def _came(row: Attachment, file: File) -> None:
    """Only while it is still wanted: its author may have taken the message back meanwhile."""
    path = keep(file)
    Attachment.objects.filter(pk=row.pk, state=FileState.COMING).update(
        state=FileState.HERE,
        file=path,
        size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
        remote="",
        cause="",
        due_at=None,
    )
    _shown_anew(row)


def _failed(row: Attachment, failure: NotFetched) -> None:
    wanted = Attachment.objects.filter(pk=row.pk, state=FileState.COMING)
    if failure.permanent or row.tries > len(BACKOFF):
        wanted.update(state=FileState.LOST, cause=str(failure)[:300], due_at=None, remote="")
        _shown_anew(row)
    else:
        later = timezone.now() + timedelta(seconds=BACKOFF[row.tries - 1])
        wanted.update(cause=str(failure)[:300], due_at=later)
    logger.warning("file %s not fetched: %s", row.pk, failure)


def _shown_anew(row: Attachment) -> None:
    Conversation.objects.filter(pk=row.message.conversation_id).update(updated_at=timezone.now())
