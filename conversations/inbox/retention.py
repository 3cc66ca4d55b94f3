"""A channel keeps words for so many days: what is older loses them, a batch at a time.

Who wrote, when, and what became of it stays, so that no figure of the past moves. A digest stays as
well: by it a repeat is known, so that an old delivery that comes once more revives nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from conversations.channels.models import Channel, Envelope, EnvelopeState
from conversations.channels.personal import NOT_EMPTY, empty_bytes_of
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    FileState,
    Message,
    MessageChange,
    UnmatchedReceipt,
)
from conversations.inbox.models.message import ERASED
from crm.journal.services import record
from crm.privacy.emptying import forget_files
from crm.values import AUTOMATION

BATCH = 500
STRUCK = "the days for which this channel keeps words are over"
_ON_THEIR_WAY = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.SENDING)
# that two answers of ours were the same word for word is counted (see `personal`)
_DIGEST = Case(
    When(digest__startswith=ERASED, then=F("digest")),
    When(
        direction=Direction.OUT,
        then=Concat(Value(ERASED), Func(F("text"), function="md5"), output_field=CharField()),
    ),
    default=F("digest"),
)


def strike_due(*, at: datetime, most: int = BATCH) -> int:
    """Returns how many messages lost their words. What is left over, the next run takes."""
    return sum(_strike(channel, at, most) for channel in Channel.objects.exclude(keep_days=None))


def _strike(channel: Channel, at: datetime, most: int) -> int:
    before = at - timedelta(days=channel.keep_days or 0)
    with transaction.atomic():
        ids = _old(channel, before, most)
        _empty(ids)
        _empty_around(channel, before, most)
        if ids:
            record("channel_words_struck", channel, by=AUTOMATION, messages=len(ids))
    return len(ids)


def _old(channel: Channel, before: datetime, most: int) -> list[uuid.UUID]:
    """The oldest that still have words, or were not looked at; none that is yet to go out."""
    rows = Message.objects.filter(channel=channel, occurred_at__lt=before)
    rows = rows.exclude(delivery__state__in=_ON_THEIR_WAY)
    left = rows.filter(~Q(notes__contains=[STRUCK]) | ~Q(text="") | ~Q(html=""))
    held = left.order_by("occurred_at", "pk").select_for_update(of=("self",), skip_locked=True)
    return [message.pk for message in held.only("pk")[:most]]


def _empty(ids: Sequence[uuid.UUID]) -> None:
    messages = Message.objects.filter(pk__in=ids)
    messages.update(digest=_DIGEST)
    messages.update(text="", html="", subject="", notes=[STRUCK])
    MessageChange.objects.filter(message__in=ids).update(text="", html="")
    Delivery.objects.filter(message__in=ids).update(cause="", template=None)
    files = Attachment.objects.filter(message__in=ids)
    forget_files(Attachment, "file", list(files))
    files.update(
        **dict.fromkeys(("name", "content_id", "sha256", "remote", "cause", "file"), ""),
        state=FileState.LOST,
        due_at=None,
    )


def _empty_around(channel: Channel, before: datetime, most: int) -> None:
    """Raw bytes, subjects, and reports that found no message."""
    envelopes = Envelope.objects.filter(NOT_EMPTY, channel=channel, received_at__lt=before)
    done = envelopes.exclude(state=EnvelopeState.WAITING)
    empty_bytes_of(_some(done, "received_at", most), reason=STRUCK)
    quiet = Conversation.objects.filter(channel=channel, last_message_at__lt=before)
    _some(quiet.exclude(subject=""), "last_message_at", most).update(subject="")
    waiting = UnmatchedReceipt.objects.filter(channel=channel, received_at__lt=before)
    _some(waiting, "received_at", most).delete()


def _some(rows: QuerySet[Any], by: str, most: int) -> QuerySet[Any]:
    """The first of them, as a set that can be changed."""
    ids = list(rows.order_by(by).values_list("pk", flat=True)[:most])
    return QuerySet(rows.model).filter(pk__in=ids)
