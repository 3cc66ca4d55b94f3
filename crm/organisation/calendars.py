"""How business hours are written on a form, and what is meant by it. No database here.

A day is "09:00-12:30, 14:00-18:00", empty for closed; "00:00-24:00" is the whole day. A holiday
is a line that begins with "2026-12-25" or, for every year, with "12-25"; what follows is its name.
"""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Periods = tuple[tuple[timedelta, timedelta], ...]  # (from, to) since midnight on the wall
WHOLE_DAY = timedelta(hours=24)
_PERIOD = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)\Z")
_LEAP_YEAR = 2024  # in which 29 February is a date


def periods_of(text: str) -> Periods:
    """Raises ValidationError for what can't be read, is empty or overlaps."""
    periods = tuple(_period(part.strip()) for part in text.split(",") if part.strip())
    for (_from, before), (after, _to) in itertools.pairwise(periods):
        if after < before:
            raise ValidationError(_("Periods are in order and do not overlap."), code="order")
    return periods


def _period(text: str) -> tuple[timedelta, timedelta]:
    found = _PERIOD.match(text)
    if found is None:
        raise ValidationError(_("A period is written like 09:00-12:30."), code="period")
    hours = [int(part) for part in found.groups()]
    start, end = (timedelta(hours=h, minutes=m) for h, m in (hours[:2], hours[2:]))
    if hours[1] > 59 or hours[3] > 59 or not start < end <= WHOLE_DAY:
        raise ValidationError(
            _("A period ends after it begins, at 24:00 at the latest."), code="end"
        )
    return start, end


def holidays_of(text: str) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
    """The single days, and the (month, day) of those that come every year."""
    single, yearly = set(), set()
    for line in text.splitlines():
        if not line.strip():
            continue
        day = line.split()[0]
        try:
            if len(day) == len("12-25"):
                read = datetime.strptime(f"{_LEAP_YEAR}-{day}", "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
                yearly.add((read.month, read.day))
            else:
                single.add(date.fromisoformat(day))
        except ValueError as error:
            words = _("A holiday begins with a date, like 2026-12-25 or 12-25: %s")
            raise ValidationError(words % line[:40], code="holiday") from error
    return frozenset(single), frozenset(yearly)


def check_periods(text: str) -> None:
    periods_of(text)


def check_holidays(text: str) -> None:
    holidays_of(text)


def check_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("There is no such time zone; one is called Europe/Paris."))
    ZoneInfo(name)
