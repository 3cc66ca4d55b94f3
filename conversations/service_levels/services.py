"""Keeping targets, and finding which one was in force for whom and when."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction
from django.utils import timezone

from conversations.service_levels.amounts import amount_of
from conversations.service_levels.clock import ALWAYS, Calendar
from conversations.service_levels.models import Target, TargetFacts, TargetVersion
from conversations.service_levels.replay import Clock, Terms
from crm.journal.services import record
from crm.organisation.calendars import holidays_of, periods_of
from crm.organisation.models import CalendarVersion
from crm.values import Actor

_FACTS = tuple(
    field.attname for field in TargetFacts._meta.get_fields() if isinstance(field, models.Field)
)


def save_target(target: Target, *, by: Actor, at: datetime | None = None) -> Target:
    """Keeps `target` with a version from `at` on: what was applied before stays as it was."""
    at = at or timezone.now()
    with transaction.atomic():
        is_new = target._state.adding  # noqa: SLF001 - what Django's own save() looks at
        target.save()
        facts = {name: getattr(target, name) for name in _FACTS}
        if target.versions.order_by("-occurred_at").values(*_FACTS).first() != facts:
            TargetVersion.objects.create(target=target, occurred_at=at, **facts)
        record(f"target_{'added' if is_new else 'changed'}", target, by=by, at=at)
    return target


Version = TypeVar("Version", TargetVersion, CalendarVersion)


@dataclass(frozen=True, slots=True)
class Book:
    """Every version of every target and calendar: there are few, and a batch asks often."""

    targets: Mapping[uuid.UUID, list[TargetVersion]]
    calendars: Mapping[uuid.UUID, list[CalendarVersion]]
    read: dict[tuple[int, int | None], Terms] = field(default_factory=dict)

    def terms(
        self, *, unit: uuid.UUID, channel: uuid.UUID, priority: str, at: datetime
    ) -> Terms | None:
        """What was promised at `at`: by the most particular target that fits."""
        fitting = [
            version
            for versions in self.targets.values()
            if (version := _at(versions, at)) is not None
            and version.active
            and version.unit_id in {None, unit}
            and version.channel_id in {None, channel}
            and version.priority in {"", priority}
        ]
        if not fitting:
            return None
        best = max(fitting, key=_particular)
        found = self.calendars.get(best.calendar_id, []) if best.calendar_id else []
        calendar = (_at(found, at) or found[0]) if found else None
        key = (best.pk, calendar.pk if calendar else None)
        if key not in self.read:
            self.read[key] = _terms(best, calendar)
        return self.read[key]


def book() -> Book | None:
    """None, for the price of one query, where no target was ever made."""
    targets = _by(TargetVersion.objects.order_by("occurred_at"), "target_id")
    if not targets:
        return None
    return Book(targets, _by(CalendarVersion.objects.order_by("occurred_at"), "calendar_id"))


def _by(versions: models.QuerySet[Version], name: str) -> dict[uuid.UUID, list[Version]]:
    found: dict[uuid.UUID, list[Version]] = {}
    for version in versions:
        found.setdefault(getattr(version, name), []).append(version)
    return found


def _at(versions: list[Version], at: datetime) -> Version | None:
    """The newest of what was known by `at`."""
    return next((each for each in reversed(versions) if each.occurred_at <= at), None)


def _particular(version: TargetVersion) -> tuple[bool, bool, bool, float]:
    named = (version.channel_id is not None, version.unit_id is not None, version.priority != "")
    return (*named, -version.recorded_at.timestamp())


def _terms(version: TargetVersion, calendar: CalendarVersion | None) -> Terms:
    texts = {clock: getattr(version, clock.value) for clock in Clock}
    amounts = ((clock, amount_of(text)) for clock, text in texts.items())
    return Terms(
        target_id=version.pk,
        calendar_id=calendar.pk if calendar else None,
        calendar=calendar_of(calendar) if calendar else ALWAYS,
        amounts=tuple((clock, amount) for clock, amount in amounts if amount is not None),
    )


def calendar_of(facts: CalendarVersion) -> Calendar:
    """The clock's form of what the company's form says."""
    single, yearly = holidays_of(facts.holidays)
    week = tuple(periods_of(text) for text in facts.week())
    return Calendar(facts.timezone, week, single, yearly)
