"""Deriving the stage from the records, and keeping each week's appraisal."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from crm.errors import Invalid, Missing
from maturity.appraisals import derivation
from maturity.appraisals.derivation import Derived
from maturity.appraisals.exemptions import exempted
from maturity.appraisals.models import Appraisal
from maturity.appraisals.past import Past
from maturity.appraisals.storing import is_due, live_evaluations, store_missing
from maturity.appraisals.succeeding import Succession
from maturity.appraisals.versions import THE_BEGINNING, Version, in_force, succession
from maturity.appraisals.walking import ways
from maturity.appraisals.weeks import Weeks, corrected_weeks, kept_weeks
from maturity.facts.evidence import Evidence
from maturity.facts.models import Reading
from maturity.facts.organisation import UnitAt
from maturity.scoring.definition import Model

FURTHEST_AHEAD = timedelta(days=35)
WEEKLY_LOCK = 0x6D617475  # one storing of the week at a time in a database
KEPT_FOR = 5  # times as long as the making took: at most a fifth of a process is spent on it
LONGEST_KEPT = 3600.0
SLOW = 1.0  # seconds: what takes longer is drawn by the worker, not by who opens the page
UNTIL_DRAWN = 1200.0  # the worker comes every five minutes
FIRST_YEAR = 1970


PastReading = Reading


@dataclass(frozen=True)
class Picture:
    """One appraisal with what the page shows beside it."""

    derived: Derived
    reading: PastReading
    company: str
    evidence: Mapping[str, Evidence]
    has_imported_history: bool
    made_at: datetime
    weeks: Weeks = field(default_factory=Weeks)
    took: float = 0.0  # seconds

    def appraisal(self) -> dict[str, Any]:
        return derivation.appraisal(self.derived, reading=self.reading.value)


def check_day(as_of: date, *, today: date) -> date:
    if as_of > today + FURTHEST_AHEAD:
        raise Invalid("as_of may lie at most 35 days ahead", code="as_of_too_late")
    if as_of.year < FIRST_YEAR:
        raise Invalid("as_of lies before anything could be known", code="as_of_too_early")
    return as_of


def picture(as_of: date, *, reading: PastReading, at: datetime | None = None) -> Picture:
    """Derives the appraisal of that day from all records; seconds for a large company."""
    now = at or timezone.now()
    check_day(as_of, today=now.date())
    return pictured(past_of(reading, as_of), as_of, now=now)


def pictured(past: Past, as_of: date, *, now: datetime) -> Picture:
    derived, reading = derived_from(past, as_of, now=now), past.reading
    if reading is PastReading.KNOWN:
        weeks = kept_weeks(as_of)
    else:
        weeks = corrected_weeks(past, derived.walked, derived.last_monday)
    return Picture(
        derived=derived,
        reading=reading,
        company=past.company(as_of),
        evidence=past.evidence(as_of),
        has_imported_history=past.at(as_of).has_imports,
        made_at=now,
        weeks=weeks,
    )


def past_of(reading: PastReading, as_of: date) -> Past:
    """Counted under the version of the model that is in force on that day."""
    return Past(reading, in_force(as_of), now=timezone.now())


def derived_from(past: Past, as_of: date, *, now: datetime) -> Derived:
    """The appraisal of that day, from kept facts where they are."""
    return _derived(past, as_of, now=now, walk=Succession(past, exempted()))


def _derived(past: Past, as_of: date, *, now: datetime, walk: Succession) -> Derived:
    return derivation.derive(
        past,
        as_of,
        now=now,
        live=live_evaluations(as_of),
        units_at=lambda on: past.units_at(on, as_of=as_of),
        exempted=walk.aside,
        stride_at=walk.end,
    )


def shadow_of(model: Model, as_of: date, *, reading: PastReading) -> Derived:
    """The appraisal of that day as if this version of the model had always been in force."""
    past = Past(reading, model, now=timezone.now())
    alone = Succession(past, exempted(), [Version(model, THE_BEGINNING)])
    return _derived(past, as_of, now=timezone.now(), walk=alone)


def remembered_shadow(model: Model, as_of: date, *, reading: PastReading) -> Derived:
    """The same from the cache where it can be, as a picture is."""
    key = f"shadow:{ways()[:16]}:{model.sha256[:16]}:{reading.value}:{as_of.isoformat()}"
    with suppress(RedisError):
        found = cache.get(key)
        if isinstance(found, Derived):
            return found
    begun = time.monotonic()
    made = shadow_of(model, as_of, reading=reading)
    with suppress(RedisError):
        cache.set(key, made, min(KEPT_FOR * (time.monotonic() - begun), LONGEST_KEPT))
    return made


def picture_key(as_of: date, reading: PastReading) -> str:
    """Another release that walks otherwise does not show what the one before made."""
    said = [f"{one.since} {one.model.sha256}" for one in succession() if one.since <= as_of]
    said.append(ways())
    ground = hashlib.sha256(" ".join(said).encode()).hexdigest()[:16]
    return f"picture:{ground}:{reading.value}:{as_of.isoformat()}"


def kept_picture(as_of: date, *, reading: PastReading) -> Picture | None:
    with suppress(RedisError):
        found = cache.get(picture_key(as_of, reading))
        return found if isinstance(found, Picture) else None
    return None


def remembered_picture(as_of: date, *, reading: PastReading) -> Picture:
    """The same from the cache where it can be: it is kept five times as long as it took.

    Today's, where it takes long, is kept until the worker has drawn the next: nobody waits.
    """
    return kept_picture(as_of, reading=reading) or drawn_picture(as_of, reading=reading)


def drawn_picture(as_of: date, *, reading: PastReading) -> Picture:
    begun = time.monotonic()
    made = picture(as_of, reading=reading)
    took = time.monotonic() - begun
    kept = min(KEPT_FOR * took, LONGEST_KEPT)
    if took > SLOW and (as_of, reading) == warmed():
        kept = max(kept, UNTIL_DRAWN)
    made = replace(made, took=took)
    with suppress(RedisError):
        cache.set(picture_key(as_of, reading), made, kept)
    return made


def evidence_of(
    as_of: date, *, reading: PastReading, unit: UUID | None, criterion: str
) -> Evidence:
    """The records behind one criterion of the company or a unit, remembered like a picture."""
    model = in_force(as_of)
    key = f"evidence:{model.sha256[:16]}:{reading.value}:{as_of.isoformat()}:{unit}:{criterion}"
    with suppress(RedisError):
        found = cache.get(key)
        if isinstance(found, Evidence):
            return found
    begun = time.monotonic()
    seen = past_of(reading, as_of).seen(as_of)
    made = seen.evidence(as_of, model.by_id[criterion].metric, unit=unit)
    with suppress(RedisError):
        cache.set(key, made, min(KEPT_FOR * (time.monotonic() - begun), LONGEST_KEPT))
    return made


def warmed() -> tuple[date, PastReading]:
    """What the worker keeps at hand."""
    return timezone.localdate(), PastReading.CORRECTED


def warm_picture() -> None:
    """Derives today's appraisal ahead of those who will open the page, unless it is fresh."""
    as_of, reading = warmed()
    found = kept_picture(as_of, reading=reading)
    age = (timezone.now() - found.made_at).total_seconds() if found else None
    if found is None or age is None or age >= KEPT_FOR * found.took:
        drawn_picture(as_of, reading=reading)


def unit_of(derived: Derived, unit: str) -> UnitAt:
    """The unit by the id that is shown, or by ours."""
    for one in derived.day.units:
        if unit in (one.key, str(one.unit)):
            return one
    raise Missing(f"there is no unit {unit}", code="unknown_unit")


def said_of(made: Picture, *, unit: str | None = None) -> dict[str, Any]:
    if unit is None:
        return made.appraisal()
    one = unit_of(made.derived, unit)
    return derivation.unit_appraisal(made.derived, one, reading=made.reading.value)


def appraise(
    as_of: date, *, reading: PastReading, unit: str | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """The appraisal as one object, derived anew from the records."""
    return said_of(picture(as_of, reading=reading, at=at), unit=unit)


def store_due_appraisals(*, at: datetime | None = None) -> int:
    """Keeps what each Monday that has come says, once; answers how many Mondays were stored.

    Runs 15 minutes after the last unit's midnight. Mondays that were missed are stored as
    replayed: they are never live.
    """
    now = at or timezone.now()
    monday = derivation.last_monday(now.date())
    if Appraisal.objects.filter(as_of=monday, unit=None).exists() or not is_due(monday, now=now):
        return 0
    with transaction.atomic():
        if not only_one_stores():
            return 0
        return store_missing(monday, now=now)


def only_one_stores() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [WEEKLY_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
