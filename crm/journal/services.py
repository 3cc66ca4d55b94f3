"""Writing the journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from crm.journal.models import Act, Pulse
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
    at = at or timezone.now()
    Act.objects.bulk_create(
        Act(
            actor=by.user,
            via=by.via,
            session=by.session,
            verb=verb,
            subject_type=subject._meta.model_name or "",
            subject_id=str(subject.pk),
            data=data,
            occurred_at=at,
        )
        for subject, data in subjects
    )


def beat(name: str) -> None:
    """Says that `name` is alive now."""
    Pulse.objects.update_or_create(name=name, defaults={"at": timezone.now()})
