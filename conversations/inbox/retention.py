"""A channel keeps words for so many days: what is older loses them, a batch at a time.

Who wrote, when, and what became of it stays, so that no figure of the past moves. A digest stays as
well: by it a repeat is known, so that an old delivery that comes once more revives nothing.

Each run goes on where the last one stood. Once a day it begins at the beginning, for what was
passed over: it had yet to go out, was in somebody's hand, or was imported since.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from conversations.channels.health import first_id_of
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
    Striking,
    UnmatchedReceipt,
)
from conversations.inbox.models.message import ERASED
from crm.journal.services import record
from crm.privacy.emptying import forget_files
from crm.values import AUTOMATION

BATCH = 500
ANEW = timedelta(days=1)
AROUND = timedelta(hours=1)  # between an envelope's number and the time of its receipt, at most
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
        walk = _walk(channel, at)
        messages = _old(channel, walk.messages_from, before, most)
        ids = [message.pk for message in messages]
        _empty(ids)
        envelopes = _full(channel, walk.envelopes_from, before, most)
        empty_bytes_of(_these(envelopes), reason=STRUCK)
        _empty_around(channel, ids, before, most, all_of_it=walk.messages_from is None)
        walk.messages_from = messages[-1].occurred_at if len(messages) == most else before
        walk.envelopes_from = envelopes[-1].received_at if len(envelopes) == most else before
        walk.save()
        if ids:
            record("channel_words_struck", channel, by=AUTOMATION, messages=len(ids))
    return len(ids)


def _walk(channel: Channel, at: datetime) -> Striking:
    """Ours until the transaction ends. A clock that was set back begins anew as well."""
    Striking.objects.get_or_create(channel=channel, defaults={"begun_at": at})
    walk = Striking.objects.select_for_update().get(channel=channel)
    if not walk.begun_at <= at < walk.begun_at + ANEW:
        walk.messages_from = walk.envelopes_from = None
        walk.begun_at = at
    return walk


def _old(channel: Channel, start: datetime | None, before: datetime, most: int) -> list[Message]:
    """The oldest that still have words, or were not looked at; none that is yet to go out."""
    rows = Message.objects.filter(channel=channel, occurred_at__lt=before)
    if start is not None:
        rows = rows.filter(occurred_at__gte=start)
    rows = rows.exclude(delivery__state__in=_ON_THEIR_WAY)
    left = rows.filter(~Q(notes__contains=[STRUCK]) | ~Q(text="") | ~Q(html=""))
    held = left.order_by("occurred_at", "pk").select_for_update(of=("self",), skip_locked=True)
    return list(held.only("pk", "occurred_at")[:most])


def _full(channel: Channel, start: datetime | None, before: datetime, most: int) -> list[Envelope]:
    """The oldest whose bytes are there. Their numbers rise with time, so those of an hour are found
    without a look at the others."""
    rows = Envelope.objects.filter(NOT_EMPTY, channel=channel, received_at__lt=before)
    if start is not None:
        rows = rows.filter(pk__gte=first_id_of(start - AROUND), pk__lt=first_id_of(before + AROUND))
    done = rows.exclude(state=EnvelopeState.WAITING).order_by("pk")
    return list(done.only("pk", "received_at")[:most])


def _these(envelopes: Sequence[Envelope]) -> QuerySet[Envelope]:
    return Envelope.objects.filter(pk__in=[each.pk for each in envelopes])


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


def _empty_around(
    channel: Channel, ids: Sequence[uuid.UUID], before: datetime, most: int, *, all_of_it: bool
) -> None:
    """Subjects of what is silent since, and reports that found no message."""
    quiet = Conversation.objects.filter(channel=channel, last_message_at__lt=before)
    if not all_of_it:
        talks = Message.objects.filter(pk__in=ids).values("conversation")
        quiet = quiet.filter(pk__in=talks)
    _some(quiet.exclude(subject=""), "last_message_at", most).update(subject="")
    waiting = UnmatchedReceipt.objects.filter(channel=channel, received_at__lt=before)
    _some(waiting, "received_at", most).delete()


def _some(rows: QuerySet[Any], by: str, most: int) -> QuerySet[Any]:
    """The first of them, as a set that can be changed."""
    ids = list(rows.order_by(by).values_list("pk", flat=True)[:most])
    return QuerySet(rows.model).filter(pk__in=ids)
