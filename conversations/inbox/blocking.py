"""Blocked people: what they write is kept, is spam, and is offered to nobody, until the block ends.

Blocking itself is the contact's (`crm.contacts.services.block`), which wakes `settle`; a sweep does
it too. `Conversation.blocked` says that only the block made it spam, so that its end undoes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from conversations.inbox import levels
from conversations.inbox.models import Conversation, Status
from conversations.inbox.services import locked, tell_ended, tell_need, touch, unanswered_since
from conversations.inbox.threading import Thread
from crm.journal.services import record
from crm.values import AUTOMATION

_GOING_ON = (Status.OPEN, Status.WAITING, Status.SNOOZED)
MOST = 200  # conversations a sweep


def put_aside(threads: Sequence[Thread]) -> None:
    """In ingestion, before its writes: these conversations are of blocked people."""
    for thread in threads:
        if not thread.new and thread.status != Status.SPAM:
            _hide(thread.id)
        thread.status = Status.SPAM


def settle() -> int:
    """Makes conversations follow the blocks that came or ended. Returns how many changed."""
    hidden = [pk for pk in _ids(_to_hide()) if _hide(pk)]
    shown = [pk for pk in _ids(_to_show()) if _show(pk)]
    return len(hidden) + len(shown)


def _to_hide() -> QuerySet[Conversation]:
    theirs = Conversation.objects.filter(identity__contact__blocked_at__isnull=False)
    return theirs.filter(status__in=_GOING_ON)


def _to_show() -> QuerySet[Conversation]:
    unblocked = Conversation.objects.filter(identity__contact__blocked_at=None)
    return unblocked.filter(blocked=True, status=Status.SPAM)


def _ids(rows: QuerySet[Conversation]) -> list[uuid.UUID]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])


def _hide(pk: uuid.UUID) -> bool:
    with transaction.atomic():
        conversation = locked(Conversation(pk=pk))
        if conversation.status not in {*_GOING_ON, Status.CLOSED}:
            return False
        conversation.status, conversation.blocked = Status.SPAM, True
        conversation.waiting_since = conversation.snoozed_until = conversation.closed_at = None
        touch(conversation)
        record("conversation_marked_spam", conversation, by=AUTOMATION, blocked=True)
        levels.refresh([pk])
        tell_ended(pk)
    return True


def _show(pk: uuid.UUID) -> bool:
    with transaction.atomic():
        conversation = locked(Conversation(pk=pk))
        if not conversation.blocked or conversation.status != Status.SPAM:
            return False
        since = unanswered_since(conversation)
        conversation.status = Status.WAITING if since is None else Status.OPEN
        conversation.blocked, conversation.waiting_since = False, since
        touch(conversation)
        record("conversation_reopened", conversation, by=AUTOMATION, blocked=False)
        levels.refresh([pk])
        if since is not None:
            tell_need(pk, needed=True)
    return True
