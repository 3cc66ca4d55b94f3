"""Accounts that nobody posts for are read when they are due: claim and commit, read, write.

The row is the job, see `claims`: two workers never read one account at once, and a worker that
died leaves nothing half done. Several are read side by side, in threads: a network that hangs holds
one of them, and neither the others nor the worker.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.utils import timezone

from conversations.channels import claims
from conversations.channels.accounts import account_of, polled_by, polled_kinds
from conversations.channels.claims import Claimed, Pause
from conversations.channels.models import Polling
from conversations.channels.wire.provider import NotRead, Polled, Reading

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than the hard limit of the task that reads
SCAN_SECONDS = 5.0  # no further reading begins after so long
LONGEST_PAUSE = timedelta(hours=1)


def read_due(*, seconds: float = SCAN_SECONDS) -> int:
    """Reads what is due, the longest due first, until the time is up. Returns how many it began;
    what hangs for longer goes on in its thread."""
    end, most = time.monotonic() + seconds, settings.POLLING_AT_ONCE
    running, done = set[Future[None]](), 0
    while (left := end - time.monotonic()) > 0:
        claimed = claim(at=timezone.now()) if len(running) < most else None
        if claimed is not None:
            done += 1
            if most == 1:
                read(claimed)
            else:
                running.add(_threads(most).submit(_read_beside, claimed))
        elif running:
            running = wait(running, timeout=left, return_when=FIRST_COMPLETED).not_done
        else:
            break
    return done


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Of this process, which lasts longer than the task that began a reading."""
    return ThreadPoolExecutor(count, thread_name_prefix="reading")


def _read_beside(claimed: Claimed) -> None:
    """In a thread, with a database connection of its own."""
    close_old_connections()
    try:
        read(claimed)
    except DatabaseError:
        logger.exception("channel %s: read, and not kept", claimed.channel)
    finally:
        connections.close_all()


def claim(*, at: datetime) -> Claimed | None:
    """One account that is due. None when there is none, or as many are in hand as may be."""
    return claims.claim_of(polled_kinds(), most=settings.POLLING_AT_ONCE, lease=LEASE, at=at)


def read(claimed: Claimed) -> None:
    """A paused channel is read on: what comes in waits unopened."""
    row = Polling.objects.select_related("channel").get(pk=claimed.channel)
    adapter = polled_by(row.channel)
    if adapter is None:  # another version of this house claimed it
        claims.let_go(claimed, change={})
        return
    pause = Pause(adapter.every, LONGEST_PAUSE)
    try:
        _settled(row, claimed, adapter, adapter.read(account_of(row.channel), row.cursor))
    except NotRead as failure:
        claims.fail(row, claimed, failure, pause=pause)
    except DatabaseError:
        raise  # nothing was kept, and the account says nothing about it: the lease runs out
    except Exception as error:  # an adapter's bug, or its time is up: seen, and tried again
        logger.exception("channel %s: the reading failed", row.channel_id)
        cause = f"the reading failed: {type(error).__name__}"
        claims.fail(row, claimed, NotRead(cause), pause=pause)


def _settled(row: Polling, claimed: Claimed, adapter: Polled, reading: Reading) -> None:
    now = timezone.now()
    change = {
        "cursor": dict(reading.cursor),
        "due_at": now if reading.more else now + adapter.every,
        "claimed_at": None,
    }
    claims.keep(row, claimed, found=reading.found, remark=reading.remark, change=change)
