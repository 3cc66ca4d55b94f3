"""Rows of the approval ladder: where it stands, what was decided, and who vouched for whom."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ambassadors.governance.models import NamedRole
from ambassadors.governance.trust import Terms
from conversations.inbox.models import Message
from crm.journal.models import Acted, Keyed
from crm.organisation.models import Employee, Unit


class Ladder(models.Model):
    """New ambassadors' answers wait for approval in `unit` (everywhere where none is named).

    Without an active ladder nothing is held. A unit's own ladder goes before the general one.
    """

    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        verbose_name=_("unit"),
        related_name="+",
        help_text=_("Empty: every unit without a ladder of its own."),
    )
    active = models.BooleanField(_("active"), default=True)
    threshold = models.PositiveSmallIntegerField(
        _("answers approved as written until trusted"),
        default=5,
        validators=[MinValueValidator(1)],
    )
    correction_cost = models.PositiveSmallIntegerField(_("points a correction costs"), default=2)
    withdrawal_cost = models.PositiveSmallIntegerField(
        _("points a withdrawal or a late escalation costs"), default=4
    )
    role = models.ForeignKey(
        NamedRole,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("who approves besides the unit's staff"),
        related_name="+",
    )

    class Meta:
        verbose_name = _("approval ladder")
        verbose_name_plural = _("approval ladders")
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], name="one_ladder_a_unit", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="a_ladder_has_a_step", condition=models.Q(threshold__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return str(self.unit or _("every unit"))

    @property
    def terms(self) -> Terms:
        return Terms(self.threshold, self.correction_cost, self.withdrawal_cost)


class StepKind(models.TextChoices):
    ASKED = "asked", _("waits for approval")
    APPROVED = "approved", _("approved as written")
    EDITED = "edited", _("approved with changes")
    SENT_BACK = "sent_back", _("sent back")
    REWRITTEN = "rewritten", _("written anew")
    DROPPED = "dropped", _("dropped")


class Step(Keyed, Acted):
    """One step of a held answer; added, never changed but for when it was told.

        ASKED ──> APPROVED | EDITED
          └─> SENT_BACK ──> REWRITTEN ──> (as ASKED)
                       └──> DROPPED

    text: the words before this step, where it changed them. `by` is null for ASKED.
    told_at: when those whose turn it is were told by mail; at once where there is nobody to tell.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("step"), max_length=9, choices=StepKind.choices)
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")
    comment = models.CharField(_("comment"), max_length=2000, blank=True, default="")
    text = models.TextField(blank=True, default="")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("step of an approval")
        verbose_name_plural = _("steps of approvals")
        constraints = [
            models.CheckConstraint(
                name="approval_step_is_known", condition=models.Q(kind__in=StepKind.values)
            ),
            models.UniqueConstraint(
                fields=["message"],
                condition=models.Q(kind="asked"),
                name="an_approval_is_asked_once",
            ),
            models.UniqueConstraint(
                fields=["message"],
                condition=models.Q(kind__in=["approved", "edited", "dropped"]),
                name="an_approval_ends_once",
            ),
        ]
        indexes = [
            models.Index(name="steps_of_a_message", fields=["message", "occurred_at"]),
            models.Index(
                name="steps_to_tell",
                fields=["occurred_at"],
                condition=models.Q(told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Vouch(Keyed, Acted):
    """Somebody of the staff lifts a person to trusted, or puts them under watch again."""

    employee = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="+", verbose_name=_("employee")
    )
    trusted = models.BooleanField(_("trusted"))
    by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("word for a person")
        verbose_name_plural = _("words for people")
        indexes = [models.Index(name="vouches_of_a_person", fields=["employee", "occurred_at"])]

    def __str__(self) -> str:
        return str(self.employee)
