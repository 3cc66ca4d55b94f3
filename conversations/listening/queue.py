"""The queue in the staff's pages: what was heard, what was decided, what the page asks for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Page
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.listening.digest import is_asked_for
from conversations.listening.models import Mention, MentionQuerySet, Sentiment, TriageOutcome, Watch
from conversations.listening.week import DAYS, monday_of, week
from crm.access.services import staffed_units
from crm.organisation.models import Unit, User
from crm.pages import QuickPaginator

A_PAGE = 30
LONGEST = 200
VERBS = (
    ("ignore", gettext_lazy("Ignore"), "i"),
    ("watch", gettext_lazy("Watch"), "w"),
    ("engage", gettext_lazy("Engage"), "e"),
)
VIEWS = ("waiting", "engage", "watch", "ignore", "all")
US, THEM = "us", "them"
_UNKNOWN = "none"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page says; what can't be read counts as not said."""

    view: str
    watch: str
    about: str
    language: str
    sentiment: str
    q: str
    page: int

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        return cls(
            view=_one_of(query.get("view", ""), VIEWS) or "waiting",
            watch=_id(query.get("watch", "")),
            about=_one_of(query.get("about", ""), (US, THEM)),
            language=_one_of(query.get("language", ""), ("en", "fr", _UNKNOWN)),
            sentiment=_one_of(query.get("sentiment", ""), (*_MOODS, _UNKNOWN)),
            q=query.get("q", "").replace("\0", "").strip()[:LONGEST],
            page=_number(query.get("page", "")),
        )

    def address(self, **other: Any) -> str:
        said = {name: getattr(self, name) for name in self.__slots__} | other
        if "page" not in other:
            said.pop("page")
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in said.items() if value})
        return f"?{query.urlencode()}"


_MOODS = tuple(value for value in Sentiment.values if value)


def context(request: HttpRequest, user: User) -> dict[str, Any]:
    asked = Asked.of(request.GET)
    rows = narrowed(Mention.objects.visible_to(user), asked)
    page: Page[Mention] = QuickPaginator(_of_view(rows, asked.view), A_PAGE).get_page(asked.page)
    watches = Watch.objects.visible_to(user).order_by("name")
    return {
        "asked": asked,
        "here": asked.address(page=asked.page if asked.page > 1 else ""),
        "rows": [Shown(row) for row in page.object_list],
        "page": page,
        "newer": asked.address(page=page.number - 1) if page.has_previous() else "",
        "older": asked.address(page=page.number + 1) if page.has_next() else "",
        "tabs": _tabs(rows, asked),
        "watches": watches,
        "moods": [(value, label) for value, label in Sentiment.choices if value],
        "narrowed": any((asked.watch, asked.about, asked.language, asked.sentiment, asked.q)),
        "has_watch": watches.filter(ended_at=None).exists(),
    }


def narrowed(rows: MentionQuerySet, asked: Asked) -> MentionQuerySet:
    seen = Q()
    if asked.watch:
        seen &= Q(sightings__watch=uuid.UUID(asked.watch))
    if asked.about:
        us = Q(sightings__competitor="")
        seen &= us if asked.about == US else ~us & Q(sightings__isnull=False)
    if seen:
        rows = rows.filter(pk__in=Mention.objects.filter(seen).values("pk"))
    for name in ("language", "sentiment"):
        if said := getattr(asked, name):
            rows = rows.filter(**{name: "" if said == _UNKNOWN else said})
    if asked.q:
        rows = rows.filter(Q(text__icontains=asked.q) | Q(author__icontains=asked.q))
    return rows


def _of_view(rows: MentionQuerySet, view: str) -> MentionQuerySet:
    """What waits: the longest first, as it is late first; the rest newest first."""
    rows = rows.with_names()
    if view == "waiting":
        return rows.filter(outcome="").order_by("occurred_at", "pk")
    if view in TriageOutcome.values:
        return rows.filter(outcome=view).order_by("-triaged_at", "-pk")
    return rows.order_by("-occurred_at", "-pk")


def _tabs(rows: MentionQuerySet, asked: Asked) -> dict[str, tuple[str, str, str]]:
    labels = {
        "waiting": _("To triage"),
        "engage": _("Engaged"),
        "watch": _("Watched"),
        "ignore": _("Ignored"),
        "all": _("All"),
    }
    counted = rows.filter(outcome="").order_by()[:1_000].count()
    count = "999+" if counted > 999 else str(counted or "")
    return {
        view: (asked.address(view=view), label, count if view == "waiting" else "")
        for view, label in labels.items()
    }


def of_week(request: HttpRequest, user: User) -> dict[str, Any]:
    """The page of one week; the one that runs, unless its address says another."""
    this = monday_of(timezone.localdate())
    try:
        monday = monday_of(date.fromisoformat(request.GET.get("week", "")))
    except (ValueError, OverflowError):
        monday = this
    monday = min(max(monday, date(2000, 1, 3)), this)
    said = week(user, monday)
    step = timedelta(days=DAYS)
    return {
        "week": said,
        "rows": [Shown(row) for row in said.telling],
        "before": monday - step,
        "after": monday + step if monday < this else None,
        "by_mail": is_asked_for(user),
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A mention as a row shows it."""

    row: Mention

    @property
    def about(self) -> list[tuple[str, str]]:
        """(watch, competitor or ""), each once."""
        said = ((each.watch.name, each.competitor) for each in self.row.sightings.all())
        return sorted(set(said), key=lambda pair: (pair[1] != "", pair))

    @property
    def conversation(self) -> uuid.UUID | None:
        promotion = getattr(self.row, "promotion", None)
        return promotion.conversation_id if promotion else None


def units_for(user: User) -> QuerySet[Unit]:
    """Whose matter a mention may become, by this person's hand."""
    units = staffed_units(user)
    rows = Unit.objects.order_by("name")
    return rows if units is None else rows.filter(pk__in=units)


def ids_in(said: Iterable[str]) -> list[str]:
    return [each for each in map(_id, said) if each]


def _one_of(said: str, known: tuple[str, ...]) -> str:
    return said if said in known else ""


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 1


def _id(said: str) -> str:
    try:
        return str(uuid.UUID(said))
    except ValueError:
        return ""
