"""Messages and what was decided about conversations, without a word of their text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, Substr

from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.models import (
    Closing,
    Conversation,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
    NeedsAnswer,
)
from conversations.inbox.models.message import ERASED
from crm.journal.measures import (
    AT_ONCE,
    BY_ID,
    Moments,
    Reach,
    among,
    moments,
    reach,
    recorded_before,
    recorded_since,
)
from crm.journal.models import Act
from crm.values import Via

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.organisation.models import User


NEAR = timedelta(days=9)  # an ISO week and the widest difference of clocks


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


def messages(conversations: Collection[UUID] | None = None) -> list[MessageRow]:
    """One row a message, oldest first; of these conversations, or of all."""
    return in_order(
        MessageRow(*row)
        for rows in among(message_rows(), "conversation", conversations)
        for row in rows
    )


class Ordered(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def order(self) -> str: ...


Line = TypeVar("Line", bound=Ordered)


def in_order(rows: Iterable[Line]) -> list[Line]:
    """As the database orders the ids of one instant: by code points."""
    return sorted(rows, key=lambda row: (row.at, row.order))


def message_rows() -> QuerySet[Any]:
    """What a `MessageRow` holds, in no order."""
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
    return rows.values_list(*fields, *who, *how)


def needs(conversations: Collection[UUID] | None = None) -> list[NeedRow]:
    fields = ("order", "occurred_at", "recorded_at", "conversation_id", "value")
    rows = NeedsAnswer.objects.annotate(order=BY_ID).values_list(*fields)
    found = among(rows, "conversation", conversations)
    return in_order(NeedRow(*row) for some in found for row in some)


def closings(conversations: Collection[UUID] | None = None) -> list[ClosingRow]:
    fields = ("id", "order", "occurred_at", "recorded_at", "conversation_id", "by_id", "own")
    rows = Closing.objects.annotate(order=BY_ID, own=Q(via=Via.OWN)).values_list(*fields)
    found = among(rows, "conversation", conversations)
    return in_order(ClosingRow(*row) for some in found for row in some)


def visible_subjects(user: User | AnonymousUser, ids: Collection[UUID]) -> dict[UUID, str]:
    """Of these conversations, those that `user` may open, with their subjects."""
    seen = Conversation.objects.visible_to(user).filter(pk__in=ids)
    return {one.pk: str(one) for one in seen.only("pk", "subject")}


def touched(since: datetime) -> list[Moments]:
    """The moments that what was recorded from `since` on says something about."""
    said = recorded_since(Message, since, at=Coalesce("sent_at", "occurred_at"))
    rest = (recorded_since(one, since) for one in (NeedsAnswer, Closing))
    return [said, moved(since), *rest]


def moved(since: datetime) -> Moments:
    """The same of messages that a person sent again: they counted from an earlier sending on.

    A first sending and a failure count from their own moment on, which is now.
    """
    again = Act.objects.filter(verb="delivery_retried", occurred_at__gte=since)
    ids = again.values(subject=Cast("subject_id", UUIDField()))
    return moments(Message.objects.filter(pk__in=ids), "occurred_at")


def alive(start: datetime, end: datetime, *, contacts: Collection[UUID]) -> set[UUID]:
    """Conversations in which something was said or closed in [start, end).

    And all those in which one of these contacts wrote, and those that went over several channels.
    """
    said = Q(occurred_at__gte=start, occurred_at__lt=end) | Q(sent_at__gte=start, sent_at__lt=end)
    found: list[QuerySet[Any]] = [
        Message.objects.filter(said),
        Message.objects.exclude(channel=F("conversation__channel")),
        Message.objects.filter(author_identity__contact__in=contacts),
        Closing.objects.filter(occurred_at__gte=start, occurred_at__lt=end),
    ]
    return {
        pk for rows in found for pk in rows.values_list("conversation_id", flat=True).distinct()
    }


def said_at() -> Case:
    """When an inbound message came, or an outbound one was accepted."""
    return Case(When(direction=Direction.OUT, then=F("sent_at")), default=F("occurred_at"))


def first_closed(*, known_at: datetime | None = None) -> set[UUID]:
    """Of each channel the conversation that was the first to be closed, as known at that moment."""
    rows, begun = Closing.objects.all(), F("conversation__occurred_at")
    if known_at is not None:
        of_it = spoken().filter(conversation=OuterRef("conversation"), recorded_at__lt=known_at)
        first = of_it.order_by().values("conversation").annotate(first=Min(said_at()))
        rows = rows.filter(recorded_at__lt=known_at).annotate(said=Subquery(first.values("first")))
        rows, begun = rows.filter(said__isnull=False), F("said")
    rows = rows.annotate(at=Greatest("occurred_at", begun))
    firsts = rows.order_by("conversation__channel_id", "at").distinct("conversation__channel_id")
    return set(firsts.values_list("conversation_id", flat=True))


FIRST_WORDS = """
SELECT contact_id, min(at) FROM (
    SELECT DISTINCT ON (said.conversation_id) address.contact_id, said.occurred_at AS at
    FROM conversations_message said
    JOIN crm_identity address ON address.id = said.author_identity_id
    WHERE said.direction = 'in' AND said.kind = 'reply' AND said.recorded_at < %s
    AND said.conversation_id NOT IN (
        SELECT conversation_id FROM conversations_message other
        JOIN crm_identity whose ON whose.id = other.author_identity_id
        WHERE whose.contact_id = ANY(%s)
    )
    ORDER BY said.conversation_id, said.occurred_at, coalesce(said.key, said.id::text) COLLATE "C"
) begun GROUP BY contact_id
"""


def first_words(*, but: Collection[UUID], known_at: datetime | None = None) -> dict[UUID, datetime]:
    """Contact -> when they began their first conversation; of those where none of `but` wrote."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_WORDS, [known_at or "infinity", list(but)])
        return dict(cursor.fetchall())


def first_said(*, known_at: datetime | None = None) -> dict[UUID, datetime]:
    """Channel -> when the first message was said on it."""
    rows = recorded_before(spoken(), known_at).values_list("channel_id")
    return dict(rows.annotate(first=Min(said_at())).order_by())


def same_texts(asked: Mapping[str, Collection[date]], *, until: datetime) -> list[MessageRow]:
    """Outbound messages with these texts (their digests), sent within nine days of these days."""
    days = {text: sorted(some) for text, some in asked.items()}
    sent = message_rows().filter(direction=Direction.OUT, sent_at__lt=until)
    found = []
    for begin, end in around({day for some in days.values() for day in some}):
        rows = sent.filter(sent_at__gte=begin, sent_at__lt=end)
        for row in (MessageRow(*row) for row in rows.iterator(chunk_size=AT_ONCE)):
            near = days.get(row.text or "", [])
            at = bisect_left(near, (row.at - NEAR).date())
            if at < len(near) and near[at] <= (row.at + NEAR).date():
                found.append(row)
    return in_order(found)


def around(days: Collection[date]) -> list[tuple[datetime, datetime]]:
    """Times that hold all that is near one of these days; a day long ago reads nothing since."""
    found: list[tuple[datetime, datetime]] = []
    for day in sorted(days):
        midnight = datetime.combine(day, time.min, tzinfo=UTC)
        begin, end = midnight - NEAR, midnight + timedelta(days=1) + NEAR
        if found and begin <= found[-1][1]:
            begin, _ = found.pop()
        found.append((begin, end))
    return found


def more_than(messages: int) -> bool:
    """Whether more messages than that are kept."""
    return Message.objects.order_by()[messages : messages + 1].exists()


def reaches(*, known_at: datetime | None = None) -> list[Reach]:
    """How far back messages, decisions and closings go."""
    return [
        reach(recorded_before(spoken(), known_at), at=said_at()),
        reach(recorded_before(NeedsAnswer.objects.all(), known_at)),
        reach(recorded_before(Closing.objects.all(), known_at)),
    ]
