"""Who looks at a conversation just now, and who writes in it: told by their pages, soon forgotten.

Kept in Redis alone. Without Redis nobody is seen, and nothing else is missing.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache

import redis
from django.conf import settings

from crm.organisation.models import User

logger = logging.getLogger(__name__)

STATES = ("viewing", "writing")
LASTS = 30  # seconds after a page's last word
PAUSE = 10.0  # seconds without asking Redis after it failed
MOST = 50  # people shown


@dataclass(frozen=True, slots=True)
class Somebody:
    id: int
    name: str
    state: str


@dataclass(slots=True)
class _Break:
    until: float = 0.0


_break = _Break()


def be(conversation: uuid.UUID, user: User, *, state: str) -> list[Somebody]:
    """Says that `user` views or writes, "" that they left. Returns the others."""
    found = _ask(conversation, user.pk, state)
    now = time.time()
    others = {
        pk: (shown, at) for pk, (shown, at) in found.items() if pk != user.pk and at > now - LASTS
    }
    names = dict(User.objects.filter(pk__in=others).values_list("pk", "name")) if others else {}
    known = [Somebody(pk, names[pk], shown) for pk, (shown, _at) in others.items() if pk in names]
    return sorted(known, key=lambda one: (one.state != "writing", one.name))[:MOST]


def who(conversation: uuid.UUID, user: User) -> list[Somebody]:
    """The others, without saying that `user` is there."""
    return be(conversation, user, state="?")


def ask_redis_again() -> None:
    """For tests: a break taken in one does not outlive it."""
    _break.until = 0.0


def _ask(conversation: uuid.UUID, user: int, state: str) -> dict[int, tuple[str, float]]:
    if time.monotonic() < _break.until:
        return {}
    key = f"presence:{conversation}"
    try:
        with _client(str(settings.CACHES["default"]["LOCATION"])).pipeline(
            transaction=False
        ) as ask:
            if state in STATES:
                ask.hset(key, str(user), f"{state} {time.time():.0f}")
                ask.expire(key, LASTS * 4)
            elif not state:
                ask.hdel(key, str(user))
            ask.hgetall(key)
            answers = ask.execute()
    except redis.RedisError:
        logger.warning("nobody is seen for %s s: Redis does not answer", PAUSE)
        _break.until = time.monotonic() + PAUSE
        return {}
    return _read(answers[-1])


def _read(said: dict[bytes, bytes]) -> dict[int, tuple[str, float]]:
    found = {}
    for pk, word in said.items():
        state, _space, at = word.decode().partition(" ")
        found[int(pk)] = (state, float(at))
    return found


@lru_cache(maxsize=4)
def _client(address: str) -> redis.Redis:
    return redis.Redis.from_url(
        address, socket_connect_timeout=0.5, socket_timeout=0.5, health_check_interval=0
    )
