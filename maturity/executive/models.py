"""What people add to the page: who looks after a gate, and until when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.organisation.models import Employee, Unit
from crm.values import uuid7


class Pledge(models.Model):
    """Somebody looks after one criterion, of the company or of one unit, until a day.

    Rows are added and never changed: the newest of a criterion and unit is in force. Without an
    owner it says that nobody does any more. No figure and no gate looks at it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    criterion = models.CharField(_("criterion"), max_length=20)
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        verbose_name=_("unit"),
        related_name="+",
    )
    owner = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        verbose_name=_("owner"),
        related_name="+",
    )
    due_on = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("what will be done"), max_length=300, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        verbose_name=_("written by"),
        related_name="+",
    )
    made_at = models.DateTimeField(_("written at"), db_default=Now())

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        indexes = [
            models.Index(name="pledges_in_force", fields=["unit", "criterion", "-made_at", "-id"])
        ]

    def __str__(self) -> str:
        return f"{self.criterion} {self.owner or ''}".strip()
