"""Server-Sent Events for one person: what is new, with numbers to go on from (docs/adr/0041).

A stream holds a thread of the web server and nothing else: no database connection while it
waits. So streams are few in each process, short, and resumed by their client.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection

from ambassadors.live import bell, services
from ambassadors.live.models import Event
from crm.organisation.models import User

PING = 15.0  # seconds of silence, after which proxies and clients would doubt the line
LOOK = 5.0  # seconds between two looks while Redis rings: a ring may be lost
LOOK_DEAF = 1.0  # while it does not
RETRY = 2_000  # milliseconds a client waits before it comes back


class Places:
    """The streams of this process: so many in all, and the newest few of each person.

    Somebody's new stream takes the place of their oldest: whose line was cut must not wait until
    the server notices.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[int, list[Feed]] = {}

    def take(self, feed: Feed) -> bool:
        with self._lock:
            mine = self._feeds.get(feed.user_id, [])
            if len(mine) >= settings.STREAMS_PER_PERSON:
                mine.pop(0).end()
            elif self.count() >= settings.STREAMS_MOST:
                return False
            self._feeds[feed.user_id] = [*mine, feed]
            return True

    def leave(self, feed: Feed) -> None:
        with self._lock:
            left = [each for each in self._feeds.get(feed.user_id, []) if each is not feed]
            self._feeds[feed.user_id] = left
            if not left:
                del self._feeds[feed.user_id]

    def count(self) -> int:
        return sum(len(feeds) for feeds in self._feeds.values())

    def end_all(self) -> None:
        """At the end of the process, and for tests."""
        with self._lock:
            for feed in [each for feeds in self._feeds.values() for each in feeds]:
                feed.end()


places = Places()
# A server that is told to end waits for its threads: streams must not be what it waits for. The
# ordinary atexit comes after that wait; this one is what concurrent.futures itself uses.
threading._register_atexit(places.end_all)  # type: ignore[attr-defined]  # noqa: SLF001


class Feed:
    """The lines of one stream; `close` gives its place back.

    may_stay: whether the person's sign-in still stands, asked before anything is told.
    """

    def __init__(self, user: User, *, after: int | None, may_stay: Callable[[], bool]) -> None:
        self._user = user
        self.user_id = user.pk
        self._after = after
        self._may_stay = may_stay
        self._waiting = bell.Waiting(user.pk)
        self._is_over = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._lines()
        finally:
            self.close()

    def _lines(self) -> Iterator[bytes]:
        begun = quiet_since = time.monotonic()
        yield self._hello()
        while not self._is_over:
            said = self._look()
            if said is None:
                return
            if said:
                yield said
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= PING:
                yield b": ping\n\n"
                quiet_since = time.monotonic()
            left = begun + settings.STREAM_SECONDS - time.monotonic()
            if left <= 0:
                return
            self._waiting.wait(heard=min(LOOK, left), deaf=min(LOOK_DEAF, left))

    def _hello(self) -> bytes:
        """Names where the stream begins, so that even a silent one can be resumed."""
        lost = self._after is not None and not services.is_known(self._after)
        if self._after is None or lost:
            self._after = services.newest_number()
        kind = "stream.reset" if lost else "stream.opened"
        _put_down()
        return f"retry: {RETRY}\n".encode() + _written(kind, self._after, {})

    def _look(self) -> bytes | None:
        """The next events, b"" for none; None when the person must go."""
        try:
            if not self._may_stay():
                return None
            events = services.news_of(self._user, after=self._after or 0)
            told = services.seen(self._user, events)
        except OperationalError:
            return None  # the client comes back, and goes on from where it was
        finally:
            _put_down()
        if events:
            self._after = events[-1].number
        return b"".join(_event(event) for event in told)

    def end(self) -> None:
        """Asks it to stop, from another thread."""
        self._is_over = True
        self._waiting.wake()

    def close(self) -> None:
        self._is_over = True
        self._waiting.close()
        places.leave(self)


def _put_down() -> None:
    """Gives the database connection back while the stream waits."""
    if not connection.in_atomic_block:  # a test's own transaction
        connection.close()


def _event(event: Event) -> bytes:
    return _written(event.kind, event.number or 0, payload(event))


def payload(event: Event) -> dict[str, Any]:
    """The same form in a stream and in a webhook; ids only."""
    kind = event.kind.partition(".")[0]
    data = {"conversation": str(event.conversation_id)}
    if event.subject is not None:
        data[kind] = str(event.subject)
    return {"type": event.kind, "timestamp": event.at.isoformat(), "data": data}


def _written(kind: str, number: int, said: dict[str, Any]) -> bytes:
    words = json.dumps(said, separators=(",", ":"))
    return f"event: {kind}\nid: {number}\ndata: {words}\n\n".encode()


def last_number(header: str | None) -> int | None:
    """Of `Last-Event-ID`; None where the client names nothing that could be ours."""
    if not header or not header.isascii() or not header.isdigit() or len(header) > 18:
        return None
    return int(header)
