"""Finding conversations by words: the newest first, never longer than a second."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from conversations.inbox.models import Conversation, ConversationQuerySet, Message
from crm.asking import AsQuery, question
from crm.bounds import TooSlow, bounded
from crm.contacts.models import Contact, Identity
from crm.words import week_of, worded, worded_by_week

MOST = 200  # conversations found
SECONDS = 0.8
_FEW = 500  # conversations whose messages are read rather than looked up
_WALKED = 1_000  # newest messages that are read before the index is asked
_MOST_PEOPLE = 1_000
_WEEKS = (1, 4, 16, 64, 256)  # how far back the index is asked, step by step


@dataclass(frozen=True, slots=True)
class Found:
    """ids: newest find first. is_all: nothing that fits is missing."""

    ids: list[uuid.UUID]
    is_all: bool


def find(
    typed: str, within: ConversationQuerySet, *, most: int = MOST, seconds: float = SECONDS
) -> Found:
    """Conversations of `within` that hold all the words in their subject, in one of their
    messages, or in the name or address of the person; a pasted id finds its own."""
    number = id_in(typed)
    if number:
        return Found(list(within.filter(pk=number).values_list("pk", flat=True)), is_all=True)
    asked = question(typed)
    if not asked:
        return Found([], is_all=True)
    found: dict[uuid.UUID, None] = {}
    until = time.monotonic() + seconds
    try:
        for step in _steps(within, asked, until):
            with bounded(until - time.monotonic()):
                found |= dict.fromkeys(step(most))
            if len(found) >= most:
                break
    except TooSlow:
        return Found(list(found)[:most], is_all=False)
    return Found(list(found)[:most], is_all=len(found) < most)


def id_in(text: str) -> uuid.UUID | None:
    """The id that a text is; None for any other text."""
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


Step = Callable[[int], list[uuid.UUID]]


def _steps(within: ConversationQuerySet, asked: str, until: float) -> Iterator[Step]:
    """The questions to ask, one after the other, until enough is found.

    A common word is found by reading back from now; a rare one in the index. Between them the
    index is asked week by week: its list of a common word is long, that of a week is not.
    """
    within = within.order_by()
    with bounded(until - time.monotonic()):
        few = list(within.values_list("pk", flat=True)[: _FEW + 1])
    if len(few) <= _FEW:
        within = Conversation.objects.filter(pk__in=few)
    yield lambda most: list(_by_subject(within, asked)[:most])
    yield lambda most: list(_by_person(within, asked)[:most])
    messages = Message.objects.filter(conversation__in=within.values("pk"))
    if len(few) <= _FEW:
        yield lambda most: _newest(_holding(messages, asked), most)
        return
    newest = Message.objects.order_by("-occurred_at").values("pk")[:_WALKED]
    yield lambda most: _newest(_holding(messages.filter(pk__in=newest), asked), most)
    for condition in _weeks(asked, timezone.now()):
        yield lambda most, condition=condition: _newest(_holding(messages, condition), most)  # type: ignore[misc]


def _weeks(asked: str, now: datetime) -> Iterator[str]:
    """The question for this week (and the next: clocks differ), for those before, for all."""
    newest, done = week_of(now) + 1, 0
    for weeks in _WEEKS:
        named = " | ".join(f"'@{newest - back}'" for back in range(done, weeks + 1))
        done = weeks + 1
        yield f"({asked}) & ({named})"
    yield asked


def _by_subject(within: ConversationQuerySet, asked: str) -> QuerySet[Any, Any]:
    rows = within.annotate(words=worded("subject")).filter(words=AsQuery(asked))
    return rows.order_by("-last_message_at").values_list("pk", flat=True)


def _by_person(within: ConversationQuerySet, asked: str) -> QuerySet[Any, Any]:
    names = Contact.objects.annotate(words=worded("name")).filter(words=AsQuery(asked))
    addresses = Identity.objects.annotate(words=worded("handle"), also=worded("shown"))
    people = addresses.filter(
        Q(words=AsQuery(asked))
        | Q(also=AsQuery(asked))
        | Q(contact__in=list(names.values_list("pk", flat=True)[:_MOST_PEOPLE]))
    )
    known = list(people.values_list("pk", flat=True)[:_MOST_PEOPLE])
    rows = within.filter(identity__in=known).order_by("-last_message_at")
    return rows.values_list("pk", flat=True)


def _holding(messages: QuerySet[Message], asked: str) -> QuerySet[Message]:
    found = messages.annotate(words=worded_by_week("text", "occurred_at"))
    return found.filter(words=AsQuery(asked))


def _newest(messages: QuerySet[Message], most: int) -> list[uuid.UUID]:
    found = messages.order_by().values("conversation").annotate(last=Max("occurred_at"))
    return list(found.order_by("-last").values_list("conversation", flat=True)[:most])
