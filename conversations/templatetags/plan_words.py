"""Small words of the plan's templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

_NAMES = {
    "clicks": _("clicks"),
    "replies": _("replies"),
    "likes": _("likes"),
    "shares": _("shares"),
    "comments": _("comments"),
    "registrations": _("registrations"),
    "repeats": _("repeats"),
}


@register.filter
def metric_name(metric: str) -> str:
    """In the reader's language where it is one that networks count; else the company's own word."""
    return str(_NAMES.get(metric.casefold().strip(), metric))
