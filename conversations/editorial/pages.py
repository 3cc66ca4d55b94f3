"""The plan in the staff's pages: month, week, list, what waits, what is wrong, what was learnt."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.accounts import publisher_of
from conversations.channels.api import served_by
from conversations.channels.models import Channel
from conversations.editorial import calendar, forecast
from conversations.editorial.models import Publication, PublicationState
from crm.organisation.models import Employee, User

S = PublicationState
MOST = 500
VIEWS = ("month", "week", "list", "waiting", "trouble", "learnt")
_WAITING = (S.DRAFT, S.SUBMITTED, S.APPROVED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page says; what can't be read counts as not said."""

    view: str
    day: date
    channel: str
    author: str

    @classmethod
    def of(cls, query: QueryDict, *, today: date) -> Asked:
        view = query.get("view", "")
        return cls(
            view if view in VIEWS else "month",
            _day(query.get("day", "")) or today,
            _id(query.get("channel", "")),
            _id(query.get("author", "")),
        )

    def address(self, **other: Any) -> str:
        said = {"view": self.view, "day": self.day.isoformat(), "channel": self.channel}
        said |= {"author": self.author, **other}
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in said.items() if value})
        return f"?{query.urlencode()}"


def context(request: HttpRequest, user: User) -> dict[str, Any]:
    """Everything that the page of the plan shows."""
    zone, now = zone_of(user), timezone.now()
    today = now.astimezone(zone).date()
    asked = Asked.of(request.GET, today=today)
    rows = narrowed(Publication.objects.visible_to(user).with_names(), asked)
    found = _SHOWN[asked.view](rows, asked, zone, now)
    return {
        "asked": asked,
        "zone": zone.key,
        "zone_info": zone,
        "today": today,
        "tabs": _tabs(Publication.objects.visible_to(user), asked, user, now),
        "channels": served_by(user).order_by("name"),
        "authors": _authors(user),
        "here": asked.address(),
        **found,
    }


def zone_of(user: User) -> ZoneInfo:
    """The clock of the units that this person serves, the company's where they differ."""
    names = served_by(user).order_by().values_list("unit__timezone", flat=True).distinct()
    return calendar.common_zone(list(names), settings.TIME_ZONE)


def narrowed(rows: QuerySet[Publication], asked: Asked) -> QuerySet[Publication]:
    if asked.channel:
        rows = rows.filter(channel=uuid.UUID(asked.channel))
    return rows.filter(author=uuid.UUID(asked.author)) if asked.author else rows


Found = dict[str, Any]


def _month(rows: QuerySet[Publication], asked: Asked, zone: ZoneInfo, now: datetime) -> Found:
    span = calendar.month_of(asked.day, zone)
    today = now.astimezone(zone).date()
    weeks = calendar.laid_out(span, _within(rows, span), today=today, month=asked.day.month)
    first = asked.day.replace(day=1)
    before, after = calendar.month_before(first), calendar.next_month(first)
    return _grid(weeks) | _steps(asked, before, after)


def _week(rows: QuerySet[Publication], asked: Asked, zone: ZoneInfo, now: datetime) -> Found:
    span = calendar.week_of(asked.day, zone)
    today = now.astimezone(zone).date()
    weeks = calendar.laid_out(span, _within(rows, span), today=today)
    step = timedelta(days=calendar.WEEK)
    return _grid(weeks) | _steps(asked, asked.day - step, asked.day + step)


def _grid(weeks: list[list[calendar.Day]]) -> Found:
    return {"weeks": weeks, "is_empty": not any(day.rows for week in weeks for day in week)}


def _within(rows: QuerySet[Publication], span: calendar.Span) -> QuerySet[Publication]:
    begins, ends = span.instants
    shown = rows.filter(publish_at__gte=begins, publish_at__lt=ends).exclude(state=S.CANCELLED)
    return shown.order_by("publish_at", "pk")[:MOST]


def _steps(asked: Asked, before: date, after: date) -> Found:
    return {"before": asked.address(day=before), "after": asked.address(day=after)}


def _list(rows: QuerySet[Publication], asked: Asked, zone: ZoneInfo, now: datetime) -> Found:
    begins = calendar.at_local(asked.day, datetime.min.time(), zone)
    return {"rows": rows.filter(publish_at__gte=begins).order_by("publish_at", "pk")[:MOST]}


def _waiting(rows: QuerySet[Publication], asked: Asked, zone: ZoneInfo, now: datetime) -> Found:
    return {"rows": rows.filter(state=S.SUBMITTED).order_by("publish_at", "pk")[:MOST]}


def _trouble(rows: QuerySet[Publication], asked: Asked, zone: ZoneInfo, now: datetime) -> Found:
    return {"rows": troubled(rows, now).order_by("publish_at", "pk")[:MOST]}


def _learnt(rows: QuerySet[Publication], asked: Asked, zone: ZoneInfo, now: datetime) -> Found:
    return {"forecasts": forecast.tables(rows), "due_rows": forecast.to_compare(rows, at=now)}


_SHOWN: dict[str, Callable[[QuerySet[Publication], Asked, ZoneInfo, datetime], Found]] = {
    "month": _month,
    "week": _week,
    "list": _list,
    "waiting": _waiting,
    "trouble": _trouble,
    "learnt": _learnt,
}


def troubled(rows: QuerySet[Publication], now: datetime) -> QuerySet[Publication]:
    """What failed, what nobody knows, and whose time came while it was not ready."""
    wrong = rows.filter(state__in=[S.FAILED, S.UNKNOWN])
    return wrong | rows.filter(state__in=_WAITING, publish_at__lte=now - timedelta(minutes=2))


def _tabs(rows: QuerySet[Publication], asked: Asked, user: User, now: datetime) -> Found:
    mine = Employee.objects.filter(user=user).values("pk")
    waiting = rows.filter(state=S.SUBMITTED).exclude(author__in=mine)
    labels = {
        "month": (_("Month"), 0),
        "week": (_("Week"), 0),
        "list": (_("List"), 0),
        "waiting": (_("To approve"), waiting.count()),
        "trouble": (_("Needs a hand"), troubled(rows, now).count()),
        "learnt": (_("What was learnt"), 0),
    }
    return {view: (asked.address(view=view), *label) for view, label in labels.items()}


def _authors(user: User) -> QuerySet[Employee]:
    rows = Publication.objects.visible_to(user).values("author")
    return Employee.objects.filter(pk__in=rows)


def waits_for_hand(publication: Publication) -> bool:
    """Its channel can't publish by itself."""
    return publisher_of(publication.channel) is None


def may_approve(publication: Publication, employee: Employee | None) -> bool:
    own = (publication.author_id, publication.edited_by_id)
    return publication.state == S.SUBMITTED and employee is not None and employee.pk not in own


def open_channels(user: User) -> QuerySet[Channel]:
    return served_by(user).filter(closed_at=None).order_by("name")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None


def _id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
