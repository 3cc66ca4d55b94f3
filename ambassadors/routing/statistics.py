"""What one person did, for their own eyes and their lead's: no comparison with anybody, no
ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncWeek

from ambassadors.routing.models import Offer, OfferState
from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.models import Direction, Message, MessageKind
from crm.organisation.models import Employee

WEEKS = 13


@dataclass(frozen=True, slots=True)
class Week:
    """monday: of an ISO week in UTC."""

    monday: date
    offers: int
    accepted: int
    answers: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """minutes_to_answer: the median from accepting to the first answer, None without any."""

    since: date
    offers: int
    accepted: int
    declined: int
    expired: int
    taken_back: int
    answers: int
    conversations: int
    minutes_to_answer: float | None
    weeks: Sequence[Week]


def statistics_of(employee: Employee, *, at: datetime) -> Statistics:
    """The last thirteen weeks, this one included, in a fixed number of queries."""
    monday = (at - timedelta(days=at.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    since = monday - timedelta(weeks=WEEKS - 1)
    offers = Offer.objects.filter(employee=employee, occurred_at__gte=since, occurred_at__lte=at)
    answers = _answers(employee).filter(occurred_at__gte=since, occurred_at__lte=at)
    totals = offers.aggregate(
        offers=Count("pk"),
        accepted=Count("pk", filter=Q(accepted_at__isnull=False)),
        declined=Count("pk", filter=Q(state=OfferState.DECLINED)),
        expired=Count("pk", filter=Q(state=OfferState.EXPIRED)),
        taken_back=Count("pk", filter=Q(state=OfferState.TAKEN_BACK)),
    )
    said = answers.aggregate(
        answers=Count("pk"), conversations=Count("conversation", distinct=True)
    )
    return Statistics(
        since=since.date(),
        minutes_to_answer=_minutes_to_answer(offers),
        weeks=_weeks(offers, answers, since),
        **totals,
        **said,
    )


def _answers(employee: Employee) -> QuerySet[Message]:
    said = Message.objects.filter(
        author_employee=employee, direction=Direction.OUT, kind=MessageKind.REPLY
    )
    return said.exclude(channel__kind=DRILL)


def _minutes_to_answer(offers: QuerySet[Offer]) -> float | None:
    first = (
        Message.objects.filter(
            conversation=OuterRef("conversation"),
            author_employee=OuterRef("employee"),
            direction=Direction.OUT,
            kind=MessageKind.REPLY,
            occurred_at__gte=OuterRef("accepted_at"),
        )
        .order_by()
        .values("conversation")
        .annotate(first=Min("occurred_at"))
        .values("first")
    )
    pairs = (
        offers.filter(accepted_at__isnull=False)
        .annotate(answered_at=Subquery(first))
        .filter(answered_at__isnull=False)
        .values_list("accepted_at", "answered_at")
    )
    waits = [(answered - accepted).total_seconds() / 60 for accepted, answered in pairs]
    return round(median(waits), 1) if waits else None


def _weeks(offers: QuerySet[Offer], answers: QuerySet[Message], since: datetime) -> Sequence[Week]:
    made = {
        row["week"].date(): row
        for row in offers.order_by()
        .values(week=TruncWeek("occurred_at", tzinfo=since.tzinfo))
        .annotate(made=Count("pk"), taken=Count("pk", filter=Q(accepted_at__isnull=False)))
    }
    said = dict(
        answers.order_by()
        .values_list(TruncWeek("occurred_at", tzinfo=since.tzinfo))
        .annotate(Count("pk"))
    )
    written = {week.date(): number for week, number in said.items()}
    mondays = [(since + timedelta(weeks=number)).date() for number in range(WEEKS)]
    return [
        Week(
            monday=monday,
            offers=made[monday]["made"] if monday in made else 0,
            accepted=made[monday]["taken"] if monday in made else 0,
            answers=written.get(monday, 0),
        )
        for monday in mondays
    ]
