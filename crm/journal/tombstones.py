"""What was erased must not come back: keyed digests of ids and addresses, and nothing else.

A tombstone says that a record with this id was here and is gone on purpose. A replayed webhook,
a mailbox that is read anew or an old history file asks before it writes. The digests are keyed
with SECRETS_KEY, so that who has only the database can't try addresses against them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from crm.journal.models import Tombstone
from crm.many import among_texts

ADDRESS = "address"  # kind of network and handle, case folded
EXTERNAL = "external"  # channel and the provider's id of a message


def digest(kind: str, value: str, *, key: str = "") -> str:
    said = f"{kind}\0{value}".encode("utf-8", "replace")
    return hmac.digest(_derived(key or settings.SECRETS_KEYS[0]), said, "sha256").hex()


@lru_cache(maxsize=8)
def _derived(key: str) -> bytes:
    return hashlib.sha256(b"tombstones " + key.encode()).digest()


def bury(what: Iterable[tuple[str, str]], *, at: datetime | None = None) -> None:
    """(kind, value) of each thing that must not come back. Repeating it changes nothing."""
    at = at or timezone.now()
    rows = {digest(kind, value): kind for kind, value in what}
    Tombstone.objects.bulk_create(
        [Tombstone(digest=each, kind=rows[each], at=at) for each in sorted(rows)],
        ignore_conflicts=True,
    )


def buried(kind: str, values: Collection[str]) -> dict[str, datetime]:
    """Of these values, those that were erased, and when. One query; older keys count as well."""
    asked = {
        digest(kind, value, key=key): value for value in values for key in settings.SECRETS_KEYS
    }
    if not asked:
        return {}
    rows = Tombstone.objects.filter(digest__in=among_texts(asked)).values_list("digest", "at")
    return {asked[each]: at for each, at in rows}
