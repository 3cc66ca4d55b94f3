"""What was said of the company each week, kept as it was said: append-only."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.organisation.models import Unit
from crm.values import uuid7
from maturity.scoring.gates import Outcome


class Kept(models.Model):
    """A row that is written once."""

    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


def never_changed(name: str) -> list[pgtrigger.Trigger]:
    change = pgtrigger.Update | pgtrigger.Delete
    return [pgtrigger.Protect(name=name, operation=change)]


class Appraisal(Kept):
    """The weekly evaluation of the company, or of one unit, as known on that Monday.

    live: stored by the weekly job in its own week; a replayed one never is. number is null while
    unassessed. said: the whole object that `manage.py appraise --reading known` prints.
    """

    as_of = models.DateField(_("as of"))
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("unit"),
        related_name="+",
    )
    number = models.PositiveSmallIntegerField(_("stage"), null=True)
    at_risk = models.BooleanField(_("at risk"), default=False)
    live = models.BooleanField(_("made live"), default=False)
    model_version = models.CharField(_("model version"), max_length=20)
    model_sha256 = models.CharField(max_length=64)
    blocking = ArrayField(models.CharField(max_length=20), default=list)
    said: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("appraisal")
        verbose_name_plural = _("appraisals")
        ordering: ClassVar[list[str]] = ["-as_of", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["as_of", "unit"], name="one_appraisal_a_week", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="stage_is_known",
                condition=models.Q(number__isnull=True) | models.Q(number__range=(1, 5)),
            ),
        ]
        triggers = never_changed("appraisals_are_append_only")

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d} {self.unit or ''}".strip()


class Reading(Kept):
    """One criterion of an appraisal, with the records behind it.

    k, n, lower, upper, enter, stay, minimum: as in the appraisal's object. records: up to 50
    links, oldest and newest: when the cases lie; digest: SHA-256 over the ids of all of them.
    """

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="readings")
    criterion = models.CharField(_("criterion"), max_length=20)
    outcome = models.CharField(
        _("outcome"), max_length=14, choices=[(one.value, one.value) for one in Outcome]
    )
    k = models.PositiveIntegerField()
    n = models.PositiveIntegerField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    enter = models.FloatField()
    stay = models.FloatField()
    minimum = models.PositiveIntegerField(null=True)
    is_open = models.BooleanField(_("gate is open"), default=False)
    confirmations = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    held = models.PositiveSmallIntegerField(default=0)
    oldest = models.DateTimeField(null=True)
    newest = models.DateTimeField(null=True)
    records: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(default=list)
    digest = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [
            models.UniqueConstraint(
                fields=["appraisal", "criterion"], name="one_reading_a_criterion"
            ),
            models.CheckConstraint(
                name="outcome_is_known",
                condition=models.Q(outcome__in=[one.value for one in Outcome]),
            ),
        ]
        triggers = never_changed("readings_are_append_only")

    def __str__(self) -> str:
        return f"{self.criterion} {self.outcome}"


class Transition(Kept):
    """A change of stage that a weekly evaluation made, and what caused it.

    joined: ids of the units that came, without whom it had not been made.
    """

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="transitions")
    at = models.DateField(_("on"))
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("unit"),
        related_name="+",
    )
    came_from = models.PositiveSmallIntegerField(_("from"), null=True)
    to = models.PositiveSmallIntegerField(_("to"), null=True)
    causes = ArrayField(models.CharField(max_length=20), verbose_name=_("causes"), default=list)
    joined = ArrayField(models.UUIDField(), verbose_name=_("units that came"), default=list)

    class Meta:
        verbose_name = _("change of stage")
        verbose_name_plural = _("changes of stage")
        constraints = [
            models.UniqueConstraint(
                fields=["at", "unit"], name="one_change_of_stage_a_week", nulls_distinct=False
            )
        ]
        triggers = never_changed("transitions_are_append_only")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.came_from} → {self.to}"


class ModelVersion(models.Model):
    """A file of the model: appraised in shadow from `seen_at` on, in force once it is adopted.

    since: from this Monday on; of the first version, which is kept when the second is adopted, a
    day before any record. Past weeks were derived with it: it is never changed or deleted.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    version = models.CharField(_("version"), max_length=20)
    text = models.TextField()
    seen_at = models.DateTimeField(_("in shadow since"), db_default=Now())
    since = models.DateField(_("in force from"), null=True, unique=True)
    adopted_at = models.DateTimeField(_("adopted at"), null=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("version of the model")
        verbose_name_plural = _("versions of the model")
        constraints = [
            models.CheckConstraint(
                name="what_is_in_force_was_adopted",
                condition=models.Q(since=None) | models.Q(adopted_at__isnull=False),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="versions_of_the_model_are_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="a_version_of_the_model_says_one_thing",
                fields=["sha256", "version", "text", "seen_at"],
            ),
            pgtrigger.Protect(
                name="a_version_is_adopted_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__since__isnull=False)
                & (
                    pgtrigger.Q(old__since__df=pgtrigger.F("new__since"))
                    | pgtrigger.Q(old__adopted_at__df=pgtrigger.F("new__adopted_at"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.version


class Exemption(models.Model):
    """A gate that is set aside, for the company or for one unit, until a day.

    asked -> approved by somebody else -> over after its last day, or ended before it
          -> closed (withdrawn by who asked, refused by another)

    is_current: it holds the one place of its stage; the place of one that is over is given back
    when the next one is approved. Rows are never deleted: past weeks were derived with them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    criterion = models.CharField(_("criterion"), max_length=20)
    stage = models.PositiveSmallIntegerField(_("stage"))
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("unit"),
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=500)
    until = models.DateField(_("last day"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"), db_default=Now())
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed at"), null=True)
    is_current = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("exemption")
        verbose_name_plural = _("exemptions")
        ordering: ClassVar[list[str]] = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "stage"],
                condition=models.Q(is_current=True),
                name="one_exempted_gate_a_stage",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["unit", "criterion"],
                condition=models.Q(approved_at=None, closed_at=None),
                name="a_gates_exemption_is_asked_for_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="nobody_approves_their_own_exemption",
                condition=models.Q(approved_by=None) | ~models.Q(approved_by=models.F("asked_by")),
            ),
            models.CheckConstraint(
                name="only_what_was_approved_is_current",
                condition=models.Q(is_current=False) | models.Q(approved_at__isnull=False),
            ),
        ]
        triggers = [pgtrigger.Protect(name="exemptions_are_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.criterion} {self.until:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Asked for, and nobody has decided."""
        return self.approved_at is None and self.closed_at is None
