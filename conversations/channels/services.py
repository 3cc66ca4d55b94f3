"""Verbs of channels: open one, store what comes in, replay it, say that a source is alive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.models import (
    Channel,
    ChannelVersion,
    Envelope,
    EnvelopeState,
    Heartbeat,
    Source,
)
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.standard_webhooks import new_secret
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.organisation.models import Unit
from crm.values import Actor, unguessable, uuid7
from crm.wake import Task, wake

LARGEST_IN_ROW = 1024 * 1024  # bytes; larger bodies lie in the file storage
LONGEST_KEY = 200


def open_channel(
    unit: Unit,
    *,
    kind: str,
    name: str,
    by: Actor,
    address: str = "",
    callback_url: str = "",
    options: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Channel:
    """A live channel with its door, its secret and its source of heartbeats.

    Raises Invalid for a kind without an adapter.
    """
    channel = Channel(unit=unit, kind=kind, name=name, address=address, callback_url=callback_url)
    return _furnish(channel, by=by, at=at, options=options)


def connect_channel(
    channel: Channel,
    *,
    by: Actor,
    address: str = "",
    callback_url: str = "",
    options: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Channel:
    """Gives a channel known only from imported history its door, secret and source.

    What was imported goes on: its conversations can be answered, and later replies find them.
    Raises Conflict `has_a_door`, Invalid `unknown_kind`.
    """
    if channel.token is not None:
        raise Conflict(_("this channel has a door already"), code="has_a_door")
    channel.address = address or channel.address
    channel.callback_url = callback_url
    channel.closed_at = None
    return _furnish(channel, by=by, at=at, options=options)


def _furnish(
    channel: Channel, *, by: Actor, at: datetime | None, options: Mapping[str, Any] | None
) -> Channel:
    if channel.kind not in CHANNELS:
        raise Invalid(_("there is no such kind of channel"), code="unknown_kind")
    at = at or timezone.now()
    channel.address = channel.address.strip().lower()
    channel.token = unguessable()
    channel.secret = new_secret()
    channel.options = dict(options or {})
    with transaction.atomic():
        channel.save()
        note_version(channel, at=at)
        Source.objects.create(
            kind=channel.kind, unit=channel.unit, name=channel.name, channel=channel, occurred_at=at
        )
        record("channel_opened", channel, by=by, at=at, kind=channel.kind)
    return channel


def note_version(channel: Channel, *, at: datetime) -> None:
    """Keeps what the channel is from `at` on; measures of the past read these rows."""
    ChannelVersion.objects.create(
        channel=channel,
        kind=channel.kind,
        unit=channel.unit,
        name=channel.name,
        owned=channel.owned,
        closed_at=channel.closed_at,
        occurred_at=at,
    )


def set_callback(channel: Channel, *, url: str, by: Actor) -> None:
    channel.callback_url = url
    with transaction.atomic():
        channel.save(update_fields=["callback_url"])
        record("channel_callback_set", channel, by=by)


def change_channel(channel: Channel, *, fields: Sequence[str], by: Actor) -> None:
    """Keeps changed columns of an open channel, with a version where measures read them."""
    if not fields:
        return
    with transaction.atomic():
        channel.save(update_fields=list(fields))
        if {"name", "unit"} & set(fields):
            note_version(channel, at=timezone.now())
        record("channel_changed", channel, by=by, fields=list(fields))


def note_revealed(channel: Channel, *, by: Actor) -> None:
    """Somebody looked at the secret: that leaves a line."""
    record("channel_secret_shown", channel, by=by)


def pause(channel: Channel, *, paused: bool, by: Actor) -> None:
    """A paused channel loses nothing: what comes in waits unopened, what goes out stays queued."""
    if (channel.paused_at is not None) == paused:
        return
    channel.paused_at = timezone.now() if paused else None
    with transaction.atomic():
        channel.save(update_fields=["paused_at"])
        record("channel_paused" if paused else "channel_resumed", channel, by=by)
        wake(Task.INGEST)


def receive(channel: Channel, *, body: bytes, headers: Mapping[str, str], key: str = "") -> bool:
    """Stores the bytes as they came, durably, and wakes ingestion.

    key: the provider's delivery id, "" for none (then the body's SHA-256). False when this
    delivery is already here. Raises `django.db.Error` when the database can't take it: the door
    must then refuse, so that the sender repeats.
    """
    key = key if 0 < len(key) <= LONGEST_KEY else hashlib.sha256(body).hexdigest()
    envelope_id = uuid7()
    row_body: bytes | None = body
    file = ""
    if len(body) > LARGEST_IN_ROW:
        file = default_storage.save(f"envelopes/{envelope_id}", ContentFile(body))
        row_body = None
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [envelope_id, channel.pk, key, row_body, file, _as_json(headers)])
        stored = bool(cursor.rowcount == 1)
    if stored:
        wake(Task.INGEST)
    elif file:
        default_storage.delete(file)
    return stored


_STORE = """
INSERT INTO conversations_envelope (id, channel_id, key, body, file, headers)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (channel_id, key) DO NOTHING
"""


def _as_json(headers: Mapping[str, str]) -> str:
    # NUL can't be kept in jsonb; \ufffd shows that something stood there
    clean = {name: value.replace("\0", "\ufffd") for name, value in headers.items()}
    return json.dumps(clean)


def replay(envelope: Envelope, *, by: Actor) -> None:
    """Has a failed or ignored envelope read again. Raises Conflict for any other, and for one
    whose bytes were erased."""
    with transaction.atomic():
        if Envelope.objects.filter(pk=envelope.pk, body=b"", file="").exists():
            raise Conflict(_("its bytes were erased"), code="erased")
        changed = Envelope.objects.filter(
            pk=envelope.pk, state__in=[EnvelopeState.FAILED, EnvelopeState.IGNORED]
        ).update(state=EnvelopeState.WAITING, reason="", attempts=0)
        if not changed:
            raise Conflict(_("only a failed or ignored envelope is read again"), code="not_failed")
        record("envelope_replayed", envelope, by=by)
        wake(Task.INGEST)


def body_of(envelope: Envelope) -> bytes:
    if envelope.body is not None:
        return bytes(envelope.body)
    with default_storage.open(envelope.file) as file:
        return bytes(file.read())


def note_heartbeat(channel: Channel, *, at: datetime | None = None) -> None:
    """Says that the channel's source was reachable and read; kept once an hour."""
    source = Source.objects.filter(channel=channel).first()
    if source is not None:
        note_heard(source, at=at or timezone.now())


def note_heard(source: Source, *, at: datetime) -> None:
    """The source was reachable and read; kept once an hour."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if not Heartbeat.objects.filter(source=source, occurred_at__gte=hour).exists():
        Heartbeat.objects.bulk_create(
            [Heartbeat(source=source, occurred_at=at)], ignore_conflicts=True
        )
