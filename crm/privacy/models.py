"""Erasures and exports of a person: asked for, decided, carried out, and proved by counts."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.contacts.models import Contact
from crm.journal.models import Acted
from crm.values import uuid7


class ErasureState(models.TextChoices):
    ASKED = "asked", _("waits for a second person")
    REFUSED = "refused", _("refused")
    RUNNING = "running", _("under way")
    DONE = "done", _("done")


class Ground(models.TextChoices):
    """Why: closed words, since free ones would keep what is to go."""

    ASKED = "asked", _("the person asked for it")
    RETENTION = "retention", _("it is no longer needed")
    UNLAWFUL = "unlawful", _("it should not have been kept")


class Erasure(Acted):
    """One person's erasure, and its proof when it is done.

        ASKED ──somebody else approves──> RUNNING ──every room is empty──> DONE
          └──refused──> REFUSED

    contact, contacts, identities: who, as ids that say nothing; the merged ones are included.
    counts: table -> rows changed. started_at: what came in later is not meant.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="erasures", verbose_name=_("contact")
    )
    state = models.CharField(_("state"), max_length=7, choices=ErasureState.choices)
    ground = models.CharField(_("ground"), max_length=9, choices=Ground.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("asked by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    started_at = models.DateTimeField(_("begun at"), null=True)
    done_at = models.DateTimeField(_("done at"), null=True)
    contacts = ArrayField(models.UUIDField(), default=list)
    identities = ArrayField(models.BigIntegerField(), default=list)
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(
        _("rows changed"), default=dict
    )

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(state__in=["asked", "running"]),
                name="a_person_is_erased_once_at_a_time",
            ),
            models.CheckConstraint(
                name="erasure_state_is_known", condition=models.Q(state__in=ErasureState.values)
            ),
            models.CheckConstraint(
                name="erasure_ground_is_known", condition=models.Q(ground__in=Ground.values)
            ),
        ]
        indexes = [
            models.Index(
                name="erasures_to_carry", fields=["id"], condition=models.Q(state="running")
            )
        ]

    def __str__(self) -> str:
        return f"{self.occurred_at:%Y-%m-%d} {self.get_state_display()}"

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


class ExportState(models.TextChoices):
    ASKED = "asked", _("being put together")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    GONE = "gone", _("deleted")


class ContactExport(Acted):
    """All of one person in a ZIP file, for who asked for it, until `expires_at`.

    ASKED ──> READY ──expired, or the person is erased──> GONE;  ASKED ──three tries──> FAILED
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="exports", verbose_name=_("contact")
    )
    state = models.CharField(
        _("state"), max_length=6, choices=ExportState.choices, default=ExportState.ASKED
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    file = models.CharField(max_length=200, blank=True, default="")
    size = models.PositiveBigIntegerField(_("size"), null=True)
    ready_at = models.DateTimeField(_("ready at"), null=True)
    expires_at = models.DateTimeField(_("kept until"), null=True)

    class Meta:
        verbose_name = _("export of a person")
        verbose_name_plural = _("exports of people")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "asked_by"],
                condition=models.Q(state="asked"),
                name="an_export_is_made_once_at_a_time",
            ),
            models.CheckConstraint(
                name="export_state_is_known", condition=models.Q(state__in=ExportState.values)
            ),
        ]
        indexes = [
            models.Index(name="exports_to_make", fields=["id"], condition=models.Q(state="asked")),
            models.Index(
                name="exports_to_delete", fields=["expires_at"], condition=models.Q(state="ready")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occurred_at:%Y-%m-%d} {self.get_state_display()}"
