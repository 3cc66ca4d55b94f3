"""The table and the clocks of the model, typed anew."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

Z = 0.84
WINDOW = {"b2c": 91, "b2b": 182}
C, B = "b2c", "b2b"


@dataclass
class Row:
    """One line of the table. bars: profile -> (enter, stay)."""

    id: str
    stage: int
    is_gate: bool
    kind: str
    bars: dict
    minimum: dict | None
    sources: tuple


def both(enter, stay):
    return {C: (enter, stay), B: (enter, stay)}


def row(id_, kind, bars, minimum, *sources, gate=True):
    if isinstance(minimum, tuple):
        minimum = {C: minimum[0], B: minimum[1]}
    elif minimum is not None:
        minimum = {C: minimum, B: minimum}
    return Row(id_, int(id_[1]), gate, kind, bars, minimum, sources)


TABLE = [
    row("S1-INS", "plain", both(0.8, 0.6), None, "heartbeat"),
    row("S1-LIS", "share", both(0.5, 0.35), (20, 5), "mention", gate=False),
    row("S2-CHA-1", "count", {C: (6, 4), B: (8, 5)}, 10, "message", "publication"),
    row("S2-CHA-2", "count", {C: (5, 3), B: (3, 2)}, None, "message"),
    row("S2-GOV-1", "share", both(0.8, 0.65), (20, 8), "message", gate=False),
    row("S3-LIS-1", "share", both(0.6, 0.45), (30, 10), "mention"),
    row("S3-CON-1", "share", both(0.5, 0.4), (40, 12), "message"),
    row("S3-GOV-1", "census", both(0.8, 0.65), (5, 3), "message", "publication"),
    row("S3-GOV-2", "share", both(0.6, 0.45), (40, 12), "message"),
    row("S3-GOV-3", "count", {C: (8, 5), B: (12, 8)}, None, "post"),
    row("S3-VAL-1", "share", both(0.5, 0.4), (20, 8), "publication"),
    row("S4-CHA-1", "count", {C: (4, 3), B: (3, 2)}, None, "message"),
    row("S4-CON-1", "share", both(0.75, 0.65), (100, 30), "message"),
    row("S4-CAP-1", "share", both(0.25, 0.18), (100, 30), "close"),
    row("S4-AMB-1", "count", {}, None, "message"),
    row("S4-GOV-1", "share", both(0.8, 0.7), (10, 4), "escalation"),
    row("S4-VAL-1", "share", both(0.5, 0.4), (20, 8), "publication"),
    row("S4-CRM-1", "share", both(0.6, 0.45), (60, 20), "message", gate=False),
    row("S5-AMB-1", "census", both(0.3, 0.22), (50, 15), "message"),
    row("S5-AMB-2", "share", both(0.6, 0.5), (200, 60), "message"),
    row("S5-NET-1", "count", both(3, 3), None, "post", "round_trip"),
    row("S5-VAL-1", "count", {C: (5, 3), B: (3, 2)}, None, "insight"),
    row("S5-COV", "share", both(0.7, 0.6), 2),
]
BY_ID = {r.id: r for r in TABLE}


def gates_of(stage):
    return [r.id for r in TABLE if r.stage == stage and r.is_gate and r.id != "S1-INS"]


def ambassadors_bar(profile, headcount):
    """S4-AMB-1: max(5, min(30, 1 % of headcount)); B2B 60 % of that, at least 3; stay 70 %."""
    enter = max(500, min(3000, headcount)) / 100
    if profile == B:
        enter = max(3.0, enter * 6 / 10)
    return enter, enter * 7 / 10


def wilson(k, n):
    p = k / n
    spread = Z * math.sqrt((p * (1 - p) + Z * Z / (4 * n)) / n)
    low = (p + Z * Z / (2 * n) - spread) / (1 + Z * Z / n)
    high = (p + Z * Z / (2 * n) + spread) / (1 + Z * Z / n)
    return low, high


def midnight(zone, day):
    return wall(zone, datetime.combine(day, time()))


def wall(zone, naive):
    """First of two; one that does not exist is read with the offset before the change."""
    return naive.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def local(zone, at):
    return at.astimezone(ZoneInfo(zone))


def week(zone, at):
    return local(zone, at).isocalendar()[:2]


def working_days_after(zone, at, days):
    naive = local(zone, at).replace(tzinfo=None)
    if naive.weekday() > 4:
        monday = naive.date() + timedelta(days=7 - naive.weekday())
        naive = datetime.combine(monday, time())
    while days:
        naive += timedelta(days=1)
        if naive.weekday() < 5:
            days -= 1
    return wall(zone, naive)


def less_months(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in range(day.day, 0, -1):
        try:
            return day.replace(year=year, month=month + 1, day=number)
        except ValueError:
            continue
    raise AssertionError
