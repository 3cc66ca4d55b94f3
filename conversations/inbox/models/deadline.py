"""What was promised in one conversation, and whether it was kept."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models.conversation import Conversation
from conversations.service_levels.models import TargetVersion
from crm.organisation.models import CalendarVersion


class Clock(models.TextChoices):
    FIRST_ANSWER = "first_answer", _("first answer")
    NEXT_ANSWER = "next_answer", _("next answer")
    RESOLUTION = "resolution", _("resolution")


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def running(self) -> DeadlineQuerySet:
        """Those that somebody still has to keep, and whose clock does not stand still."""
        return self.filter(met_at=None, dropped_at=None, paused_at=None)

    def soon(self, at: datetime) -> DeadlineQuerySet:
        """Running ones of which the greater part is over, late ones too."""
        return self.running().filter(warn_at__lte=at)

    def late(self, at: datetime) -> DeadlineQuerySet:
        return self.running().filter(due_at__lte=at)


class Deadline(models.Model):
    """One clock of a service level that was started in a conversation.

    Derived from what happened there, anew at each event (`levels.refresh`), but for the three
    columns of the watch: warned_at, breached_at (seen too late), told_at (by mail).
    dropped_at: it ended without being kept, e.g. by closing without an answer.
    """

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,  # a_clock_starts_once_at_a_time begins with it
    )
    clock = models.CharField(_("clock"), max_length=12, choices=Clock.choices)
    started_at = models.DateTimeField(_("started at"))
    target = models.ForeignKey(
        TargetVersion, on_delete=models.PROTECT, verbose_name=_("service level"), related_name="+"
    )
    calendar = models.ForeignKey(
        CalendarVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    due_at = models.DateTimeField(_("due at"))
    warn_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "clock", "started_at"], name="a_clock_starts_once_at_a_time"
            ),
            models.CheckConstraint(
                name="deadline_clock_is_known", condition=models.Q(clock__in=Clock.values)
            ),
        ]
        indexes = [
            models.Index(
                name="deadlines_to_watch",
                fields=["warn_at"],
                condition=models.Q(met_at=None, dropped_at=None, paused_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_clock_display()} {self.due_at}"

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.dropped_at is None and self.paused_at is None

    @property
    def tone(self) -> str:
        """late, soon or fine while it runs; kept, missed, paused or dropped else."""
        now = timezone.now()
        if self.dropped_at is not None:
            return "dropped"
        if self.met_at is not None:
            return "kept" if self.met_at <= self.due_at else "missed"
        if self.paused_at is not None:
            return "paused"
        return "late" if self.due_at <= now else "soon" if self.warn_at <= now else "fine"
