"""Answers that are written so often that they lie ready, with gaps that fill themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.journal.models import Acted
from crm.organisation.models import Employee, Unit, User
from crm.values import uuid7

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class ReadyAnswerQuerySet(models.QuerySet["ReadyAnswer"]):
    def visible_to(self, user: User | AnonymousUser) -> ReadyAnswerQuerySet:
        """What is shared, and one's own."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        return self.filter(Q(shared=True) | Q(owner__user=user))


class ReadyAnswer(Acted):
    """What is typed after "/" in an answer. text: {{first_name}} and the like fill themselves.

    shared: for everybody who answers; else for its owner alone. unit: null where it fits all.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=60, help_text=_("what is typed after /"))
    text = models.TextField(_("text"))
    language = models.CharField(_("language"), max_length=8, default="en")
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name=_("unit"),
        related_name="+",
    )
    owner = models.ForeignKey(
        Employee, on_delete=models.PROTECT, verbose_name=_("owner"), related_name="+"
    )
    shared = models.BooleanField(
        _("shared"), default=True, help_text=_("for everybody who answers; else for you alone")
    )
    active = models.BooleanField(_("in use"), default=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ReadyAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("ready answer")
        verbose_name_plural = _("ready answers")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name", "language"],
                condition=Q(active=True),
                name="a_ready_answer_has_one_name",
            )
        ]

    def __str__(self) -> str:
        return self.name
