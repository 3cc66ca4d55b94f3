"""When a person may be disturbed: in their hours, not during an absence. Arithmetic only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ambassadors.routing.scoring import Period

DAYS_AHEAD = 8  # a week's hours come again within them
MOST_STEPS = 200
Span = tuple[datetime, datetime]


def next_reachable(
    at: datetime, *, hours: Sequence[Period], zone: str, absences: Iterable[Span]
) -> datetime:
    """`at` itself when the person may be told now, else when their hours begin or they are back.

    Somebody with hours that never come is told at once: silence would be worse.
    """
    away = sorted(absences)
    moment = at
    for _step in range(MOST_STEPS):
        back = max((end for start, end in away if start <= moment < end), default=moment)
        begin = _next_hours(back, hours, zone)
        if begin == moment:
            return moment
        moment = begin
    return at


def _next_hours(at: datetime, hours: Sequence[Period], zone: str) -> datetime:
    if not hours:
        return at
    local = at.astimezone(ZoneInfo(zone))
    for ahead in range(DAYS_AHEAD):
        day = local.date() + timedelta(days=ahead)
        for period in sorted(hours, key=lambda each: each.start):
            if period.day != day.weekday():
                continue
            start = datetime.combine(day, period.start, tzinfo=local.tzinfo)
            end = datetime.combine(day, period.end, tzinfo=local.tzinfo)
            if at < end:
                return max(at, start.astimezone(at.tzinfo))
    return at
