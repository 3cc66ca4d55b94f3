"""How much business time is promised: "30 min", "4 h" or "2 d". No database here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from conversations.service_levels.clock import Calendar, add, add_days, between

WARNED_AFTER = 0.75  # of the time, then a deadline is "soon"
_WRITTEN = re.compile(r"([1-9]\d{0,3})\s*(min|h|d)\Z")


@dataclass(frozen=True, slots=True)
class Amount:
    """minutes of business time, or whole business days (the other is 0)."""

    minutes: int = 0
    days: int = 0

    def due(self, calendar: Calendar, start: datetime) -> datetime:
        if self.days:
            return add_days(calendar, start, self.days)
        return add(calendar, start, timedelta(minutes=self.minutes))

    def span(self, calendar: Calendar, start: datetime) -> tuple[datetime, datetime]:
        """(due, soon): soon is when the greater part of the time has gone."""
        due = self.due(calendar, start)
        whole = between(calendar, start, due) if self.days else timedelta(minutes=self.minutes)
        return due, add(calendar, start, whole * WARNED_AFTER)


def amount_of(text: str) -> Amount | None:
    """None for an empty text: nothing is promised. Raises ValidationError."""
    if not text.strip():
        return None
    found = _WRITTEN.match(text.strip())
    if found is None:
        raise ValidationError(_("Written like 30 min, 4 h or 2 d."), code="amount")
    number, unit = int(found[1]), found[2]
    if unit == "d":
        return Amount(days=number)
    return Amount(minutes=number * (60 if unit == "h" else 1))


def check_amount(text: str) -> None:
    amount_of(text)
