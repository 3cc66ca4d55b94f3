"""The append-only log of acts: who did what, by which door, when it happened, when we knew."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.values import Via, uuid7


class Recorded(models.Model):
    """A dated row: when it happened, and when this installation came to know of it.

    `occurred_at` may be years before `recorded_at` (imported history). The reading of the past
    "as known on D" looks at `recorded_at`, the one "as corrected" at `occurred_at` alone.
    """

    occurred_at = models.DateTimeField(_("happened at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


class Keyed(models.Model):
    """A row that may have come from another system: `key` is that source's own id, or null.

    Our own id is a UUID, so that it never equals an id of another system or installation.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(_("source's id"), max_length=200, null=True, blank=True, unique=True)

    class Meta:
        abstract = True

    @property
    def source_id(self) -> str:
        """The id this row has in exports and in the API: the source's own, else ours."""
        return self.key or str(self.pk)


class Acted(Recorded):
    """Something a named person did: `via` says whether it was that person's own act."""

    via = models.CharField(
        _("via"), max_length=12, choices=Via.choices, default=Via.AUTOMATION, editable=False
    )

    class Meta:
        abstract = True


class Act(Recorded):
    """One thing somebody did. `data` holds ids and states, never message text."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("actor"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    via = models.CharField(_("via"), max_length=12, choices=Via.choices)
    session = models.CharField(max_length=64, blank=True, default="")
    verb = models.CharField(_("act"), max_length=60)
    subject_type = models.CharField(_("subject"), max_length=40)
    subject_id = models.CharField(max_length=64)
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("journal")
        constraints = [
            models.CheckConstraint(name="act_via_is_known", condition=models.Q(via__in=Via.values)),
        ]
        indexes = [
            models.Index(name="acts_of_a_subject", fields=["subject_type", "subject_id", "id"]),
            models.Index(name="acts_by_time", fields=["occurred_at"]),
        ]
        triggers = [
            pgtrigger.Protect(name="journal_is_append_only", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="journal_is_never_edited",
                operation=pgtrigger.UpdateOf("verb", "subject_type", "subject_id", "data", "via"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"


class Pulse(models.Model):
    """The last sign of life of a part that must not die silently (a worker, beat, a sweep)."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("pulse")
        verbose_name_plural = _("pulses")

    def __str__(self) -> str:
        return self.name


class Tombstone(models.Model):
    """Something that was erased at `at`, known by a keyed digest alone (`tombstones`)."""

    digest = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        triggers = [pgtrigger.Protect(name="tombstones_stay", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"
