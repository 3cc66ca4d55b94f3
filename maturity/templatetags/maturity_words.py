"""The model's own words in the reader's language, and outcomes in people's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from maturity.executive import behind as records
from maturity.executive import wording
from maturity.executive.asking import Asked
from maturity.executive.wording import language
from maturity.scoring.definition import Words

register = template.Library()

EFFORTS = {"low": _("low effort"), "medium": _("medium effort"), "high": _("high effort")}


@register.filter
def said(words: Mapping[str, str]) -> str:
    return words.get(language(), "")


@register.filter
def said_name(words: Mapping[str, Words]) -> str:
    """A criterion's name."""
    return words[language()].name


@register.filter
def outcome_word(outcome: str) -> str:
    return wording.outcome_word(outcome)


@register.filter
def effort_word(effort: str) -> str:
    return str(EFFORTS[effort])


@register.filter
def kind_word(kind: str) -> str:
    return records.kind_word(kind)


@register.filter
def svg(number: float) -> str:
    """A coordinate: a point, whatever the language."""
    return f"{number:.1f}"


@register.filter
def plain(number: float) -> str:
    """Whole, in the reader's grouping."""
    return number_format(number, 0, force_grouping=True)


@register.filter
def get(found: Mapping[str, Any] | None, key: str) -> Any:
    return (found or {}).get(key)


@register.filter
def query(asked: Asked) -> str:
    """`?...` that asks for the same day, reading and unit."""
    return f"?{urlencode(asked.query())}"


@register.filter
def behind(criterion: str, asked: Asked) -> str:
    """The address of what lies behind a criterion."""
    return f"{reverse('maturity-criterion', args=[criterion])}{query(asked)}"
