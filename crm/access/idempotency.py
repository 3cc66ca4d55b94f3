"""A write that is safe to repeat: the same Idempotency-Key acts once and answers the same.

The key is claimed, the act done and its answer kept in one transaction: a crash at any point
leaves either all of it or nothing, and a second request with the key waits for the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from crm.access.models import IdempotencyKey
from crm.access.tokens import person
from crm.errors import Conflict, Invalid, Unprocessable

REMEMBERED = timedelta(hours=24)
LONGEST = 200
_LOCK_TIMEOUT = "55P03"


def once(
    request: Request,
    act: Callable[[], Response],
    *,
    required: bool = False,
    told_once: Sequence[str] = (),
) -> Response:
    """Runs `act`, or repeats its earlier answer. Only what succeeded is remembered.

    told_once: members of the answer that are secrets; they are not kept, and null in a repeat.
    Raises Invalid without a key where one is required, Unprocessable for a key that came with
    another request, Conflict while the first request with it is still at work.
    """
    key = _key(request, required=required)
    digest = _digest(request)
    if key is None:
        with transaction.atomic():
            return act()
    try:
        with transaction.atomic():
            return _claim_and_act(request, key, digest, act, told_once)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _LOCK_TIMEOUT:
            raise Conflict(
                _("the first request with this key is still at work"), code="in_progress"
            ) from error
        raise


def forget_old() -> int:
    """Deletes what is older than a day: answers hold text of messages. Returns how many."""
    before = timezone.now() - REMEMBERED
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]


_QUOTING = """
UPDATE crm_idempotencykey SET answer = NULL
WHERE answer IS NOT NULL AND EXISTS (
  SELECT 1 FROM regexp_matches(
    answer::text, '[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}', 'g'
  ) AS said WHERE said[1]::uuid IN ({rows})
)
"""


def forget_quoting(rows: QuerySet[Any]) -> int:
    """Empties answers that name one of these rows by its id: repeated, they say nothing more."""
    sql, parameters = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_QUOTING.format(rows=sql), parameters)
        return int(cursor.rowcount)


def _key(request: Request, *, required: bool) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        if required:
            raise Invalid(
                _("this request needs an Idempotency-Key"), code="idempotency_key_required"
            )
        return None
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise Invalid(
            _("an Idempotency-Key has 1 to 200 printable ASCII characters"),
            code="idempotency_key_malformed",
        )
    return key


def _digest(request: Request) -> str:
    """What makes two requests the same: where they go and what they say, not how it is spaced."""
    said = json.dumps(request.data, sort_keys=True, default=str)
    return hashlib.sha256(f"{request.method} {request.path}\n{said}".encode()).hexdigest()


_CLAIM = """
INSERT INTO crm_idempotencykey (user_id, key, digest) VALUES (%s, %s, %s)
ON CONFLICT (user_id, key) DO NOTHING
"""


def _claim_and_act(
    request: Request,
    key: str,
    digest: str,
    act: Callable[[], Response],
    told_once: Sequence[str],
) -> Response:
    user = person(request)
    with connection.cursor() as cursor:  # waits here for a first request that is not done yet
        cursor.execute(_CLAIM, [user.pk, key, digest])
        first = cursor.rowcount == 1
    mine = IdempotencyKey.objects.filter(user=user, key=key)
    if not first:
        return _again(mine.get(), digest)
    response = act()
    kept = _plain(response.data)
    if told_once:
        kept |= dict.fromkeys(told_once)
    mine.update(status=response.status_code, answer=kept)
    return response


def _plain(data: Any) -> Any:
    """As it will stand in the answer: dates and ids as text."""
    return json.loads(json.dumps(data, cls=JSONEncoder))


def _again(known: IdempotencyKey, digest: str) -> Response:
    if known.digest != digest:
        raise Unprocessable(
            _("this Idempotency-Key was used for another request"), code="idempotency_key_reused"
        )
    return Response(known.answer, status=known.status, headers={"Idempotent-Replayed": "true"})
