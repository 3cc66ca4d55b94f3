"""History lines of messages, closings and decisions on the need of an answer.

A conversation has no line of its own: it is derived from its messages and closings, anew with
every batch that touches it, until somebody acts on it here (`live`).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from conversations.channels.models import Channel
from conversations.channels.wire.drill import KIND as DRILL
from conversations.inbox.derivation import derive_conversations
from conversations.inbox.models import (
    Closing,
    Conversation,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
    NeedsAnswer,
)
from crm.contacts.models import Contact
from crm.contacts.records import Addresses
from crm.journal import tombstones
from crm.journal.lines import (
    LONGEST_ID,
    Choice,
    Flag,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Unfit,
    id_of,
    primary_keys,
)
from crm.journal.records import Record, by_id
from crm.journal.writing import Blank, write
from crm.organisation.models import Employee

ELSEWHERE = Q(
    direction=Direction.OUT,
    author_employee__isnull=True,
    author_identity__isnull=True,
    automated=False,
)
ARRIVED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author(Text):
    """The id of a contact or of an employee, in two columns."""

    def shown(self, row: Any, name: str) -> Json | None:
        if row.author_employee:
            return id_of(row.author_employee)
        return id_of(row.author_identity.contact) if row.author_identity else None


AUTHOR = Author(longest=LONGEST_ID, blank=False)


class Authors(Known):
    """Besides: the people a batch names as authors."""

    def load_authors(self, ids: Collection[str]) -> None:
        self.load(Contact, ids)
        self.load(Employee, ids)
        contacts = [self.pk(Contact, id_) for id_ in ids if self.has(Contact, id_)]
        self.addresses = Addresses.of(contacts)

    def author(self, id_: str, *, contact_first: bool, on: str) -> dict[str, Any]:
        """The author's column. `on`: the kind of network, to choose the contact's address."""
        if self.has(Contact, id_) and (contact_first or not self.has(Employee, id_)):
            return {"author_identity": self.addresses.on(on, self.pk(Contact, id_))}
        if self.has(Employee, id_):
            return {"author_employee_id": self.pk(Employee, id_)}
        raise Unfit(f"unknown author: {id_}")


def same_author(there: Any, row: Any) -> bool:
    if there.author_employee_id != row.author_employee_id:
        return False
    one, other = there.author_identity, row.author_identity
    return one == other or bool(one and other and one.contact_id == other.contact_id)


CONVERSATION = Blank(Conversation)


class Threads(Authors):
    """Besides: the channels and conversations of a batch of messages."""

    def load_threads(self, lines: Sequence[Line]) -> None:
        named = {line.data["conversation"] for line in lines}
        self.erased = tombstones.buried("conversation", named)
        self.conversations = primary_keys(Conversation, named)
        channels = [self.pk(Channel, line.data["channel"]) for line in lines if self.knows(line)]
        self.channels = Channel.objects.in_bulk(channels)
        self.begun: dict[str, Conversation] = {}

    def knows(self, line: Line) -> bool:
        return self.has(Channel, line.data["channel"])

    def conversation(self, line: Line) -> uuid.UUID:
        """The conversation's id; a new one is begun in memory only."""
        id_ = line.data["conversation"]
        if id_ in self.erased:
            raise Unfit("its conversation was erased")
        if id_ in self.conversations:
            return self.conversations[id_]
        if id_ not in self.begun:
            channel = self.channels[self.pk(Channel, line.data["channel"])]
            self.begun[id_] = CONVERSATION.filled(
                key=id_,
                channel_id=channel.pk,
                unit_id=channel.unit_id,
                occurred_at=line.at,
                updated_at=line.at,
            )
        return self.begun[id_].pk


def needs_author(data: dict[str, Json]) -> None:
    if "author" not in data and not data.get("automated"):
        raise Unfit("author: is missing")


class MessageRecord(Record[Message]):
    def known(self, lines: Sequence[Line]) -> Threads:
        known = self.loaded(Threads(), lines)
        known.load_authors({line.data["author"] for line in lines if "author" in line.data})
        known.load_threads(lines)
        return known

    def columns(self, line: Line, known: Any) -> dict[str, Any]:
        columns = super().columns(line, known)
        del columns["conversation"]
        inbound = line.data["direction"] == Direction.IN
        if columns.pop("author", None):
            kind = known.channels[columns["channel_id"]].kind
            columns |= known.author(line.data["author"], contact_first=inbound, on=kind)
        sent_at = None if inbound else line.at
        return columns | {"conversation_id": known.conversation(line), "sent_at": sent_at}

    def stored(self, ids: Sequence[str]) -> QuerySet[Message]:
        return super().stored(ids).select_related("author_identity")

    def is_same(self, there: Message, row: Message) -> bool:
        at = self.moment(there) == row.occurred_at
        names = [n for n in self.form.fields if n not in ("author", "channel", "approved_by")]
        names = [*names, "conversation_id", "channel_id", "approved_by_id"]
        names.remove("conversation")
        same = all(getattr(there, name) == getattr(row, name) for name in names)
        return at and same and same_author(there, row)

    def prepare(self, fresh: list[tuple[Line, Message]], known: Any) -> None:
        begun = {line.data["conversation"] for line, _ in fresh} & known.begun.keys()
        write([known.begun[id_] for id_ in sorted(begun)])
        tell_apart([row for _, row in fresh if row.external_id])

    def settle(self, fresh: list[tuple[Line, Message]], known: Known) -> None:
        derive_conversations({row.conversation_id for _, row in fresh})

    # --- export ---

    def rows(self) -> QuerySet[Message]:
        """What was said: no notes; what went out counts from the provider's yes on. A line needs
        an author: what was written in a network's own app has none."""
        out = Q(sent_at__isnull=False) & (Q(delivery__isnull=True) | Q(delivery__state__in=ARRIVED))
        rows = Message.objects.filter(Q(direction=Direction.IN) | out, kind=MessageKind.REPLY)
        rows = rows.exclude(direction=Direction.OUT, channel__kind=DRILL, approved_by__isnull=False)
        rows = rows.exclude(ELSEWHERE)
        at = Coalesce(F("sent_at"), F("occurred_at"))
        return rows.select_related(*self.followed()).order_by(*by_id(at=at))

    def followed(self) -> list[str]:
        authors = ["author_employee", "author_identity__contact"]
        return ["conversation", "channel", "approved_by", *authors]

    def moment(self, row: Any) -> datetime:
        moment: datetime = row.sent_at or row.occurred_at
        return moment

    def shown(self, row: Message) -> dict[str, Json]:
        return super().shown(row) | {"conversation": id_of(row.conversation)}


def tell_apart(rows: list[Message]) -> None:
    """Gives those a variant whose provider's id another message of the channel has already."""
    there = Message.objects.filter(external_id__in=[row.external_id for row in rows])
    taken = set(there.values_list("channel", "external_id"))
    for row in rows:
        address = (row.channel_id, row.external_id)
        if address in taken:
            row.variant = hashlib.sha256(id_of(row).encode()).hexdigest()[:16]
        taken.add(address)


MESSAGE_FIELDS: dict[str, Any] = {
    "conversation": Text(longest=LONGEST_ID, blank=False),
    "channel": Reference(to=Channel),
    "direction": Choice(values=Direction.values),
    "author": Author(longest=LONGEST_ID, blank=False, optional=True),
    "text": Text(),
    "subject": Text(longest=1000, optional=True),
    "external_id": Text(longest=500, optional=True),
    "automated": Flag(optional=True),
    "approved_by": Reference(to=Employee, optional=True),
    "approval_required": Flag(optional=True),
}


class OfConversation(Record[Any]):
    """An event of a conversation, whose state follows from it."""

    def settle(self, fresh: list[tuple[Line, Any]], known: Known) -> None:
        derive_conversations({row.conversation_id for _, row in fresh})


NEEDS_ANSWER = OfConversation(
    "needs_answer",
    NeedsAnswer,
    conversation=Reference(to=Conversation),
    value=Flag(),
    by=Reference(to=Employee, word="classifier"),
)

CLOSE = OfConversation(
    "close",
    Closing,
    conversation=Reference(to=Conversation),
    by=Reference(to=Employee, optional=True),
)
