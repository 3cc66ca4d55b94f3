"""The saved views of the inbox: what each shows, in which order, and how much there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.inbox.models import Conversation, ConversationQuerySet, Deadline, Status
from conversations.service_levels.models import Target
from crm.organisation.models import User

Reader = User | AnonymousUser
MOST_COUNTED = 1_000

OLDEST_WAIT_FIRST = (F("waiting_since").asc(nulls_last=True), "-last_message_at", "-id")
NEWEST_FIRST = (F("last_message_at").desc(nulls_last=True), "-id")
NEXT_DUE = Subquery(
    Deadline.objects.running()
    .filter(conversation=OuterRef("pk"))
    .order_by("due_at")
    .values("due_at")[:1]
)
SOONEST_DUE = (F("due").asc(nulls_last=True), *OLDEST_WAIT_FIRST)
NEXT_TO_WAKE = (F("snoozed_until").asc(nulls_last=True), "-id")


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: Promise
    condition: Callable[[Reader], Q]
    order: Sequence[Any] = NEWEST_FIRST

    def of(self, reader: Reader, *, by_due: bool = False) -> ConversationQuerySet:
        """What `reader` finds under this tab, in its order or the soonest due first."""
        visible = Conversation.objects.visible_to(reader)
        found = visible.filter(self.condition(reader))
        if by_due or self.order is SOONEST_DUE:
            return found.annotate(due=NEXT_DUE).order_by(*SOONEST_DUE)
        return found.order_by(*self.order)


def _due(reader: Reader) -> Q:
    soon = Deadline.objects.soon(timezone.now()).filter(conversation=OuterRef("pk"))
    return Q(Exists(soon))


def _is(status: Status) -> Callable[[Reader], Q]:
    return lambda reader: Q(status=status)


def _unassigned(reader: Reader) -> Q:
    return Q(status=Status.OPEN, assignee=None)


def _mine(reader: Reader) -> Q:
    return Q(status=Status.OPEN, assignee__user=reader.pk)


TABS = (
    Tab("open", _("Open"), _is(Status.OPEN), OLDEST_WAIT_FIRST),
    Tab("mine", _("Mine"), _mine, OLDEST_WAIT_FIRST),
    Tab("unassigned", _("Unassigned"), _unassigned, OLDEST_WAIT_FIRST),
    Tab("due", _("Due soon or late"), _due, SOONEST_DUE),
    Tab("waiting", _("Waiting for the customer"), _is(Status.WAITING)),
    Tab("snoozed", _("Snoozed"), _is(Status.SNOOZED), NEXT_TO_WAKE),
    Tab("closed", _("Closed"), _is(Status.CLOSED)),
    Tab("spam", _("Spam"), _is(Status.SPAM)),
    Tab("all", _("All"), lambda reader: Q()),
)
_BY_KEY = {tab.key: tab for tab in TABS}
_COUNTED_TOGETHER = (
    "open",
    "mine",
    "unassigned",
    "due",
    "waiting",
    "snoozed",
)  # what is alive is little


def tab_of(key: str) -> Tab:
    return _BY_KEY.get(key, TABS[0])


def tabs() -> list[Tab]:
    """Without the one of deadlines where none is ever set."""
    is_promised = Target.objects.exists()
    return [tab for tab in TABS if tab.key != "due" or is_promised]


def counts(reader: Reader) -> dict[str, str]:
    """Tab -> how many, as shown. Closed and all grow without end: they show none."""
    alive = Conversation.objects.visible_to(reader).filter(
        status__in=[Status.OPEN, Status.WAITING, Status.SNOOZED]
    )
    found = alive.aggregate(
        **{key: Count("pk", filter=_BY_KEY[key].condition(reader)) for key in _COUNTED_TOGETHER}
    )
    return {key: shown(value) for key, value in found.items()}


def shown(count: int, *, most: int = MOST_COUNTED) -> str:
    return f"{most}+" if count > most else str(count)


def unassigned(reader: Reader) -> ConversationQuerySet:
    """What the side bar counts beside the inbox."""
    return tab_of("unassigned").of(reader)
