"""Deadlines of conversations: derived from what happened, watched, told.

What happened stands in the messages (with their deliveries) and in the journal; the rows are
made anew from it at each event, for any number of conversations in the same few statements.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.models import Conversation, Deadline
from conversations.inbox.models.deadline import DeadlineQuerySet
from conversations.service_levels.models import Priority
from conversations.service_levels.replay import Event, Happened, Level, replay
from conversations.service_levels.services import Book, book
from crm.journal.models import Act
from crm.values import Via

MOST_WATCHED = 500

# An answer counts from when it was written (one that had to be approved: from when it went),
# and has come when the provider took it. What is held, dropped or did not arrive is none.
_SAID = """
SELECT m.conversation_id, m.direction,
  CASE WHEN m.approval_required THEN coalesce(m.sent_at, d.not_before, m.occurred_at)
    ELSE m.occurred_at END,
  m.sent_at, m.via
FROM conversations_message m LEFT JOIN conversations_delivery d ON d.message_id = m.id
WHERE m.conversation_id = ANY(%s) AND m.kind = 'reply' AND NOT m.automated
  AND (d.state IS NULL OR d.state NOT IN ('held', 'dropped', 'failed'))
"""
_VERBS = {
    "conversation_closed": Happened.CLOSED,
    "conversation_reopened": Happened.REOPENED,
    "conversation_snoozed": Happened.SNOOZED,
    "conversation_marked_spam": Happened.SPAM,
    "conversation_prioritised": Happened.PRIORITISED,
}
_DERIVED = ("target_id", "calendar_id", "due_at", "warn_at", "paused_at", "met_at", "dropped_at")


def refresh(conversations: Collection[uuid.UUID], *, at: datetime | None = None) -> None:
    """Makes the deadlines of these conversations anew. One query where no target was ever made.

    Within the caller's transaction, or one of its own.
    """
    targets = book() if conversations else None
    if targets is None:
        return
    with transaction.atomic():
        found = Conversation.objects.select_for_update(of=("self",)).filter(
            pk__in=conversations, live=True
        )
        found = found.exclude(channel__kind=DRILL)  # nothing was promised to anybody
        rows = list(found.order_by("pk").only("unit_id", "channel_id"))
        events = _events([row.pk for row in rows])
        levels = {
            row.pk: _replayed(row, events.get(row.pk, []), targets, at or timezone.now())
            for row in rows
        }
        _keep(levels)


def _replayed(row: Conversation, events: list[Event], targets: Book, at: datetime) -> list[Level]:
    def terms(priority: str, when: datetime) -> Any:
        return targets.terms(unit=row.unit_id, channel=row.channel_id, priority=priority, at=when)

    ordered = sorted(events, key=lambda event: event.at)
    return replay(ordered, now=at, terms=terms, priority=Priority.NORMAL)


def _events(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Event]]:
    found: dict[uuid.UUID, list[Event]] = {pk: [] for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(_SAID, [list(ids)])
        for conversation, direction, at, sent_at, via in cursor.fetchall():
            found[conversation].append(_said(direction, at, sent_at, via))
    acts = Act.objects.filter(
        subject_type="conversation",
        subject_id__in=[str(pk) for pk in ids],
        verb__in=[*_VERBS, "need_decided"],
    ).order_by("pk")
    for subject, verb, at, data in acts.values_list("subject_id", "verb", "occurred_at", "data"):
        found[uuid.UUID(subject)].append(_done(verb, at, data))
    return found


def _said(direction: str, at: datetime, sent_at: datetime | None, via: str) -> Event:
    if direction == "in":
        return Event(at, Happened.ASKED, starts=via != Via.IMPORT)
    return Event(at, Happened.ANSWERED, arrived_at=max(sent_at or at, at))


def _done(verb: str, at: datetime, data: dict[str, Any]) -> Event:
    if verb == "need_decided":
        return Event(at, Happened.NEEDED if data.get("value") else Happened.NEEDLESS)
    until = datetime.fromisoformat(data["until"]) if "until" in data else None
    return Event(at, _VERBS[verb], until=until, priority=data.get("priority", ""))


def _keep(levels: dict[uuid.UUID, list[Level]]) -> None:
    """Writes what differs from the rows, in one statement for each kind of change."""
    known = {
        (row.conversation_id, row.clock, row.started_at): row
        for row in Deadline.objects.filter(conversation__in=list(levels))
    }
    wanted = {
        (pk, str(level.clock), level.started_at): _row(pk, level)
        for pk, found in levels.items()
        for level in found
    }
    gone = [row.pk for key, row in known.items() if key not in wanted]
    if gone:
        Deadline.objects.filter(pk__in=gone).delete()
    changed = [row for key, row in wanted.items() if not _same(known.get(key), row)]
    for row in changed:
        _carry(known.get((row.conversation_id, row.clock, row.started_at)), row)
    _write(changed)


_COLUMNS = ("conversation_id", "clock", "started_at", *_DERIVED, "warned_at", "breached_at")
_WRITE = f"""
INSERT INTO conversations_deadline ({", ".join(_COLUMNS)})
SELECT * FROM unnest(
    %s::uuid[], %s::text[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (conversation_id, clock, started_at) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])}
"""  # noqa: S608 - our own column names


def _write(rows: Sequence[Deadline]) -> None:
    """By arrays: the statement is the same for one row and for a thousand."""
    if rows:
        columns = [[getattr(row, name) for row in rows] for name in _COLUMNS]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, columns)


def _row(conversation: uuid.UUID, level: Level) -> Deadline:
    return Deadline(
        conversation_id=conversation,
        clock=str(level.clock),
        started_at=level.started_at,
        target_id=level.terms.target_id,
        calendar_id=level.terms.calendar_id,
        **{name: getattr(level, name) for name in _DERIVED[2:]},
    )


def _same(known: Deadline | None, row: Deadline) -> bool:
    return known is not None and all(getattr(known, n) == getattr(row, n) for n in _DERIVED)


def _carry(known: Deadline | None, row: Deadline) -> None:
    """What the watch has seen stays seen, unless the deadline moved away from it."""
    if known is not None and known.due_at == row.due_at:
        row.warned_at, row.breached_at = known.warned_at, known.breached_at
    if row.met_at is not None and row.met_at > row.due_at and row.breached_at is None:
        row.breached_at = row.met_at


def watch(*, at: datetime, most: int = MOST_WATCHED) -> int:
    """Marks what will soon be late, and what is, once each, with a line in the journal.

    Looks again at what happened first: nobody is warned of what was done. Returns how many.
    """
    due = list(_unseen(at).order_by("warn_at").values_list("conversation", flat=True)[:most])
    refresh(set(due), at=at)
    with transaction.atomic():
        rows = list(
            _unseen(at).filter(conversation__in=due).select_for_update(skip_locked=True)[:most]
        )
        late = [row for row in rows if row.due_at <= at]
        soon = [row for row in rows if row.warned_at is None]
        Deadline.objects.filter(pk__in=[row.pk for row in soon]).update(warned_at=at)
        Deadline.objects.filter(pk__in=[row.pk for row in late]).update(breached_at=at)
        lines = [("deadline_breached", late)]
        lines.append(("deadline_near", [row for row in soon if row.due_at > at]))
        Act.objects.bulk_create(_line(row, verb=verb, at=at) for verb, of in lines for row in of)
    return len(rows)


def _unseen(at: datetime) -> DeadlineQuerySet:
    near = Q(warn_at__lte=at, warned_at=None) | Q(due_at__lte=at, breached_at=None)
    return Deadline.objects.soon(at).filter(near)


def _line(row: Deadline, *, verb: str, at: datetime) -> Act:
    return Act(
        via=Via.AUTOMATION,
        verb=verb,
        subject_type="conversation",
        subject_id=str(row.conversation_id),
        data={"clock": row.clock, "due_at": row.due_at.isoformat()},
        occurred_at=at,
    )


def recompute(conversations: Iterable[uuid.UUID] | None = None, *, batch: int = 500) -> int:
    """Makes every deadline anew from the history (of all live conversations by default).

    Changes nothing where nothing was missed. Returns how many conversations were read.
    """
    if conversations is None:
        conversations = Conversation.objects.filter(live=True).values_list("pk", flat=True)
    ids = list(conversations)
    for start in range(0, len(ids), batch):
        refresh(ids[start : start + batch])
    return len(ids)
