"""What authors do to their messages afterwards: rewrite them, or take them back.

Networks keep no order: a change may come before its message, and two edits the wrong way round.
Each is kept as a row; the newest by the network's clock is what the message says, and what was
taken back loses its words here as well, in the message, its versions and its files.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from conversations.channels.claiming import Opened
from conversations.channels.models import Channel, Envelope
from conversations.channels.personal import empty_bytes_of
from conversations.channels.wire.contract import Deleted, Edited
from conversations.inbox.files import forget
from conversations.inbox.models import (
    Attachment,
    ChangeKind,
    Conversation,
    Message,
    MessageChange,
)
from crm.journal import tombstones

WAITS = timedelta(days=7)
TAKEN_BACK = "its author took it back"


def take(told: Sequence[tuple[Opened, Edited | Deleted]]) -> set[uuid.UUID]:
    """Returns the envelopes of changes whose message is not known: they wait for it."""
    waiting = set()
    gone = tombstones.buried(tombstones.EXTERNAL, {_name(one, item) for one, item in told})
    for one, item in told:
        if _name(one, item) in gone:
            continue  # its message was erased on request
        change = _kept(one, item)
        if change is None:
            continue  # the same change was told before
        message = _meant(one.channel, item.external_id)
        if message is None:
            waiting.add(one.id)
        else:
            _apply(message, [change])
    return waiting


def _name(one: Opened, item: Edited | Deleted) -> str:
    return f"{one.channel.pk} {item.external_id[:500]}"


def forget_waiting(*, at: datetime) -> int:
    """Changes whose message did not come within a week: nobody needs their words any more."""
    old = MessageChange.objects.filter(message=None, received_at__lt=at - WAITS)
    return old.delete()[0]


def match_waiting(came: Iterable[tuple[Channel, str]]) -> None:
    """Applies what was said of messages before they came."""
    by_id = {(channel.pk, external_id): channel for channel, external_id in came}
    names = {external_id for _, external_id in by_id}
    waiting = MessageChange.objects.filter(message=None, external_id__in=names)
    found: dict[tuple[uuid.UUID, str], list[MessageChange]] = {}
    for change in waiting:
        found.setdefault((change.channel_id, change.external_id), []).append(change)
    for key, changes in found.items():
        message = _meant(by_id[key], key[1]) if key in by_id else None
        if message is not None:
            _apply(message, changes)


def _kept(one: Opened, item: Edited | Deleted) -> MessageChange | None:
    """A new row, None when the same change is here already."""
    edit = item if isinstance(item, Edited) else None
    change, is_new = MessageChange.objects.get_or_create(
        channel=one.channel,
        external_id=item.external_id[:500],
        kind=ChangeKind.EDITED if edit else ChangeKind.DELETED,
        digest=edit.body_digest if edit else "",
        said_at=item.at or one.received_at,
        defaults={
            "text": edit.text if edit else "",
            "html": edit.html if edit else "",
            "envelope_id": one.id,
        },
    )
    return change if is_new else None


def _meant(channel: Channel, external_id: str) -> Message | None:
    return Message.objects.filter(channel=channel, external_id=external_id, variant="").first()


def _apply(message: Message, changes: Sequence[MessageChange]) -> None:
    with transaction.atomic():
        # the conversation first, as everybody who writes does
        Conversation.objects.select_for_update().get(pk=message.conversation_id)
        message = Message.objects.select_for_update().get(pk=message.pk)
        MessageChange.objects.filter(pk__in=[each.pk for each in changes]).update(message=message)
        if any(each.kind == ChangeKind.DELETED for each in changes) or message.deleted_at:
            _take_back(message)
        else:
            _rewrite(message, changes)
        Conversation.objects.filter(pk=message.conversation_id).update(updated_at=timezone.now())


def _rewrite(message: Message, changes: Sequence[MessageChange]) -> None:
    """The newest words by the network's clock; an older edit that came late is kept only."""
    newest = max(changes, key=lambda each: (each.said_at, each.pk))
    if message.edited_at is None:
        if newest.digest == message.digest:
            return  # the very words that stand there
        _keep_first(message)
    elif newest.said_at < message.edited_at:
        return
    message.text, message.html = newest.text, newest.html
    message.edited_at = newest.said_at
    message.save(update_fields=["text", "html", "edited_at"])


def _keep_first(message: Message) -> None:
    MessageChange.objects.get_or_create(
        channel_id=message.channel_id,
        external_id=message.external_id,
        kind=ChangeKind.SAID,
        digest=message.digest,
        said_at=message.stated_at or message.occurred_at,
        defaults={"message": message, "text": message.text, "html": message.html},
    )


def _take_back(message: Message) -> None:
    """Not a word is left; that something was said, and when, stays on record."""
    rows = MessageChange.objects.filter(message=message)
    if message.deleted_at is None:
        gone = rows.filter(kind=ChangeKind.DELETED).order_by("said_at").first()
        message.deleted_at = gone.said_at if gone else timezone.now()
    message.text = message.html = message.subject = ""
    message.notes, message.edited_at = [], None
    message.save(update_fields=["text", "html", "subject", "notes", "edited_at", "deleted_at"])
    rows.filter(kind=ChangeKind.SAID).delete()
    rows.update(text="", html="")
    _empty_bytes(message, rows)
    for file in list(Attachment.objects.filter(message=message)):
        forget(file)


def _empty_bytes(message: Message, rows: QuerySet[MessageChange]) -> None:
    """Of deliveries that brought nothing else than this message and its wordings."""
    brought = [message.envelope_id, *rows.values_list("envelope_id", flat=True)]
    ids = {each for each in brought if each is not None}
    shared = Message.objects.filter(envelope__in=ids).exclude(pk=message.pk)
    changed = MessageChange.objects.filter(envelope__in=ids).exclude(message=message)
    for others in (shared, changed):
        ids -= {each for each in others.values_list("envelope_id", flat=True) if each}
    empty_bytes_of(Envelope.objects.filter(pk__in=ids), reason=TAKEN_BACK)
