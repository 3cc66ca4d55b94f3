"""Words the whole house shares: who acts, by which way, and shares of a whole."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
import unicodedata
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from crm.organisation.models import User


class Via(models.TextChoices):
    """The door an act came through. Only `own` is the person's own act."""

    OWN = "own", _("in person")
    SERVICE = "service", _("service key or impersonation")
    IMPORT = "import", _("import")
    AUTOMATION = "automation", _("automation")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. Made by doors only, from what they authenticated.

    session: which login session or token, so that one session can't sign for several people.
    """

    user: User | None
    via: Via
    session: str = ""


AUTOMATION = Actor(user=None, via=Via.AUTOMATION)


_STEPPED_BACK = 4096 * 1_000  # a second: the clock was set, what was made before it stands
_latest = threading.local()


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): index-friendly, unguessable (62 random bits).

    One thread's follow each other, so that rows written together keep their order: 4,096ths of a
    millisecond stand behind the milliseconds (section 6.2, method 3), and none is used twice.
    Made in Python because PostgreSQL has `uuidv7()` only from 18 on.
    """
    ticks = time.time_ns() * 4096 // 1_000_000
    last = getattr(_latest, "ticks", 0)
    if last - _STEPPED_BACK < ticks <= last:
        ticks = last + 1
    _latest.ticks = ticks
    milliseconds, fraction = divmod(ticks, 4096)
    stamp = milliseconds.to_bytes(6, "big") + (0x7000 | fraction).to_bytes(2, "big")
    chance = bytearray(os.urandom(8))
    chance[0] = 0x80 | (chance[0] & 0x3F)
    return uuid.UUID(bytes=stamp + bytes(chance))


def unguessable() -> str:
    """A URL-safe token of 192 random bits, for addresses that are their own key."""
    return secrets.token_urlsafe(24)


def sort_key(name: str) -> str:
    """What names are ordered by, the same on any database locale: no accents, no case."""
    folded = name.casefold()
    if folded.isascii():
        return folded
    folded = unicodedata.normalize("NFKD", folded)
    marks = [mark for mark in set(folded) if unicodedata.combining(mark)]
    return folded.translate(dict.fromkeys(map(ord, marks)))


def whole_words(text: str) -> str:
    """Words without case and accents, a space around each, so that `in` finds whole words."""
    return " ".join(["", *re.findall(r"[^\W_]+", sort_key(text)), ""])
