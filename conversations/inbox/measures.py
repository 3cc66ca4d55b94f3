"""Messages and what was decided about conversations, without a word of their text."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db.models import Case, CharField, F, Func, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Substr

from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.models import (
    Closing,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
    NeedsAnswer,
)
from conversations.inbox.models.message import ERASED
from crm.journal.measures import BY_ID, first_recorded_since, oldest
from crm.values import Via

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.organisation.models import User


class MessageRow(NamedTuple):
    """at: received; for an outbound one, when the provider accepted it.

    own: the named employee did it in person. text: a digest, None for inbound ones.
    failed_at: from then on an outbound message counts as never sent.
    """

    id: UUID
    order: str
    at: datetime
    recorded_at: datetime
    conversation: UUID
    channel: UUID
    is_outbound: bool
    contact: UUID | None
    employee: UUID | None
    own: bool
    automated: bool
    text: str | None
    needs_approval: bool
    failed_at: datetime | None


class NeedRow(NamedTuple):
    order: str
    at: datetime
    recorded_at: datetime
    conversation: UUID
    value: bool


class ClosingRow(NamedTuple):
    id: UUID
    order: str
    at: datetime
    recorded_at: datetime
    conversation: UUID
    employee: UUID | None
    own: bool


def spoken() -> QuerySet[Message]:
    """Messages that were really exchanged: no notes, nothing held, queued or of unknown fate.

    Nor what answered a drill once it was approved: nobody got it.
    """
    said = Message.objects.filter(kind=MessageKind.REPLY)
    drilled = Q(direction=Direction.OUT, channel__kind=DRILL, approved_by__isnull=False)
    return said.exclude(direction=Direction.OUT, sent_at__isnull=True).exclude(drilled)


def messages() -> list[MessageRow]:
    """One row a message, oldest first."""
    is_out = Q(direction=Direction.OUT)
    rows = spoken().annotate(
        order=BY_ID,
        at=Case(When(is_out, then=F("sent_at")), default=F("occurred_at")),
        is_outbound=is_out,
        own=Q(via=Via.OWN),
        said=Case(
            When(is_out & Q(digest__startswith=ERASED), then=Substr("digest", len(ERASED) + 1)),
            When(is_out, then=Func(F("text"), function="md5")),
            default=Value(None),
            output_field=CharField(),
        ),
        needs_approval=Q(approval_required=True) | Q(approved_by__isnull=False),
        failed_at=Case(
            When(delivery__state=DeliveryState.FAILED, then=F("delivery__updated_at")),
            default=Value(None),
        ),
    )
    fields = ("id", "order", "at", "recorded_at", "conversation_id", "channel_id", "is_outbound")
    who = ("author_identity__contact_id", "author_employee_id", "own", "automated", "said")
    how = ("needs_approval", "failed_at")
    return [MessageRow(*r) for r in rows.order_by("at", "order").values_list(*fields, *who, *how)]


def needs() -> list[NeedRow]:
    rows = NeedsAnswer.objects.annotate(order=BY_ID).order_by("occurred_at", "order")
    fields = ("order", "occurred_at", "recorded_at", "conversation_id", "value")
    return [NeedRow(*row) for row in rows.values_list(*fields)]


def closings() -> list[ClosingRow]:
    rows = Closing.objects.annotate(order=BY_ID, own=Q(via=Via.OWN))
    fields = ("id", "order", "occurred_at", "recorded_at", "conversation_id", "by_id", "own")
    return [ClosingRow(*r) for r in rows.order_by("occurred_at", "order").values_list(*fields)]


def visible_subjects(user: User | AnonymousUser, ids: Collection[UUID]) -> dict[UUID, str]:
    """Of these conversations, those that `user` may open, with their subjects."""
    seen = Conversation.objects.visible_to(user).filter(pk__in=ids)
    return {one.pk: str(one) for one in seen.only("pk", "subject")}


def touched(since: datetime) -> datetime | None:
    """The oldest moment that what was recorded from `since` on says something about."""
    said = first_recorded_since(Message, since, at=Coalesce("sent_at", "occurred_at"))
    rest = (first_recorded_since(one, since) for one in (NeedsAnswer, Closing))
    return oldest(said, moved(since), *rest)


def moved(since: datetime) -> datetime | None:
    """The same of deliveries that went on: a message counts from its sending until it fails.

    One that was tried again may have counted from an earlier sending on.
    """
    first_try = Case(When(attempt__lte=1, then=F("message__sent_at")))
    rows = Delivery.objects.filter(updated_at__gte=since, message__sent_at__isnull=False)
    found: datetime | None = rows.aggregate(at=Min(Coalesce(first_try, "message__occurred_at")))[
        "at"
    ]
    return found
