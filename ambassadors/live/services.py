"""Verbs of events: tell one, read what is new for a person, forget what is old."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from ambassadors.live import bell
from ambassadors.live.models import NEEDS_SIGHT, Event, EventKind, HookPost, Subscription
from conversations.inbox.models import Conversation
from crm.organisation.models import User
from crm.wake import Task, wake

KEPT = timedelta(days=7)
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class News:
    """What to tell whom: ids only, the rest is asked for with the person's own rights."""

    user_id: int
    kind: EventKind
    conversation_id: uuid.UUID
    subject: uuid.UUID | None = None


def publish(news: Iterable[News]) -> None:
    """Within the caller's transaction: an event is told exactly when its cause is committed."""
    news = list(news)
    if not news:
        return
    numbers = _insert(news)
    people = {each.user_id for each in news}
    wanted = list(Subscription.objects.filter(user__in=people, active=True))
    if wanted:
        _post_to_endpoints(wanted, list(zip(numbers, news, strict=True)))
    transaction.on_commit(lambda: bell.ring(people), robust=True)


# Arrays and not a statement of so many rows: binding these costs more than the INSERT.
_EVENTS = """
INSERT INTO ambassadors_event (user_id, kind, conversation_id, subject)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::uuid[])
RETURNING id
"""


def _insert(news: Sequence[News]) -> list[int]:
    """The keys of the rows, in order."""
    columns: list[list[Any]] = [
        [each.user_id for each in news],
        [each.kind.value for each in news],
        [each.conversation_id for each in news],
        [each.subject for each in news],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, columns)
        return [row[0] for row in cursor.fetchall()]


def _post_to_endpoints(wanted: Sequence[Subscription], events: Sequence[tuple[int, News]]) -> None:
    now = timezone.now()
    posts = HookPost.objects.bulk_create(
        HookPost(subscription=each, event_id=number, due_at=now)
        for each in wanted
        for number, event in events
        if event.user_id == each.user_id and (not each.kinds or event.kind in each.kinds)
    )
    if posts:
        wake(Task.POST_EVENTS)


def tell_of_messages(conversations: Sequence[uuid.UUID]) -> None:
    """To whoever has each of these conversations, or answers in it."""
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, [list(conversations), list(conversations)])
        concerned = cursor.fetchall()
    with transaction.atomic():
        publish(News(user, EventKind.MESSAGE_RECEIVED, where) for where, user in concerned)


_CONCERNED = """
SELECT c.id, e.user_id FROM conversations_conversation c
JOIN crm_employee e ON e.id = c.assignee_id AND e.user_id IS NOT NULL
WHERE c.id = ANY(%s::uuid[])
UNION
SELECT p.conversation_id, p.user_id FROM conversations_participant p
WHERE p.conversation_id = ANY(%s::uuid[]) AND p.role IN ('answering', 'advising')
ORDER BY 1, 2
"""


def newest_number() -> int:
    """Where a stream begins that names no last event."""
    return Event.objects.aggregate(newest=Max("number"))["newest"] or 0


def is_known(number: int) -> bool:
    """Whether nothing after `number` can have been pruned."""
    return number == 0 or Event.objects.filter(number=number).exists()


def news_of(user: User, *, after: int) -> list[Event]:
    """The next events of the person, in order; also those they may not be told (see `seen`)."""
    events = Event.objects.filter(user=user, number__gt=after).order_by("number")
    return list(events[:MOST_AT_ONCE])


def seen(user: User, events: Sequence[Event]) -> list[Event]:
    """Of these, what the person may be told now: rights are asked at the moment of sending."""
    about = {event.conversation_id for event in events if event.kind in NEEDS_SIGHT}
    visible: set[uuid.UUID] = set()
    if about:
        rows = Conversation.objects.visible_to(user).filter(pk__in=about)
        visible = set(rows.values_list("pk", flat=True))
    return [
        event
        for event in events
        if event.kind not in NEEDS_SIGHT or event.conversation_id in visible
    ]


def forget_old(*, at: datetime) -> int:
    """Prunes; the newest one stays, so that who has seen it is known to have missed nothing."""
    newest = newest_number()
    old = Event.objects.filter(at__lt=at - KEPT).exclude(Q(number=newest))
    return old.delete()[0]
