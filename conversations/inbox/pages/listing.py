"""The list of conversations: one tab, filtered, searched, paged; and what is new in it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import JSONObject, Left
from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from conversations.channels.models import Channel
from conversations.inbox.finding import find, id_in
from conversations.inbox.models import (
    Conversation,
    ConversationQuerySet,
    Deadline,
    Delivery,
    DeliveryState,
    Message,
)
from conversations.inbox.pages.tabs import TABS, Reader, Tab, counts, shown, tab_of, tabs
from crm.access.services import staffed_units
from crm.asking import LONGEST
from crm.organisation.models import Employee, Unit

PAGE = 30
LAST_PAGE = 200  # further back the filters lead, not the pages
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for; nonsense in it is no filter."""

    tab: Tab
    query: str = ""
    channel: uuid.UUID | None = None
    assignee: str = ""  # "", "me", "nobody" or an employee's id
    unit: uuid.UUID | None = None
    language: str = ""
    sort: str = ""  # "" for the tab's own order, or "due"
    page: int = 1

    @classmethod
    def read(cls, query: QueryDict) -> Asked:
        page = query.get("page", "")
        return cls(
            tab=tab_of(query.get("view", "")),
            query=query.get("q", "").replace("\0", "").strip()[:LONGEST],
            channel=id_in(query.get("channel", "")),
            assignee=query.get("assignee", "")[:40],
            unit=id_in(query.get("unit", "")),
            language=query.get("language", "").replace("\0", "")[:8],
            sort="due" if query.get("sort") == "due" else "",
            page=min(max(int(page), 1), LAST_PAGE) if page.isascii() and page.isdigit() else 1,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or self.channel or self.assignee or self.unit or self.language)

    def found(self, reader: Reader) -> ConversationQuerySet:
        return self.looked_up(reader)[0]

    def looked_up(
        self, reader: Reader, *, changed_since: datetime | None = None
    ) -> tuple[ConversationQuerySet, bool]:
        """The rows, and whether they are all: a search gives the newest it finds in a second."""
        rows = self._filtered(reader)
        if changed_since:
            rows = rows.filter(updated_at__gt=changed_since)
        if not self.query:
            return rows, True
        found = find(self.query, rows)
        return rows.filter(pk__in=found.ids), found.is_all

    def _filtered(self, reader: Reader) -> ConversationQuerySet:
        rows = self.tab.of(reader, by_due=self.sort == "due")
        exact = {"channel": self.channel, "unit": self.unit, "language": self.language}
        rows = rows.filter(**{name: value for name, value in exact.items() if value})
        return _of_assignee(rows, self.assignee, reader)

    def address(self, **changes: Any) -> str:
        """The query string of this list, with `changes`."""
        values = {
            "view": self.tab.key,
            "q": self.query,
            "channel": str(self.channel or ""),
            "assignee": self.assignee,
            "unit": str(self.unit or ""),
            "language": self.language,
            "sort": self.sort,
        } | changes
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in values.items() if value})
        return query.urlencode()


def _of_assignee(rows: ConversationQuerySet, asked: str, reader: Reader) -> ConversationQuerySet:
    if asked == "me":
        return rows.filter(assignee__user=reader.pk)
    if asked == "nobody":
        return rows.filter(assignee=None)
    employee = id_in(asked)
    return rows.filter(assignee=employee) if employee else rows


def _with_details(rows: ConversationQuerySet) -> ConversationQuerySet:
    messages = Message.objects.filter(conversation=OuterRef("pk")).order_by("-occurred_at", "-pk")
    last = messages.values(
        row=JSONObject(
            text=Left("text", 220),
            direction="direction",
            kind="kind",
            author=F("author_employee__name"),
        )
    )[:1]
    stuck = Delivery.objects.filter(
        conversation=OuterRef("pk"), state__in=[DeliveryState.FAILED, DeliveryState.UNKNOWN]
    )
    held = Delivery.objects.filter(conversation=OuterRef("pk"), state=DeliveryState.HELD)
    running = Prefetch("deadlines", Deadline.objects.running().order_by("due_at"), "running")
    return (
        rows.select_related("channel", "identity__contact", "assignee")
        .prefetch_related(running)
        .annotate(last=Subquery(last), is_stuck=Exists(stuck), is_held=Exists(held))
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """Everything the list's page shows, in a number of queries that rows do not change."""
    asked = Asked.read(request.GET)
    reader = request.user
    start = (asked.page - 1) * PAGE
    found, is_all = asked.looked_up(reader)
    rows = list(_with_details(found)[start : start + PAGE + 1])
    how_many, shown_tabs = counts(reader), tabs()
    units = staffed_units(reader)
    return {
        "asked": asked,
        "tabs": [(tab, how_many.get(tab.key, "")) for tab in shown_tabs],
        "may_sort": len(shown_tabs) == len(TABS),
        "conversations": rows[:PAGE],
        "back_to": asked.address(page=asked.page if asked.page > 1 else ""),
        "newer": asked.address(page=asked.page - 1) if asked.page > 1 else "",
        "older": asked.address(page=asked.page + 1) if _goes_on(rows, asked) else "",
        "total": _total(asked, found, rows),
        "is_all": is_all,
        "channels": _named(Channel.objects.all(), units, "unit"),
        "assignees": _assignees(reader),
        "units": _named(Unit.objects.all(), units, "pk"),
        "languages": _languages(reader),
        "since": timezone.now().isoformat(),
    }


def _goes_on(rows: list[Conversation], asked: Asked) -> bool:
    return len(rows) > PAGE and asked.page < LAST_PAGE


def _total(asked: Asked, found: ConversationQuerySet, rows: list[Conversation]) -> str:
    if asked.page == 1 and len(rows) <= PAGE:
        return shown(len(rows))
    return shown(found.order_by()[:1001].count())


def _named(
    rows: QuerySet[Any], units: set[uuid.UUID] | None, unit: str
) -> list[tuple[uuid.UUID, str]]:
    """(id, name) of those of the reader's units; None: of every unit."""
    mine = rows if units is None else rows.filter(**{f"{unit}__in": units})
    return list(mine.values_list("pk", "name")[:MOST_CHOICES])


def _languages(reader: Reader) -> list[str]:
    """Of what is not ended: that is little, and what one filters by."""
    alive = Conversation.objects.visible_to(reader).exclude(status__in=["closed", "spam"])
    spoken = alive.exclude(language="").order_by("language").values_list("language", flat=True)
    return list(spoken.distinct()[:MOST_CHOICES])


def _assignees(reader: Reader) -> list[tuple[str, str]]:
    busy = Conversation.objects.visible_to(reader).exclude(status__in=["closed", "spam"])
    people = Employee.objects.filter(pk__in=busy.values("assignee")).exclude(user=reader.pk)
    named = [(str(pk), name) for pk, name in people.values_list("pk", "name")[:MOST_CHOICES]]
    return [("me", _("Me")), ("nobody", _("Nobody")), *named]


def live(request: HttpRequest) -> JsonResponse:
    """How many rows of this list changed since the page was made; asked every few seconds."""
    since = _instant(request.GET.get("since", ""))
    asked = Asked.read(request.GET)
    changed = asked.looked_up(request.user, changed_since=since)[0].order_by()[:100].count()
    return JsonResponse({"changed": changed})


def _instant(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    return found if found and timezone.is_aware(found) else timezone.now()


def neighbours(
    conversation: Conversation, asked: Asked, reader: Reader
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The conversations before and after this one in its list; from outside it, the first."""
    ids = list(asked.found(reader).values_list("pk", flat=True)[:500])
    if conversation.pk not in ids:
        return None, ids[0] if ids else None
    at = ids.index(conversation.pk)
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)
