"""The conversational load, outside and inside the company, and who carries it.

Counted by group, never by person. One unit of load outside is a conversation in which a person
outside wrote in a week; who answered it first from then on carries it, else its assignee. Inside
it is a thread begun in a week; the first colleague who answered carries it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from crm.access.models import Role
from crm.access.services import has_role, staffed_units
from crm.organisation.groups import Group, GroupOf, grouped
from crm.organisation.models import User

WEEKS = (8, 13, 26)
Reader = User | AnonymousUser


@dataclass(slots=True)
class Side:
    """Load by group and week, and what waits now. `nobody` stands for what nobody carries yet."""

    counts: dict[str, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))
    now: Counter[str] = field(default_factory=Counter)

    def total(self, week: date) -> int:
        return sum(counted[week] for counted in self.counts.values())


@dataclass(frozen=True, slots=True)
class Load:
    weeks: list[date]
    groups: list[Group]
    outside: Side
    inside: Side


def reads_load(user: Reader) -> bool:
    return has_role(user, Role.STAFF, Role.EXECUTIVE)


def load_of(reader: Reader, *, weeks: int = WEEKS[0], today: date | None = None) -> Load:
    """The last `weeks` weeks, the running one included; of the units that the reader may see.

    The same number of queries whatever the size of the company.
    """
    monday = _monday(today or timezone.localdate())
    mondays = [monday - timedelta(weeks=number) for number in reversed(range(weeks))]
    units = None if has_role(reader, Role.EXECUTIVE) else staffed_units(reader)
    groups, group_of = grouped()
    start, end = _midnight(mondays[0]), _midnight(monday + timedelta(weeks=1))
    asked: dict[str, Any] = {
        "zone": timezone.get_current_timezone_name(),
        "start": start,
        "end": end,
        "all": units is None,
        "units": list(units or ()),
    }
    outside, inside = _side(_OUTSIDE, asked, group_of), _side(_INSIDE, asked, group_of)
    for employee, count in _rows(_WAITING, asked):
        outside.now[group_of(employee)] += count
    used = [group for group in groups if _is_used(group, outside, inside)]
    return Load(mondays, used, outside, inside)


def _is_used(group: Group, *sides: Side) -> bool:
    return group.people > 0 or any(
        group.key in side.counts or side.now[group.key] for side in sides
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _side(statement: str, asked: dict[str, Any], group_of: GroupOf) -> Side:
    side = Side()
    for week, employee, count in _rows(statement, asked):
        side.counts[group_of(employee)][week] += count
    return side


def _rows(statement: str, asked: dict[str, Any]) -> list[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        found: list[Sequence[Any]] = cursor.fetchall()
    return found


# What was closed with neither an answer nor an assignee needed none: it is no load.
_OUTSIDE = """
WITH asked AS (
  SELECT m.conversation_id, min(m.occurred_at) AS first,
    date_trunc('week', m.occurred_at AT TIME ZONE %(zone)s)::date AS week
  FROM conversations_message m
  JOIN conversations_conversation c ON c.id = m.conversation_id
  JOIN conversations_channel ch ON ch.id = c.channel_id AND ch.kind <> 'drill'
  WHERE m.direction = 'in' AND m.kind = 'reply' AND NOT m.automated
    AND m.occurred_at >= %(start)s AND m.occurred_at < %(end)s
    AND c.status <> 'spam' AND c.last_message_at >= %(start)s
    AND (%(all)s OR c.unit_id = ANY(%(units)s::uuid[]))
  GROUP BY m.conversation_id, week
)
SELECT a.week, coalesce(answer.employee, c.assignee_id) AS carrier, count(*)
FROM asked a
JOIN conversations_conversation c ON c.id = a.conversation_id
LEFT JOIN LATERAL (
  SELECT m.author_employee_id AS employee
  FROM conversations_message m
  WHERE m.conversation_id = a.conversation_id AND m.occurred_at >= a.first
    AND m.direction = 'out' AND m.kind = 'reply' AND NOT m.automated
    AND m.author_employee_id IS NOT NULL
  ORDER BY m.occurred_at, m.id LIMIT 1
) answer ON true
WHERE c.status <> 'closed' OR coalesce(answer.employee, c.assignee_id) IS NOT NULL
GROUP BY a.week, carrier
"""

_INSIDE = """
WITH opening AS (
  SELECT DISTINCT ON (community_id, thread)
    id, community_id, thread, occurred_at, author_employee_id
  FROM ambassadors_post ORDER BY community_id, thread, occurred_at, id
)
SELECT date_trunc('week', o.occurred_at AT TIME ZONE %(zone)s)::date AS week,
  answer.employee AS carrier, count(*)
FROM opening o
LEFT JOIN crm_employee e ON e.id = o.author_employee_id
LEFT JOIN crm_department d ON d.id = e.department_id
LEFT JOIN LATERAL (
  SELECT p.author_employee_id AS employee
  FROM ambassadors_post p
  WHERE p.community_id = o.community_id AND p.thread = o.thread
    AND p.author_employee_id IS NOT NULL
    AND p.author_employee_id IS DISTINCT FROM o.author_employee_id
  ORDER BY p.occurred_at, p.id LIMIT 1
) answer ON true
WHERE o.occurred_at >= %(start)s AND o.occurred_at < %(end)s
  AND (%(all)s OR d.unit_id = ANY(%(units)s::uuid[]))
GROUP BY week, carrier
"""

_WAITING = """
SELECT c.assignee_id, count(*)
FROM conversations_conversation c
JOIN conversations_channel ch ON ch.id = c.channel_id AND ch.kind <> 'drill'
WHERE c.status = 'open' AND c.waiting_since IS NOT NULL
  AND (%(all)s OR c.unit_id = ANY(%(units)s::uuid[]))
GROUP BY c.assignee_id
"""
