"""Which version of the model is in force on a day, which is appraised beside it; adopting one.

Until somebody adopts another version, the model is the file of this installation, for the whole
past. The next version is the file that NEXT_MODEL names; once one was adopted, also `model.toml`
itself where it says something else. It moves no stage before it is adopted, from a Monday on.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from crm.access.models import Role
from crm.access.services import Person, has_role
from crm.errors import Conflict, Forbidden, Missing
from crm.journal.services import record
from crm.values import Actor, Via
from maturity.appraisals.derivation import last_monday
from maturity.appraisals.models import ModelVersion
from maturity.scoring.definition import MODEL_FILE, Model, ModelError, load, parse

THE_BEGINNING = date(1900, 1, 1)
IN_SHADOW = timedelta(weeks=4)
REMEMBERED, A_MINUTE = "model-versions", 60
WEEK = timedelta(days=7)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Version:
    """since: the first Monday under this version of the model."""

    model: Model
    since: date


@dataclass(frozen=True)
class Shadow:
    """The next version; seen_at: None until the worker has looked at it for the first time."""

    model: Model
    text: str
    seen_at: datetime | None

    def may_come(self, *, at: datetime) -> bool:
        return self.seen_at is not None and at >= self.seen_at + IN_SHADOW

    @property
    def comes_from(self) -> date | None:
        """The first day on which it may be adopted."""
        return timezone.localdate(self.seen_at + IN_SHADOW) if self.seen_at else None


@lru_cache(maxsize=8)
def parsed(text: str) -> Model:
    return parse(text.encode())


def succession() -> list[Version]:
    """Every version that is or will be in force, oldest first."""
    found = [Version(parsed(text), since) for text, since in adopted()]
    return found or [Version(load(), THE_BEGINNING)]


def adopted() -> list[tuple[str, date]]:
    """The files that were adopted, from when on. Remembered, since a page asks again and again;
    what is adopted is in force on no day that has begun, so that a minute's delay moves nothing.
    """
    with suppress(RedisError):
        found = cache.get(REMEMBERED)
        if isinstance(found, list):
            return found
    rows = ModelVersion.objects.filter(since__isnull=False).order_by("since")
    made = [(text, since) for text, since in rows.values_list("text", "since") if since]
    with suppress(RedisError):
        cache.set(REMEMBERED, made, A_MINUTE)
    return made


def forget() -> None:
    with suppress(RedisError):
        cache.delete(REMEMBERED)


def in_force(on: date, versions: Sequence[Version] | None = None) -> Model:
    """The version under which the Monday up to that day is evaluated, and no later than today's."""
    monday = last_monday(min(on, timezone.localdate()))
    versions = versions or succession()
    return [one for one in versions if one.since <= monday or one is versions[0]][-1].model


def coming() -> Version | None:
    """Adopted, and not in force yet."""
    last = succession()[-1]
    return last if last.since > timezone.localdate() else None


def today_model() -> Model:
    return in_force(timezone.localdate())


def shadow() -> Shadow | None:
    """The next version, where there is one that can be read."""
    if not settings.NEXT_MODEL and not adopted():
        return None
    path = Path(settings.NEXT_MODEL) if settings.NEXT_MODEL else MODEL_FILE
    try:
        text = path.read_bytes().decode()
        model = parsed(text)
    except (ModelError, KeyError, TypeError, ValueError, OSError, tomllib.TOMLDecodeError) as error:
        log.warning("the next version of the model cannot be read: %s: %s", path, error)
        return None
    if any(one.model.sha256 == model.sha256 for one in succession()):
        return None
    row = ModelVersion.objects.filter(sha256=model.sha256).first()
    return Shadow(model, text, row.seen_at if row else None)


def look_at_next() -> Shadow | None:
    """Notes that a next version is there: its four weeks begin. Repeating it changes nothing."""
    found = shadow()
    if found is not None and found.seen_at is None:
        _kept(found.model, found.text)
        found = shadow()
    return found


def _kept(model: Model, text: str) -> ModelVersion:
    said = {"version": model.version, "text": text}
    return ModelVersion.objects.get_or_create(sha256=model.sha256, defaults=said)[0]


def may_adopt(person: Person) -> bool:
    return has_role(person, Role.EXECUTIVE)


def adopt(sha256: str, *, by: Actor, at: datetime | None = None) -> ModelVersion:
    """From the next Monday on that version is in force; what was said of earlier ones stays.

    Raises Forbidden, Missing where another version or none is in shadow, Conflict before its time.
    """
    now = at or timezone.now()
    if by.user is None or by.via is not Via.OWN or not may_adopt(by.user):
        raise Forbidden(_("only executives adopt a version of the model, in person"))
    found = shadow()
    if found is None or found.model.sha256 != sha256:
        raise Missing(_("no such version is in shadow"), code="no_such_version")
    if not found.may_come(at=now):
        raise Conflict(_("it has not been in shadow for four weeks"), code="shadow_too_short")
    with transaction.atomic():
        row = ModelVersion.objects.select_for_update().get(sha256=sha256)
        if row.since is not None:
            raise Conflict(_("it has been adopted already"), code="adopted_already")
        if not ModelVersion.objects.filter(since__isnull=False).exists():
            first = _kept(load(), MODEL_FILE.read_bytes().decode())
            ModelVersion.objects.filter(pk=first.pk).update(since=THE_BEGINNING, adopted_at=now)
        row.since = last_monday(timezone.localdate(now)) + WEEK
        row.adopted_at, row.adopted_by = now, by.user
        row.save(update_fields=["since", "adopted_at", "adopted_by"])
        record("model_adopted", row, by=by, version=row.version, since=row.since.isoformat())
    forget()
    return row
