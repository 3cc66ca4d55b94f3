"""Waking the streams of a person: by Redis, from whichever process something happened in.

The table of events is the truth. Redis may be down or frozen: then streams look by themselves,
more often, and whoever rings feels nothing of it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable

import redis
from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 5.0  # seconds
TIMEOUT = 2.0  # seconds for one exchange with Redis
LISTEN = 1.0  # seconds in one look for a ring
ASK = 2.0  # seconds between two questions whether Redis is there
DEAF_AFTER = 6.0  # seconds without any answer
MOST_WAITING = 10_000


def _topic() -> str:
    """One Redis may serve several installations: the database's name tells them apart."""
    return f"relais:live:{connection.settings_dict['NAME']}"


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        str(settings.CACHES["default"]["LOCATION"]),
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
    )


class _Ringer:
    """Publishes in a thread of its own, so that no door waits for Redis."""

    def __init__(self) -> None:
        self._people: set[int] = set()
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, people: Iterable[int]) -> None:
        with self._ready:
            if len(self._people) < MOST_WAITING:
                self._people |= set(people)
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
                self._thread.start()
            self._ready.notify()

    def _run(self) -> None:
        client, topic = _client(), _topic()
        while True:
            with self._ready:
                while not self._people:
                    self._ready.wait()
                people, self._people = self._people, set()
            try:
                client.publish(topic, json.dumps(sorted(people)))
            except Exception:  # any trouble of Redis: the streams look by themselves
                logger.warning("streams are not woken for %s s", PAUSE_AFTER_FAILURE)
                time.sleep(PAUSE_AFTER_FAILURE)


class _Listener:
    """One subscription a process, however many streams it holds; runs while there are any."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.hears = False

    def add(self, user_id: int, event: threading.Event) -> None:
        with self._lock:
            self._waiting[user_id].add(event)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
                self._thread.start()

    def remove(self, user_id: int, event: threading.Event) -> None:
        with self._lock:
            self._waiting[user_id].discard(event)  # closing twice does no harm
            if not self._waiting[user_id]:
                del self._waiting[user_id]

    def _is_needed(self) -> bool:
        """Decides under the lock, so that a stream that comes now starts a new thread."""
        with self._lock:
            if not self._waiting:
                self._thread = None
            return bool(self._waiting)

    def _run(self) -> None:
        while self._is_needed():
            try:
                self._listen()
            except Exception:  # any trouble of Redis
                self.hears = False
                logger.warning("streams look by themselves: Redis does not answer")
                time.sleep(1.0)

    def _listen(self) -> None:
        with _client() as client, client.pubsub(ignore_subscribe_messages=True) as heard:
            heard.subscribe(_topic())
            asked = answered = time.monotonic()
            while self._is_needed():
                message = heard.get_message(timeout=LISTEN)
                now = time.monotonic()
                answered = now if message else answered
                self.hears = now - answered < DEAF_AFTER
                if message and message["type"] == "message":
                    self._wake(json.loads(message["data"]))
                if now - asked >= ASK:
                    heard.ping()
                    asked = now
        self.hears = False

    def _wake(self, people: Iterable[int]) -> None:
        with self._lock:
            for user_id in people:
                for event in self._waiting.get(user_id, ()):
                    event.set()


_ringer = _Ringer()
_listener = _Listener()


def ring(people: Iterable[int]) -> None:
    """Wakes the streams of these people. Never raises, never waits."""
    _ringer.add(people)


class Waiting:
    """One stream's ear. `wait` ends with a ring, or after the time it is worth to look again."""

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self._event = threading.Event()
        _listener.add(user_id, self._event)

    def wait(self, *, heard: float, deaf: float) -> None:
        """Seconds at most: `heard` while Redis answers, `deaf` while it does not."""
        self._event.wait(heard if _listener.hears else deaf)
        self._event.clear()

    def wake(self) -> None:
        self._event.set()

    def close(self) -> None:
        _listener.remove(self._user_id, self._event)
