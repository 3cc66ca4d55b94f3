"""Gathers what the score needs to know, in a fixed number of queries however many people and
conversations there are."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Max, Q, Sum

from ambassadors.governance.eligibility import suspended
from ambassadors.routing.models import Absence, Availability, Offer, OfferState
from ambassadors.routing.pool import Past, Pool
from ambassadors.routing.scoring import UNSAID, Candidate, Period
from conversations.inbox.models import Conversation, Message, Status
from crm.many import among

RECENT = timedelta(minutes=30)  # in which nobody is offered more than they take at a time
LOOKED_BACK = timedelta(days=9)  # a week by any clock, and the offers that stood when it began


@dataclass(frozen=True, slots=True)
class Week:
    """What somebody accepted this week, or may still accept, and when they were asked."""

    accepted: int = 0
    minutes: int = 0
    recent: int = 0
    last: datetime | None = None


_NOTHING = Week()


def people(*, at: datetime) -> Pool:
    """Everybody who takes offers at all."""
    available = list(_available())
    ids = [each.employee_id for each in available]
    weeks, held = weeks_of(available, at=at), held_by(ids)
    absent = set(
        Absence.objects.filter(
            employee__in=among(ids), starts_at__lte=at, ends_at__gt=at
        ).values_list("employee_id", flat=True)
    )
    unread = suspended(ids, at=at)
    known = {
        each.employee_id: _candidate(
            each,
            week=weeks.get(each.employee_id, _NOTHING),
            open_now=held.get(each.employee_id, 0),
            absent=each.employee_id in absent,
            barred=unread.get(each.employee_id, ""),
        )
        for each in available
    }
    departments = {each.employee_id: each.employee.department_id for each in available}
    return Pool(known, departments, at)


def _candidate(
    each: Availability, *, week: Week, open_now: int, absent: bool, barred: str
) -> Candidate:
    return Candidate(
        employee_id=each.employee_id,
        levels={topic: each.levels.get(topic, UNSAID) for topic in each.topics},
        languages=frozenset(each.languages),
        timezone=each.timezone,
        hours=_periods(each),
        open_now=open_now,
        most_open=each.most_open,
        accepted_this_week=week.accepted,
        most_weekly=each.most_weekly,
        minutes_this_week=week.minutes,
        minutes_weekly=each.minutes_weekly,
        recent=week.recent,
        absent=absent,
        suspended=barred,
        last_offer_at=week.last,
    )


def _available() -> Iterable[Availability]:
    return (
        Availability.objects.filter(
            active=True,
            employee__user__is_active=True,
            employee__user__role_grants__role="ambassador",
            employee__left_at=None,
        )
        .select_related("employee")
        .distinct()
    )


def weeks_of(available: Sequence[Availability], *, at: datetime) -> dict[uuid.UUID, Week]:
    """The week of each by their own clock."""
    this_week = Q(state=OfferState.OPEN, live=True)
    zones: dict[str, list[uuid.UUID]] = defaultdict(list)
    for each in available:
        zones[each.timezone].append(each.employee_id)
    for zone, ids in zones.items():
        this_week |= Q(employee__in=among(ids), accepted_at__gte=monday(zone, at=at))
    rows = (
        Offer.objects.filter(employee__in=among(each.employee_id for each in available))
        .filter(Q(occurred_at__gte=at - LOOKED_BACK) | Q(accepted_at__gte=at - LOOKED_BACK))
        .values("employee_id")
        .annotate(
            accepted=Count("pk", filter=this_week),
            spent=Sum("minutes", filter=this_week, default=0),
            recent=Count("pk", filter=Q(live=True, occurred_at__gt=at - RECENT)),
            last=Max("occurred_at", filter=Q(live=True)),
        )
    )
    return {
        row["employee_id"]: Week(row["accepted"], row["spent"], row["recent"], row["last"])
        for row in rows
    }


def monday(zone: str, *, at: datetime) -> datetime:
    """The midnight that began the week, by the clock of `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    day = local.date() - timedelta(days=local.weekday())
    return datetime.combine(day, time(), ZoneInfo(zone))


def held_by(people: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Conversations that wait for the person, and offers they have not answered yet."""
    held = (
        Conversation.objects.filter(assignee__in=among(people), status=Status.OPEN)
        .values_list("assignee_id")
        .annotate(Count("pk"))
    )
    offered = (
        Offer.objects.filter(employee__in=among(people), state=OfferState.OPEN, live=True)
        .exclude(conversation__assignee=F("employee"))
        .values_list("employee_id")
        .annotate(Count("pk"))
    )
    total: dict[uuid.UUID, int] = {}
    for employee_id, number in [*held, *offered]:
        total[employee_id] = total.get(employee_id, 0) + number
    return total


def pasts(conversations: Sequence[Conversation]) -> dict[uuid.UUID, Past]:
    """Who was asked since each began to wait, and who answered its person before."""
    since = {each.pk: each.waiting_since or each.occurred_at for each in conversations}
    asked: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    rows = Offer.objects.filter(conversation__in=among(since), live=True)
    for pk, employee_id, at in rows.values_list("conversation_id", "employee_id", "occurred_at"):
        if at >= since[pk]:
            asked[pk].add(employee_id)
    regulars = _regulars(
        {each.identity_id for each in conversations if each.identity_id is not None}
    )
    return {
        each.pk: Past(asked[each.pk], regulars.get(each.identity_id, frozenset()))
        for each in conversations
    }


def _regulars(identities: Iterable[int]) -> dict[int | None, set[uuid.UUID]]:
    rows = Message.objects.filter(
        conversation__identity__in=identities, author_employee__isnull=False
    )
    found: dict[int | None, set[uuid.UUID]] = defaultdict(set)
    for identity, author in rows.values_list(
        "conversation__identity_id", "author_employee_id"
    ).distinct():
        if author is not None:
            found[identity].add(author)
    return found


def _periods(availability: Availability) -> tuple[Period, ...]:
    return tuple(
        Period(int(each["day"]), time.fromisoformat(each["from"]), time.fromisoformat(each["to"]))
        for each in availability.hours
    )
