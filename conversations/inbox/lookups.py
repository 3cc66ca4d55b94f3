"""What ingestion must know before it decides: one query a question, for the whole batch."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from conversations.channels.models import Channel
from conversations.channels.wire.contract import Inbound
from conversations.inbox.models import Conversation, Correspondent, Message
from conversations.inbox.threading import Known, Thread, may_go_on
from crm.contacts.services import Person

DAY = 86_400.0  # seconds

_FIELDS = ("id", "channel_id", "identity_id", "thread", "status")
_ENDED = ("closed_at", "channel__reopen_days")


def known_messages(
    asked: Iterable[tuple[uuid.UUID, str]],
) -> dict[tuple[uuid.UUID, str], set[tuple[int | None, str]]]:
    """(channel, external id) -> the (author, digest) pairs that came under it so far."""
    pairs = sorted(asked)
    found: dict[tuple[uuid.UUID, str], set[tuple[int | None, str]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.channel_id, m.external_id, m.author_identity_id, m.digest
            FROM unnest(%s::uuid[], %s::text[]) AS asked (channel, external_id)
            JOIN conversations_message m
              ON m.channel_id = asked.channel AND m.external_id = asked.external_id
             AND m.external_id <> ''
            """,
            [[channel for channel, _ in pairs], [external_id for _, external_id in pairs]],
        )
        for channel, external_id, author, digest in cursor.fetchall():
            found[channel, external_id].add((author, digest))
    return dict(found)


Asked = tuple[Channel, Person, Inbound, uuid.UUID | None]


def known_threads(arrivals: Sequence[Asked]) -> Known:
    """arrivals: channel, sender, message, and the conversation that a verified token names."""
    known = Known()
    _by_thread(arrivals, known)
    _by_reference(arrivals, known)
    _by_token(arrivals, known)
    _correspondents(known)
    return known


def _by_thread(arrivals: Sequence[Asked], known: Known) -> None:
    keys = sorted({(c.pk, person.identity_id, each.thread) for c, person, each, _ in arrivals})
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, c.channel_id, c.identity_id, c.thread, c.status, c.closed_at,
              ch.reopen_days
            FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS asked (channel, identity, thread)
            JOIN conversations_conversation c
              ON c.identity_id = asked.identity AND c.thread = asked.thread
             AND c.channel_id = asked.channel
            JOIN conversations_channel ch ON ch.id = c.channel_id
            ORDER BY c.status <> 'closed', c.closed_at
            """,
            [list(column) for column in zip(*keys, strict=True)] if keys else [[], [], []],
        )
        for *row, closed_at, days in cursor.fetchall():
            thread = known.share(Thread(*row))
            if may_go_on(status=thread.status, closed_at=closed_at, now=now, reopens=days * DAY):
                known.by_thread[thread.channel_id, thread.identity_id, thread.thread] = thread


def _by_reference(arrivals: Sequence[Asked], known: Known) -> None:
    references = {each for _, _, message, _ in arrivals for each in message.references}
    if not references:
        return
    channels = {channel.pk for channel, *_ in arrivals}
    rows = Message.objects.filter(channel__in=channels, external_id__in=references).values_list(
        "channel_id", "external_id", *(f"conversation__{name}" for name in (*_FIELDS, *_ENDED))
    )
    for channel_id, external_id, *row in rows:
        if (thread := _going_on(row, known)) is not None:
            known.by_reference[channel_id, external_id] = thread


def _by_token(arrivals: Sequence[Asked], known: Known) -> None:
    ids = {token for *_, token in arrivals if token is not None}
    if ids:
        for row in Conversation.objects.filter(pk__in=ids).values_list(*_FIELDS, *_ENDED):
            _going_on(row, known)


def _going_on(row: Sequence[Any], known: Known) -> Thread | None:
    """None for one that ended too long ago to be taken up: what quotes it begins anew."""
    *fields, closed_at, days = row
    status = fields[_FIELDS.index("status")]
    if not may_go_on(status=status, closed_at=closed_at, now=timezone.now(), reopens=days * DAY):
        return None
    return known.share(Thread(*fields))


def _correspondents(known: Known) -> None:
    """Only mail has further correspondents, and only references and tokens ask for them."""
    if known.by_reference or known.by_id:
        for row in Correspondent.objects.filter(conversation__in=known.by_id):
            known.by_id[row.conversation_id].correspondents.add(row.identity_id)
