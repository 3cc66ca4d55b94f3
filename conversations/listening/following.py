"""Streams are followed: a claim that is renewed with every write, from where it was left.

What comes is written within seconds, many at once. How far that is stands in the same row as the
claim; who died, or was cut off, is followed by another from there. Heard twice is kept once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from conversations.channels.services import note_heard
from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.reading.line import Line
from conversations.channels.wire.reading.reader import Asked, NotHeard
from conversations.channels.wire.reading.registry import STREAMS
from conversations.listening import hearing
from conversations.listening.models import Health, Place
from conversations.listening.reading import Claimed, asked_of, claim_of, note_failure, write

logger = logging.getLogger(__name__)

AT_ONCE = 500  # events that are written together
WITHIN = 2.0  # seconds in which what came is written
TURN = 0.25  # seconds without a frame, after which we look up
SIGN_OF_LIFE = 10.0  # seconds after which the claim is renewed though nothing came
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=30)


@dataclass(slots=True)
class _Basket:
    """What came since the last write."""

    cursor: Mapping[str, str]
    items: list[Mentioned] = field(default_factory=list)
    remark: str = ""
    since: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        waited = time.monotonic() - self.since
        return len(self.items) >= AT_ONCE or waited >= (WITHIN if self.items else SIGN_OF_LIFE)


class _Over(Exception):
    """The place was paused, changed, or is another's: nothing is to be said of it."""


def claim() -> Claimed | None:
    """A stream that nobody follows. None when there is none, or as many are followed as may be."""
    return claim_of(list(STREAMS), most=settings.LISTENING_STREAMS, at=timezone.now())


def follow(claimed: Claimed, *, told_to_stop: Callable[[], bool]) -> None:
    """Until the stream breaks, the place changes, or we are told to stop: it is free then."""
    place = Place.objects.select_related("source__unit").get(pk=claimed.place)
    asked = asked_of(place)
    try:
        _follow(place, claimed, asked, told_to_stop)
        _let_go(place, claimed, asked)
    except _Over:
        logger.info("stream %s: changed, or followed by another", place.pk)
    except NotHeard as failure:
        place.refresh_from_db()
        note_failure(place, claimed, asked, failure, pause=_pause)
    except DatabaseError:
        raise  # the stream is not to blame: the lease runs out, and it is followed from its cursor
    except Exception as error:  # a stream's bug: seen, and tried again
        logger.exception("stream %s: following failed", place.pk)
        failed = NotHeard(f"following failed: {error!r}"[:300])
        note_failure(place, claimed, asked, failed, pause=_pause)


def _follow(place: Place, claimed: Claimed, asked: Asked, told_to_stop: Callable[[], bool]) -> None:
    stream = STREAMS[place.kind]
    with Line(stream.call(asked), loopback=settings.LISTENING_LOOPBACK) as line:
        missed = stream.missed(asked)  # the line is open: nothing falls between the two
        basket = _Basket(missed.cursor or place.cursor, list(missed.items), missed.remark)
        _write(place, claimed, asked, basket)
        remark, basket = basket.remark, _Basket(basket.cursor)
        while not told_to_stop():
            frame = line.frame(seconds=TURN)
            if frame is not None:
                asked.traffic.bytes += len(frame)
                if (said := stream.said(frame, asked)) is not None:
                    basket.cursor, remark = said.cursor, said.remark or remark
                    basket.items += [said.item] if said.item else []
            if basket.is_due:
                basket.remark = remark
                _write(place, claimed, asked, basket)
                basket = _Basket(basket.cursor)
        basket.remark = remark
        _write(place, claimed, asked, basket)


def _write(place: Place, claimed: Claimed, asked: Asked, basket: _Basket) -> None:
    """First what was heard, then how far: the other way round a crash would lose it."""
    now, taken = timezone.now(), hearing.Taken()
    if basket.items:
        taken = hearing.take(
            basket.items,
            source=place.source,
            matcher=hearing.watches_of(place.source),
            takes_all=place.takes_all,
            at=now,
            seconds=float("inf"),
        )
    change: dict[str, Any] = {
        "health": Health.TROUBLED if basket.remark else Health.WELL,
        "cause": basket.remark[:500],
        "failures": 0,
        "read_at": now,
        "claimed_at": now,
        "cursor": dict(basket.cursor),
        "last_items": taken.items,
        "last_new": taken.new,
    }
    if taken.new:
        change["heard_at"] = now
    if not write(place, claimed, asked, change):
        raise _Over
    note_heard(place.source, at=now)


def _let_go(place: Place, claimed: Claimed, asked: Asked) -> None:
    write(place, claimed, asked, {"due_at": timezone.now()})


def _pause(_place: Place, failures: int) -> timedelta:
    """Twice as long after each failure, up to half an hour: a stream loses what it misses."""
    doubled: int = 2 ** min(failures - 1, 12)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
