"""Accounts whose networks speak on a line: a claim that is renewed with every write.

What came is stored within a second, and how far that is with it; only then is the network told
that it arrived. Who dies, or is cut off, is followed by another from there, and what the network
says again ends as the delivery that it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from conversations.channels import claims
from conversations.channels.accounts import account_of, held_by, held_kinds
from conversations.channels.claims import Claimed, Pause
from conversations.channels.models import Polling
from conversations.channels.wire.provider import Found, Held, NotRead, OpenLine, Over, Reading

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
SIGN_OF_LIFE = 10.0  # seconds after which the claim is renewed though nothing came
WITHIN = 0.5  # seconds in which what came is stored
AT_ONCE = 200  # deliveries that are stored together
TURN = 0.25  # seconds without a word, after which we look up
PAUSE = Pause(timedelta(seconds=1), timedelta(minutes=10))


class _Taken(Exception):
    """The account was disconnected, got other credentials, or is another's: nothing to be said."""


@dataclass(slots=True)
class _Basket:
    """What came since the last write."""

    cursor: Mapping[str, str]
    found: list[Found] = field(default_factory=list)
    remark: str = ""
    moved: bool = False
    since: float = field(default_factory=time.monotonic)

    def take(self, reading: Reading) -> None:
        self.found += reading.found
        self.cursor, self.remark, self.moved = reading.cursor, reading.remark, True

    @property
    def is_due(self) -> bool:
        waited = time.monotonic() - self.since
        return len(self.found) >= AT_ONCE or waited >= (WITHIN if self.moved else SIGN_OF_LIFE)


def claim() -> Claimed | None:
    """An account whose line nobody holds. None when there is none, or enough of them are held."""
    return claims.claim_of(
        held_kinds(), most=settings.LINES_AT_ONCE, lease=LEASE, at=timezone.now()
    )


def hold(claimed: Claimed, *, told_to_stop: Callable[[], bool]) -> None:
    """Until the line ends, the account changes, or we are told to stop: it is free then.

    A paused channel is heard on: what comes in waits unopened.
    """
    row = Polling.objects.select_related("channel").get(pk=claimed.channel)
    adapter = held_by(row.channel)
    try:
        if adapter is not None:
            _hold(row, claimed, adapter, told_to_stop)
        claims.let_go(claimed, change={"due_at": timezone.now()})
    except _Taken:
        logger.info("channel %s: changed, or held by another", row.channel_id)
    except Over as over:
        logger.info("channel %s: %s", row.channel_id, over)
        again = timezone.now() + timedelta(seconds=over.wait)
        claims.let_go(claimed, change={"due_at": again, "cursor": dict(over.cursor)})
    except NotRead as failure:
        claims.fail(row, claimed, failure, pause=PAUSE)
    except DatabaseError:
        raise  # the line is not to blame: the lease runs out, and it is heard on from its cursor
    except Exception as error:  # an adapter's bug: seen, and tried again
        logger.exception("channel %s: the line failed", row.channel_id)
        failed = NotRead(f"the line failed: {type(error).__name__}")
        claims.fail(row, claimed, failed, pause=PAUSE)


def _hold(row: Polling, claimed: Claimed, adapter: Held, told_to_stop: Callable[[], bool]) -> None:
    line = adapter.hold(account_of(row.channel), row.cursor)
    basket = _Basket(row.cursor)
    try:
        while not told_to_stop():
            if (reading := line.hear(seconds=TURN)) is not None:
                basket.take(reading)
            if basket.is_due:
                basket = _kept(row, claimed, line, basket)
    except (NotRead, Over):
        if basket.moved:  # what was said before the end
            _kept(row, claimed, line, basket)
        raise
    else:
        _kept(row, claimed, line, basket)
    finally:
        with suppress(Exception):  # it is over in any case
            line.close()


def _kept(row: Polling, claimed: Claimed, line: OpenLine, basket: _Basket) -> _Basket:
    """First what was heard and how far, then word of it to the network."""
    change: dict[str, Any] = {"cursor": dict(basket.cursor), "claimed_at": timezone.now()}
    if not claims.keep(row, claimed, found=basket.found, remark=basket.remark, change=change):
        raise _Taken
    line.kept(basket.cursor)
    return _Basket(basket.cursor, remark=basket.remark)
