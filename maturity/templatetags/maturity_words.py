"""The model's own words in the reader's language, and outcomes in people's."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import gettext_lazy as _

from maturity.executive.page import language

register = template.Library()

OUTCOMES = {
    "MET": _("met"),
    "HELD": _("held"),
    "NOT_MET": _("not met"),
    "INSUFFICIENT": _("not enough data"),
    "NO_SOURCE": _("no source"),
    "NOT_APPLICABLE": _("exempted"),
    "ERROR": _("error"),
}
EFFORTS = {"low": _("low effort"), "medium": _("medium effort"), "high": _("high effort")}


@register.filter
def said(words: Mapping[str, str]) -> str:
    return words.get(language(), "")


@register.filter
def outcome_word(outcome: str) -> str:
    return str(OUTCOMES[outcome])


@register.filter
def effort_word(effort: str) -> str:
    return str(EFFORTS[effort])


@register.filter
def svg(number: float) -> str:
    """A coordinate: a point, whatever the language."""
    return f"{number:.1f}"
