"""The set-based writes of ingestion: a handful of statements a batch, whatever its size."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from conversations.channels.claiming import Raced
from conversations.channels.models import Channel
from conversations.channels.wire.contract import File, Inbound, Remote
from conversations.inbox.models import Attachment, Correspondent, FileState
from conversations.inbox.threading import Thread
from crm.journal.personal import hold_file
from crm.language import detect, first_words
from crm.wake import Task, wake


@dataclass(frozen=True, slots=True)
class Arrival:
    """envelope_id: None for what a person took up."""

    envelope_id: uuid.UUID | None
    channel: Channel
    received_at: datetime
    message: Inbound


@dataclass(frozen=True, slots=True)
class NewMessage:
    id: uuid.UUID
    thread: Thread
    channel: Channel
    envelope_id: uuid.UUID | None
    sender_id: int
    variant: str
    received_at: datetime
    inbound: Inbound
    new_correspondents: frozenset[int]
    stops: bool = False  # all it says is that they want no more messages

    @property
    def asks(self) -> bool:
        """Somebody waits for an answer (a machine does not, nor who asks for silence)."""
        return not self.inbound.automated and not self.stops


def write(messages: Sequence[NewMessage]) -> None:
    """In the order of foreign keys. Raises Raced."""
    if not messages:
        return
    _write_conversations([message for message in messages if message.thread.new])
    _write_messages(messages)
    _touch_conversations([message for message in messages if not message.thread.new])
    for message in messages:
        message.thread.new = False
    _write_files(messages)
    Correspondent.objects.bulk_create(
        [
            Correspondent(conversation_id=message.thread.id, identity_id=identity)
            for message in messages
            for identity in sorted(message.new_correspondents)
        ],
        ignore_conflicts=True,
    )


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    columns: list[list[Any]] = [[] for _ in range(width)]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


_CONVERSATIONS = """
INSERT INTO conversations_conversation
  (id, channel_id, unit_id, identity_id, thread, subject, status, occurred_at, waiting_since,
   last_message_at, language, topics, live, version, blocked)
SELECT id, channel, unit, identity, thread, subject, status, opened, waiting, latest, language,
   '{}'::varchar[], true, 0, status = 'spam'
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[])
  AS new (id, channel, unit, identity, thread, subject, status, opened, waiting, latest, language)
ON CONFLICT (channel_id, identity_id, thread) WHERE NOT status = 'closed' AND live DO NOTHING
"""


def _write_conversations(messages: Sequence[NewMessage]) -> None:
    rows: dict[uuid.UUID, list[Any]] = {}
    for message in messages:
        thread = message.thread
        waiting = message.received_at if message.asks else None
        if thread.id not in rows:
            rows[thread.id] = [
                thread.id,
                message.channel.pk,
                message.channel.unit_id,
                thread.identity_id,
                thread.thread,
                message.inbound.subject[:300],
                thread.status,
                message.received_at,
                waiting,
                message.received_at,
                _language(message),
            ]
        row = rows[thread.id]
        row[8] = row[8] or waiting
        row[9] = message.received_at
    _execute(_CONVERSATIONS, rows.values(), width=11)


def _language(message: NewMessage) -> str:
    """What a person takes up comes within a web request, where the model that tells languages
    apart is not loaded: routing finds it."""
    if message.envelope_id is None:
        return ""
    return detect(first_words(message.inbound.subject[:300], message.inbound.text))


_MESSAGES = """
INSERT INTO conversations_message
  (id, conversation_id, channel_id, envelope_id, external_id, variant, author_identity_id,
   automated, text, html, subject, digest, stated_at, occurred_at, notes, direction, kind, via,
   articles)
SELECT *, '{}'::varchar[], 'in', 'reply', 'automation', '{}'::uuid[]
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
            %s::bool[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
            %s::timestamptz[]) AS new
ON CONFLICT (channel_id, external_id, variant) WHERE NOT external_id = '' DO NOTHING
"""


def _write_messages(messages: Sequence[NewMessage]) -> None:
    rows = (
        (
            message.id,
            message.thread.id,
            message.channel.pk,
            message.envelope_id,
            message.inbound.external_id[:500],
            message.variant,
            message.sender_id,
            message.inbound.automated,
            message.inbound.text,
            message.inbound.html,
            message.inbound.subject[:300],
            message.inbound.body_digest,
            message.inbound.sent_at,
            message.received_at,
        )
        for message in messages
    )
    _execute(_MESSAGES, rows, width=14)
    noted = [message for message in messages if message.inbound.notes or message.variant]
    if noted:
        _write_notes(noted)


def _write_notes(messages: Sequence[NewMessage]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE conversations_message SET notes = %s WHERE id = %s",
            [(_notes(message), message.id) for message in messages],
        )


def _notes(message: NewMessage) -> list[str]:
    flag = ["same id as an earlier message, with another sender or text"]
    return [*(flag if message.variant else []), *(note[:300] for note in message.inbound.notes)]


def _execute(statement: str, rows: Iterable[Sequence[Any]], *, width: int) -> None:
    """Every row goes in, or Raced."""
    columns = _columns(rows, width)
    if not columns[0]:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
        if cursor.rowcount != len(columns[0]):
            raise Raced("written by another batch meanwhile")


_TOUCH = """
UPDATE conversations_conversation c
SET status = CASE WHEN c.status = 'spam' OR NOT asks THEN c.status ELSE 'open' END,
    waiting_since = CASE WHEN NOT asks THEN c.waiting_since
                         ELSE coalesce(c.waiting_since, first) END,
    closed_at = CASE WHEN c.status = 'closed' AND NOT asks THEN c.closed_at END,
    snoozed_until = CASE WHEN NOT asks THEN c.snoozed_until END,
    last_message_at = greatest(c.last_message_at, latest),
    updated_at = clock_timestamp(),
    live = true
FROM unnest(%s::uuid[], %s::bool[], %s::timestamptz[], %s::timestamptz[])
  AS new (id, asks, first, latest)
WHERE c.id = new.id
"""


def _touch_conversations(messages: Sequence[NewMessage]) -> None:
    rows: dict[uuid.UUID, list[Any]] = {}
    for message in messages:
        row = rows.setdefault(
            message.thread.id, [message.thread.id, False, None, message.received_at]
        )
        if message.asks:
            row[1] = True
            row[2] = row[2] or message.received_at
        row[3] = max(row[3], message.received_at)
    if rows:
        with connection.cursor() as cursor:
            ordered = [rows[key] for key in sorted(rows)]
            cursor.execute(_TOUCH, _columns(ordered, 4))


def _write_files(messages: Sequence[NewMessage]) -> None:
    Attachment.objects.bulk_create(
        [
            Attachment(
                message_id=message.id,
                name=file.name[:200],
                type=file.type[:120],
                size=len(file.data),
                sha256=hashlib.sha256(file.data).hexdigest(),
                content_id=file.content_id[:200],
                file=keep(file),
            )
            for message in messages
            for file in message.inbound.files
        ]
    )
    coming = [
        file for message in messages for file in announced(message.id, message.inbound.remotes)
    ]
    if coming:
        Attachment.objects.bulk_create(coming)
        wake(Task.FETCH_FILES)


def announced(message_id: uuid.UUID, remotes: Iterable[Remote]) -> list[Attachment]:
    """Rows for files that the network keeps: each is fetched later, and shown as coming."""
    return [
        Attachment(
            message_id=message_id,
            name=remote.name[:200],
            type=remote.type[:120],
            size=remote.size,
            sha256=remote.sha256[:64],
            state=FileState.COMING,
            remote=remote.key,
            due_at=timezone.now(),
        )
        for remote in remotes
    ]


def keep(file: File) -> str:
    """Stores the bytes under their own digest, once however often they come. The path.

    Held until the commit: an erasure that deletes the same bytes waits for this row.
    """
    digest = hashlib.sha256(file.data).hexdigest()
    path = f"attachments/{digest[:2]}/{digest}"
    hold_file(path)
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(file.data))
    return path
