"""Words the whole house shares: who acts, by which way, and shares of a whole."""

from __future__ import annotations

import os
import re
import secrets
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


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): index-friendly, unguessable (74 random bits).

    Made in Python because PostgreSQL has `uuidv7()` only from 18 on.
    """
    milliseconds = time.time_ns() // 1_000_000
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return uuid.UUID(bytes=bytes(raw))


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
