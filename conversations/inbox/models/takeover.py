"""Asking a colleague for their conversation."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models.conversation import Conversation
from crm.journal.models import Acted
from crm.organisation.models import Employee
from crm.values import uuid7


class TakeoverState(models.TextChoices):
    ASKED = "asked", _("asked")
    AGREED = "agreed", _("agreed")
    REFUSED = "refused", _("refused")
    FORCED = "forced", _("taken without consent")
    LAPSED = "lapsed", _("lapsed")


class Takeover(Acted):
    """`asker` wants what `owner` has, for themself or for `taker`.

    ASKED ──owner──> AGREED or REFUSED
      ├── staff, or the asker after a while ──> FORCED
      └── the owner changed meanwhile ──> LAPSED
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="takeovers"
    )
    asker = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        _("state"), max_length=7, choices=TakeoverState.choices, default=TakeoverState.ASKED
    )
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("takeover")
        verbose_name_plural = _("takeovers")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state="asked"),
                name="one_takeover_is_asked_at_a_time",
            ),
            models.CheckConstraint(
                name="takeover_state_is_known",
                condition=models.Q(state__in=TakeoverState.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asker} {self.state} {self.owner}"
