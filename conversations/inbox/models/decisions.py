"""What people decided about a conversation: dated rows, each kept."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models.conversation import Conversation
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee


class NeedsAnswer(Keyed, Acted):
    """A decision whether the conversation needs an answer; the first before the deadline holds.

    by is null when a classifier decided.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    value = models.BooleanField(_("needs an answer"))
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("decision on the need of an answer")
        verbose_name_plural = _("decisions on the need of an answer")
        indexes = [
            models.Index(name="needs_of_a_conversation", fields=["conversation", "occurred_at"]),
            BrinIndex(name="needs_recorded", fields=["recorded_at"], autosummarize=True),
        ]

    def __str__(self) -> str:
        return str(self.value)


class Closing(Keyed, Acted):
    """One closing of a conversation; `by` is null when nobody in particular closed it."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("closing")
        verbose_name_plural = _("closings")
        indexes = [
            models.Index(name="closings_of_a_conversation", fields=["conversation", "occurred_at"]),
            BrinIndex(name="closings_recorded", fields=["recorded_at"], autosummarize=True),
        ]

    def __str__(self) -> str:
        return str(self.occurred_at)
