"""Writing the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.utils import timezone

from crm.journal.models import Pulse
from crm.values import Actor


def record(
    verb: str,
    subject: models.Model,
    *,
    by: Actor,
    at: datetime | None = None,
    **data: Any,
) -> None:
    """Adds one line, inside the caller's transaction: no act without its line, nor a line alone."""
    record_all(verb, [(subject, data)], by=by, at=at)


def record_all(
    verb: str,
    subjects: Iterable[tuple[models.Model, dict[str, Any]]],
    *,
    by: Actor,
    at: datetime | None = None,
) -> None:
    """The same act on many things, a line each, in one statement."""
    _write(
        verb,
        # not `type`: a request's user is a proxy of theirs
        [(subject._meta.model, subject.pk, data) for subject, data in subjects],
        by=by,
        at=at,
    )


def record_keys(
    verb: str,
    model: type[models.Model],
    subjects: Iterable[tuple[Any, dict[str, Any]]],
    *,
    by: Actor,
    at: datetime | None = None,
) -> None:
    """As `record_all`, of rows of `model` of which only the keys are at hand."""
    _write(verb, [(model, pk, data) for pk, data in subjects], by=by, at=at)


def _write(
    verb: str,
    subjects: Iterable[tuple[type[models.Model], Any, dict[str, Any]]],
    *,
    by: Actor,
    at: datetime | None,
) -> None:
    rows = [
        (model._meta.model_name or "", str(pk), json.dumps(data)) for model, pk, data in subjects
    ]
    actor = by.user.pk if by.user else None
    same = [actor, by.via.value, by.session, verb, at or timezone.now()]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_ACTS, [*same, *(list(column) for column in zip(*rows, strict=True))])


# Arrays and not a statement of so many rows: binding these costs more than the INSERT.
_ACTS = """
INSERT INTO crm_act
  (actor_id, via, session, verb, occurred_at, subject_type, subject_id, data)
SELECT %s::bigint, %s, %s, %s, %s::timestamptz, subject_type, subject_id, data::jsonb
FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (subject_type, subject_id, data)
"""


def beat(name: str) -> None:
    """Says that `name` is alive now."""
    Pulse.objects.update_or_create(name=name, defaults={"at": timezone.now()})
