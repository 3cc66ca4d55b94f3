"""The facts of a day, kept as they were counted: append-only."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models.functions import MD5, Cast, Now
from django.utils.translation import gettext_lazy as _


class Reading(models.TextChoices):
    """known: only what was recorded by then. corrected: everything known now."""

    KNOWN = "known", _("as known")
    CORRECTED = "corrected", _("as corrected")


def append_only(name: str) -> list[pgtrigger.Trigger]:
    return [pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)]


class DayFacts(models.Model):
    """What every measure counted on one day, for each unit and for the pool of all.

    cut: the last unit's midnight; nothing that happened at or after it is in here.
    counted_at: everything is in here that was recorded before; a corrected day is counted anew
    when something older than its cut is recorded later, and the newest row is the one in force.
    ground: what else the figures rest on (the model, how it is counted, facts without a date).
    begins: the first Monday of the walk as this row knows it; null: none up to this day.
    evidence: the records behind the company's criteria, kept of days counted as they came.
    digest: of the figures.
    """

    day = models.DateField(_("day"))
    reading = models.CharField(_("reading"), max_length=9, choices=Reading.choices)
    cut = models.DateTimeField()
    counted_at = models.DateTimeField(_("counted at"))
    ground = models.CharField(max_length=64)
    begins = models.DateField(null=True)
    has_imports = models.BooleanField(default=False)
    said: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    evidence: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True
    )
    digest = models.GeneratedField(
        expression=MD5(Cast("said", models.TextField())),
        output_field=models.CharField(max_length=32),
        db_persist=True,
    )
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("facts of a day")
        verbose_name_plural = _("facts of days")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="facts_newest_first", fields=["reading", "ground", "day", "-id"])
        ]
        constraints = [
            models.UniqueConstraint(
                name="what_was_known_is_counted_once",
                fields=["day", "ground"],
                condition=models.Q(reading="known"),
            ),
            models.CheckConstraint(
                name="facts_reading_is_known", condition=models.Q(reading__in=Reading.values)
            ),
            models.CheckConstraint(
                name="facts_are_of_days_that_are_over",
                condition=models.Q(counted_at__gte=models.F("cut")),
            ),
        ]
        triggers = append_only("facts_are_append_only")

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.reading}"


class Touch(models.Model):
    """One look at what the rooms recorded up to `until`, since the look before.

    oldest: what was recorded says something about this moment, and about none before it: the facts
    of every day whose cut lies after it, counted before this look, are out of date. Null: nothing.
    """

    until = models.DateTimeField()
    oldest = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("look at what changed")
        verbose_name_plural = _("looks at what changed")
        constraints = [models.UniqueConstraint(fields=["until"], name="one_look_a_moment")]
        triggers = append_only("looks_are_append_only")

    def __str__(self) -> str:
        return f"{self.until}"
