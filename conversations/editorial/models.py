"""The editorial plan: what is published, what was expected of it, what was learnt."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee
from crm.values import uuid7


class Publication(Keyed, Acted):
    """planned_at: when the plan held it; publish_at: when it should appear; published_at: when
    it did. The expectation is a metric and a value."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"))
    planned_at = models.DateTimeField(_("planned at"))
    publish_at = models.DateTimeField(_("to be published at"))
    audience = models.CharField(_("audience"), max_length=200, blank=True, default="")
    expected_metric = models.CharField(max_length=60, blank=True, default="")
    expected_value = models.FloatField(null=True, blank=True)
    approved_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")

    def __str__(self) -> str:
        return self.text[:60]


class Reaction(Keyed, Acted):
    """A measured reaction; `compared_by` set: that person compared it with the expectation."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="+")
    metric = models.CharField(max_length=60)
    value = models.FloatField()
    compared_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")

    def __str__(self) -> str:
        return f"{self.metric} {self.value}"


class Decision(Keyed, Acted):
    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return self.text[:60]
