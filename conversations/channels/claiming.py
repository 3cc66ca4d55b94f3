"""The claim loop: takes stored envelopes in batches, reads them, hands what they hold on.

Each batch is one transaction that holds its rows (`SKIP LOCKED`): a reader killed at any point
leaves every envelope waiting and nothing half written. What a batch as a whole can't take is
halved until the one bad envelope stands alone and FAILED, so that 499 others go in.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.module_loading import import_string

from conversations.channels.accounts import account_of, adapter_of
from conversations.channels.models import Channel, Claim, Envelope, EnvelopeState
from conversations.channels.services import body_of
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Channel as Adapter
from conversations.channels.wire.contract import Ignored, Item, Refused
from crm.wake import Task, wake

logger = logging.getLogger(__name__)

# (readers that died with it, envelopes a batch): 500 at first, one alone when two died
BATCH_BY_DEATHS = ((0, 500), (1, 25), (2, 1))
MOST_DEATHS = 3
HEAVIEST = 1_000_000  # bytes of one batch: memory and the length of its transaction
LEASE = timedelta(seconds=60)  # longer than the hard limit of the task that reads
_LOST_TO_OTHERS = {"40001", "40P01"}  # serialization failure, deadlock


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope and what it held. `channel`: its row, `received_at`: the door's clock."""

    id: uuid.UUID
    channel: Channel
    received_at: datetime
    items: Sequence[Item]


class Raced(OperationalError):
    """For consumers: another batch wrote the same rows meanwhile; read this one again."""


# Returns remarks by envelope id, shown on the envelope ("duplicate").
Consumer = Callable[[Sequence[Opened]], Mapping[uuid.UUID, str]]


def ingest(*, seconds: float = 20.0) -> int:
    """Reads waiting envelopes until none is left or the time is up. Returns how many."""
    _count_deaths()
    end = time.monotonic() + seconds
    done = 0
    while time.monotonic() < end:
        taken = next(filter(None, (_one_batch(n, most) for n, most in BATCH_BY_DEATHS)), 0)
        if not taken:
            break
        if not done and taken == BATCH_BY_DEATHS[0][1]:
            wake(Task.INGEST)  # a backlog: one more reader, if one is free
        done += taken
    return done


def _count_deaths() -> None:
    """A claim older than its lease: the reader died with the batch in hand. Its envelopes are
    then read in ever smaller batches, so that the one that kills is found and ends FAILED."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_DEATHS, [LEASE.total_seconds(), MOST_DEATHS, MOST_DEATHS])


_COUNT_DEATHS = """
WITH dead AS (
    DELETE FROM conversations_claim WHERE id IN (
        SELECT id FROM conversations_claim WHERE at < now() - make_interval(secs => %s)
        FOR UPDATE SKIP LOCKED
    ) RETURNING envelopes
), hit AS (
    SELECT DISTINCT unnest(envelopes) AS id FROM dead
)
UPDATE conversations_envelope e
SET attempts = attempts + 1,
    state = CASE WHEN attempts + 1 >= %s THEN 'failed' ELSE state END,
    reason = CASE WHEN attempts + 1 >= %s THEN 'every reader died on it' ELSE reason END
FROM hit WHERE e.id = hit.id AND e.state = 'waiting'
"""


def _one_batch(deaths: int, most: int) -> int:
    for left in (2, 1, 0):
        try:
            return _claim_and_read(deaths, most)
        except OperationalError as error:
            raced = isinstance(error, Raced)
            lost = getattr(error.__cause__, "sqlstate", None) in _LOST_TO_OTHERS
            if not (raced or lost) or not left:
                raise
            logger.info("a batch lost to another one, read again")
    return 0


def _claim_and_read(deaths: int, most: int) -> int:
    with transaction.atomic():
        ids = _lock(_WAITING, [deaths, most])
        claim = _note_claim(ids) if ids else None
    if claim is None:
        return 0
    with transaction.atomic():
        held = _lock(_STILL_WAITING, [ids])  # another reader may have been quicker
        _read(_envelopes(held))
        claim.delete()
    return len(ids)  # also those that another reader took meanwhile: there may be more behind


def _note_claim(ids: list[uuid.UUID]) -> Claim:
    """The note outlives a reader's death, not a power cut: its commit waits for no disk."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    return Claim.objects.create(envelopes=ids)


def _envelopes(ids: Sequence[uuid.UUID]) -> list[Envelope]:
    """In the order in which they came; one object a channel, whose secret is deciphered once."""
    envelopes = list(Envelope.objects.filter(pk__in=ids).order_by("received_at", "pk"))
    channels = Channel.objects.select_related("unit").in_bulk(
        {envelope.channel_id for envelope in envelopes}
    )
    for envelope in envelopes:
        envelope.channel = channels[envelope.channel_id]
    return envelopes


_WAITING = """
SELECT id, coalesce(octet_length(body), 25000000) FROM conversations_envelope
WHERE state = 'waiting' AND attempts = %s
  AND channel_id NOT IN (SELECT id FROM conversations_channel WHERE paused_at IS NOT NULL)
ORDER BY received_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_STILL_WAITING = """
SELECT id, 0 FROM conversations_envelope
WHERE state = 'waiting' AND id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED
"""


def _lock(query: str, parameters: list[Any]) -> list[uuid.UUID]:
    """The ids, as many as fit in memory together: a batch of large mails is a short one."""
    ids: list[uuid.UUID] = []
    weight = 0
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        for envelope_id, size in cursor.fetchall():
            weight += size
            if ids and weight > HEAVIEST:
                break
            ids.append(envelope_id)
    return ids


def _read(envelopes: Sequence[Envelope]) -> None:
    opened: list[Opened] = []
    accounts: dict[uuid.UUID, tuple[Adapter | None, Account]] = {}
    for envelope in envelopes:
        channel = envelope.channel
        if channel.pk not in accounts:
            accounts[channel.pk] = (adapter_of(channel), account_of(channel))
        items = _open(envelope, *accounts[channel.pk])
        if items:
            opened.append(Opened(envelope.pk, channel, envelope.received_at, items))
    _hand_on(opened)


def _open(envelope: Envelope, adapter: Adapter | None, account: Account) -> Sequence[Item]:
    """What the envelope holds that somebody needs; the envelope's end otherwise."""
    if adapter is None:
        _end([envelope.pk], EnvelopeState.FAILED, "no adapter for this kind of channel")
        return ()
    try:
        items = adapter.parse(account, body_of(envelope), envelope.headers)
    except Refused as error:
        _end([envelope.pk], EnvelopeState.FAILED, str(error))
        return ()
    except Exception as error:  # a parser's bug must cost one envelope, not the batch
        logger.exception("envelope %s: the reader failed", envelope.pk)
        _end([envelope.pk], EnvelopeState.FAILED, f"the reader failed: {error!r}")
        return ()
    needed = [item for item in items if not isinstance(item, Ignored)]
    if not needed:
        reasons = {item.reason for item in items if isinstance(item, Ignored)}
        _end([envelope.pk], EnvelopeState.IGNORED, "; ".join(sorted(reasons)) or "empty")
    return needed


def _hand_on(opened: Sequence[Opened]) -> None:
    """To every consumer; what a batch can't take is halved until one envelope stands alone."""
    if not opened:
        return
    try:
        with transaction.atomic():
            remarks: dict[uuid.UUID, str] = {}
            for path in settings.ENVELOPE_CONSUMERS:
                consume: Consumer = import_string(path)
                remarks |= consume(opened)
            _done(opened, remarks)
    except (OperationalError, InterfaceError):
        raise  # the database itself: nothing is wrong with the envelopes
    except Exception as error:
        if len(opened) == 1:
            logger.exception("envelope %s could not be taken in", opened[0].id)
            _end([opened[0].id], EnvelopeState.FAILED, f"could not be taken in: {error!r}")
            return
        middle = len(opened) // 2
        _hand_on(opened[:middle])
        _hand_on(opened[middle:])


def _done(opened: Sequence[Opened], remarks: Mapping[uuid.UUID, str]) -> None:
    _end([one.id for one in opened if one.id not in remarks], EnvelopeState.DONE, "")
    for reason in sorted(set(remarks.values())):
        same = [envelope_id for envelope_id, said in remarks.items() if said == reason]
        _end(same, EnvelopeState.DONE, reason)


def _end(ids: Sequence[uuid.UUID], state: EnvelopeState, reason: str) -> None:
    if ids:
        clean = reason.encode("utf-8", "replace").decode().replace("\0", "")
        Envelope.objects.filter(pk__in=ids).update(state=state, reason=clean[:500])
