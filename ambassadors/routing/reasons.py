"""Why an offer may be declined: a list that the company keeps, with four codes that always stay."""

from __future__ import annotations

from dataclasses import dataclass

import pgtrigger
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ambassadors.routing.models import DeclineReason


class Reason(models.Model):
    """One entry of the list. Clients know the four codes of `DeclineReason`; they can be renamed
    for people and moved, never dropped.

    proposes_absence: whoever chooses it is asked until when they are away.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    label_en = models.CharField(_("in English"), max_length=80)
    label_fr = models.CharField(_("in French"), max_length=80)
    position = models.PositiveIntegerField(_("order"), default=100)
    active = models.BooleanField(_("active"), default=True)
    proposes_absence = models.BooleanField(_("proposes an absence"), default=False)

    class Meta:
        verbose_name = _("reason to decline")
        verbose_name_plural = _("reasons to decline")
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                name="the_four_reasons_stay_active",
                condition=~models.Q(code__in=DeclineReason.values) | models.Q(active=True),
                violation_error_message=_("Programs rely on this reason: it stays active."),
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="the_four_reasons_stay",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__code__in=DeclineReason.values),
            ),
            pgtrigger.Protect(
                name="the_four_reasons_keep_their_code",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(
                    old__code__in=DeclineReason.values, old__code__df=pgtrigger.F("new__code")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """In the language that is active."""
        return self.label_fr if (get_language() or "").startswith("fr") else self.label_en

    @property
    def is_fixed(self) -> bool:
        return self.code in DeclineReason.values


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    label: str
    proposes_absence: bool


def choices() -> list[Choice]:
    """What may be chosen now, in order; the four are there even where no row says so."""
    kept = [
        Choice(each.code, each.label, each.proposes_absence)
        for each in Reason.objects.filter(active=True)
    ]
    known = {each.code for each in kept}
    built_in = [
        Choice(code.value, str(code.label), code == DeclineReason.ABSENT)
        for code in DeclineReason
        if code.value not in known
    ]
    return [*kept, *built_in]
