"""What is promised to those who write: targets, each with its dated versions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.channels.models import Channel
from conversations.service_levels.amounts import check_amount
from crm.journal.models import Keyed, Recorded
from crm.organisation.models import Calendar, Unit


class Priority(models.TextChoices):
    LOW = "low", _("low")
    NORMAL = "normal", _("normal")
    HIGH = "high", _("high")
    URGENT = "urgent", _("urgent")


class TargetFacts(models.Model):
    """Empty unit, channel or priority: every one. No calendar: counted round the clock."""

    name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("unit"),
        related_name="+",
    )
    channel = models.ForeignKey(
        Channel,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("channel"),
        related_name="+",
    )
    priority = models.CharField(
        _("priority"), max_length=6, choices=Priority.choices, blank=True, default=""
    )
    calendar = models.ForeignKey(
        Calendar,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("business calendar"),
        related_name="+",
        help_text=_("None: counted round the clock."),
    )
    first_answer = models.CharField(
        _("first answer"),
        max_length=12,
        blank=True,
        default="",
        validators=[check_amount],
        help_text=_("Business time, like 30 min, 4 h or 2 d; empty: nothing is promised."),
    )
    next_answer = models.CharField(
        _("next answers"), max_length=12, blank=True, default="", validators=[check_amount]
    )
    resolution = models.CharField(
        _("resolution"), max_length=12, blank=True, default="", validators=[check_amount]
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        abstract = True


class Target(Keyed, TargetFacts):
    """A service level. Of several that fit, the one that names the channel counts before the
    one that names the unit, and that before the one that names the priority."""

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TargetVersion(Recorded, TargetFacts):
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="versions")

    class Meta:
        verbose_name = _("version of a service level")
        verbose_name_plural = _("versions of service levels")
        constraints = [
            models.UniqueConstraint(
                fields=["target", "occurred_at"], name="one_target_version_an_instant"
            ),
        ]

    def __str__(self) -> str:
        return self.name
