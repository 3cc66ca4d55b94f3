"""Gathers what the score needs to know, in a fixed number of queries however many people."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, Max, Q

from ambassadors.governance.eligibility import suspended
from ambassadors.routing.models import Absence, Availability, Offer, OfferState, Rule
from ambassadors.routing.scoring import Candidate, Period
from conversations.inbox.models import Conversation, Message, Status


@dataclass(frozen=True, slots=True)
class _Asked:
    """Offers so far: accepted this week, about this very question, and the last of all."""

    week: int
    asked: int
    last: datetime | None


_NEVER = _Asked(0, 0, None)


def candidates(
    conversation: Conversation, rule: Rule, *, asked_since: datetime, at: datetime
) -> list[Candidate]:
    """Everybody whom the rule addresses and who takes offers at all."""
    available = list(_available(rule))
    people = [availability.employee_id for availability in available]
    offers = _offer_facts(people, conversation, asked_since=asked_since, at=at)
    open_now = held_by(people)
    absent = set(
        Absence.objects.filter(employee__in=people, starts_at__lte=at, ends_at__gt=at).values_list(
            "employee_id", flat=True
        )
    )
    before = _answered_before(conversation, people)
    unread = suspended(people, at=at)
    return [
        Candidate(
            employee_id=each.employee_id,
            topics=frozenset(each.topics),
            languages=frozenset(each.languages),
            timezone=each.timezone,
            hours=_periods(each),
            open_now=open_now.get(each.employee_id, 0),
            most_open=each.most_open,
            accepted_this_week=offers.get(each.employee_id, _NEVER).week,
            most_weekly=each.most_weekly,
            absent=each.employee_id in absent,
            suspended=unread.get(each.employee_id, ""),
            already_asked=bool(offers.get(each.employee_id, _NEVER).asked),
            answered_before=each.employee_id in before,
            last_offer_at=offers.get(each.employee_id, _NEVER).last,
        )
        for each in available
    ]


def _available(rule: Rule) -> Sequence[Availability]:
    available = Availability.objects.filter(
        active=True,
        employee__user__is_active=True,
        employee__user__role_grants__role="ambassador",
        employee__left_at=None,
    )
    departments = list(rule.departments.values_list("pk", flat=True))
    if departments:
        available = available.filter(employee__department__in=departments)
    return list(available.distinct())


def _offer_facts(
    people: Sequence[uuid.UUID], conversation: Conversation, *, asked_since: datetime, at: datetime
) -> dict[uuid.UUID, _Asked]:
    monday = at - timedelta(days=at.weekday())
    week = monday.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Offer.objects.filter(employee__in=people)
        .values("employee_id")
        .annotate(
            week=Count("pk", filter=Q(accepted_at__gte=week)),
            last=Max("occurred_at", filter=Q(live=True)),
            asked=Count(
                "pk", filter=Q(conversation=conversation, occurred_at__gte=asked_since, live=True)
            ),
        )
    )
    return {row["employee_id"]: _Asked(row["week"], row["asked"], row["last"]) for row in rows}


def held_by(people: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Conversations that wait for the person, and offers they have not answered yet."""
    held = (
        Conversation.objects.filter(assignee__in=people, status=Status.OPEN)
        .values_list("assignee_id")
        .annotate(Count("pk"))
    )
    offered = (
        Offer.objects.filter(employee__in=people, state=OfferState.OPEN, live=True)
        .values_list("employee_id")
        .annotate(Count("pk"))
    )
    total: dict[uuid.UUID, int] = {}
    for employee_id, number in [*held, *offered]:
        total[employee_id] = total.get(employee_id, 0) + number
    return total


def _answered_before(
    conversation: Conversation, people: Sequence[uuid.UUID]
) -> set[uuid.UUID | None]:
    return set(
        Message.objects.filter(
            conversation__identity=conversation.identity, author_employee__in=people
        ).values_list("author_employee_id", flat=True)
    )


def _periods(availability: Availability) -> tuple[Period, ...]:
    return tuple(
        Period(int(each["day"]), time.fromisoformat(each["from"]), time.fromisoformat(each["to"]))
        for each in availability.hours
    )
