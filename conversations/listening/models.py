"""What is said of the company elsewhere, and what a person decided about it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Source
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee
from crm.values import uuid7


class Mention(Keyed, Acted):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"), blank=True)
    author = models.CharField(_("author"), max_length=320, blank=True, default="")
    url = models.CharField(_("address"), max_length=2000, blank=True, default="")

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")

    def __str__(self) -> str:
        return self.url or str(self.pk)


class TriageOutcome(models.TextChoices):
    IGNORE = "ignore", _("ignore")
    WATCH = "watch", _("watch")
    ENGAGE = "engage", _("engage")


class Triage(Keyed, Acted):
    mention = models.ForeignKey(Mention, on_delete=models.CASCADE, related_name="triages")
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=6, choices=TriageOutcome.choices)

    class Meta:
        verbose_name = _("triage")
        verbose_name_plural = _("triages")
        constraints = [
            models.CheckConstraint(
                name="triage_outcome_is_known",
                condition=models.Q(outcome__in=TriageOutcome.values),
            )
        ]

    def __str__(self) -> str:
        return self.outcome
