"""The public help centre of a unit, and whether its articles helped."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.knowledge.models.article import Article
from crm.organisation.models import Unit

SLUG = RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", _("small letters, digits and -"))


class HelpCentre(models.Model):
    """One a unit, at /help/{slug}/ while it is open."""

    unit = models.OneToOneField(
        Unit, on_delete=models.PROTECT, verbose_name=_("unit"), related_name="+"
    )
    slug = models.CharField(
        _("address"), max_length=60, unique=True, validators=[SLUG], help_text=_("/help/…/")
    )
    title = models.CharField(_("title"), max_length=120)
    welcome = models.CharField(_("welcome"), max_length=300, blank=True, default="")
    open = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("help centre")
        verbose_name_plural = _("help centres")

    def __str__(self) -> str:
        return self.title


class ArticleFeedback(models.Model):
    """Did it help? One answer a visitor and day, the last one holds; `visitor` names nobody."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="feedback")
    day = models.DateField()
    visitor = models.CharField(max_length=32)
    helped = models.BooleanField()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            models.UniqueConstraint(
                fields=["article", "day", "visitor"], name="a_visitor_answers_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.helped}"
