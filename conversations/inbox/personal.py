"""What people outside wrote and were written: their conversations, and their words in others'."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Case, CharField, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from conversations.channels.models import Envelope
from conversations.channels.personal import empty_envelopes
from conversations.inbox.models import (
    Attachment,
    Closing,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    FileState,
    Message,
    MessageChange,
    NeedsAnswer,
    Status,
    UnmatchedReceipt,
    Upload,
)
from conversations.inbox.models.message import ERASED
from conversations.inbox.services import close
from crm.access.idempotency import forget_quoting
from crm.contacts.models import Contact
from crm.journal import tombstones
from crm.journal.lines import id_of
from crm.journal.personal import Holdings, Step, Subject, Table
from crm.values import AUTOMATION

BATCH = 100
NOT_OUT = (DeliveryState.HELD, DeliveryState.QUEUED)


def conversations_of(subject: Subject) -> QuerySet[Conversation]:
    return Conversation.objects.filter(identity__in=subject.identities)


def messages_of(subject: Subject) -> QuerySet[Message]:
    """All of their conversations, and what they wrote in others'."""
    theirs = Q(conversation__in=conversations_of(subject).values("pk"))
    return Message.objects.filter(theirs | Q(author_identity__in=subject.identities))


def _buried(message: Message) -> Iterator[tuple[str, str]]:
    yield "message", id_of(message)
    if message.external_id:
        yield tombstones.EXTERNAL, f"{message.channel_id} {message.external_id}"


def _end(subject: Subject) -> int:
    """Nothing more is said there: what is not out yet never goes, and the rest is closed."""
    now = timezone.now()
    waiting = Delivery.objects.filter(
        conversation__in=conversations_of(subject).values("pk"), state__in=NOT_OUT
    )
    dropped = waiting.update(state=DeliveryState.DROPPED, updated_at=now)
    going_on = conversations_of(subject).exclude(status=Status.CLOSED).order_by("pk")[:BATCH]
    ended = [close(each, by=AUTOMATION) for each in going_on]
    return dropped + len(ended)


def _forget_wordings(subject: Subject) -> int:
    """What they said first, and each edit of it, with the bytes that brought them."""
    rows = MessageChange.objects.filter(message__in=messages_of(subject).values("pk"))
    found = list(rows.order_by("pk").values_list("pk", "envelope")[:BATCH])
    empty_envelopes(Envelope.objects.filter(pk__in=[each for _, each in found if each]), most=BATCH)
    return MessageChange.objects.filter(pk__in=[pk for pk, _ in found]).delete()[0]


def _empty_bytes(subject: Subject) -> int:
    brought = messages_of(subject).filter(envelope__isnull=False).values("envelope")
    return empty_envelopes(Envelope.objects.filter(pk__in=brought))


def _forget_answers(subject: Subject) -> int:
    """Answers to repeated requests that quote their conversations, or them."""
    about = (
        messages_of(subject),
        conversations_of(subject),
        Contact.objects.filter(pk__in=subject.contacts),
    )
    return sum(forget_quoting(rows) for rows in about)


# That two answers of ours were the same word for word is counted; what they said is not kept.
_SAME_WORDS = Case(
    When(digest__startswith=ERASED, then=F("digest")),
    When(
        direction=Direction.OUT,
        then=Concat(Value(ERASED), Func(F("text"), function="md5"), output_field=CharField()),
    ),
    default=Value(""),
)

HOLDINGS: Holdings = [
    Step("conversations.Conversation (ended)", _end),
    Step("conversations.MessageChange (of messages)", _forget_wordings),
    Step("conversations.Envelope (of messages)", _empty_bytes),
    Step("crm.IdempotencyKey (quoting)", _forget_answers),
    Table(
        model=Attachment,
        of=lambda subject: Attachment.objects.filter(message__in=messages_of(subject).values("pk")),
        blank="name content_id sha256 remote cause",
        values={"state": FileState.LOST, "due_at": None},
        file="file",
        free="type",
    ),
    Table(
        model=Upload,
        of=lambda subject: Upload.objects.filter(
            conversation__in=conversations_of(subject).values("pk")
        ),
        blank="name",
        file="file",
        free="type",
        exported=False,
    ),
    Table(
        model=Delivery,
        of=lambda subject: Delivery.objects.filter(
            conversation__in=conversations_of(subject).values("pk")
        ),
        blank="cause parts",
        values={"template": None},
        written="cause",
    ),
    Table(model=UnmatchedReceipt, written="cause", free="references"),
    Table(model=MessageChange, written="text html", free="external_id digest"),
    Table(
        model=Message,
        of=messages_of,
        blank="text html subject external_id variant notes",
        values={"digest": _SAME_WORDS},
        written="text html subject notes key",
        free="articles",
        buries=_buried,
    ),
    Table(
        model=Conversation,
        of=conversations_of,
        blank="subject",
        values={"thread": Concat(Value(ERASED), Cast("pk", CharField()))},
        left=~Q(subject="") | ~Q(thread__startswith=ERASED),
        written="subject key",
        free="language topics",
        buries=lambda row: [("conversation", id_of(row))],
    ),
    Table(model=NeedsAnswer, free="key"),
    Table(model=Closing, free="key"),
]
