"""Which conversation a message belongs to: a decision over what is known, without a database.

Order: our own signed reply token, then the ids it answers (best first), then the channel's own
thread. A token or an id counts only when the sender already takes part there: who merely quotes
our ids gets a conversation of their own.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from conversations.channels.wire.contract import Inbound


@dataclass(slots=True)
class Thread:
    """What is known of one conversation while a batch is sorted."""

    id: uuid.UUID
    channel_id: uuid.UUID
    identity_id: int
    thread: str
    status: str
    new: bool = False
    correspondents: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Known:
    """by_id: every conversation met, one object each; by_reference: (channel, external id) ->
    conversation; by_thread: (channel, identity, thread) -> the conversation to go on with."""

    by_id: dict[uuid.UUID, Thread] = field(default_factory=dict)
    by_reference: dict[tuple[uuid.UUID, str], Thread] = field(default_factory=dict)
    by_thread: dict[tuple[uuid.UUID, int, str], Thread] = field(default_factory=dict)

    def share(self, thread: Thread) -> Thread:
        """One object a conversation: what a batch learns of it is known on every way to it."""
        return self.by_id.setdefault(thread.id, thread)


def find(
    message: Inbound, *, channel_id: uuid.UUID, sender: int, token: uuid.UUID | None, known: Known
) -> Thread | None:
    """The conversation to put `message` into, None for a new one.

    sender: the identity's id. token: the conversation that a verified reply token names.
    """
    candidates = [known.by_id.get(token)] if token else []
    candidates += [known.by_reference.get((channel_id, each)) for each in message.references]
    for thread in candidates:
        if thread is not None and thread.channel_id == channel_id and _takes_part(sender, thread):
            return thread
    return known.by_thread.get((channel_id, sender, message.thread))


def _takes_part(identity: int, thread: Thread) -> bool:
    return identity == thread.identity_id or identity in thread.correspondents


def may_go_on(*, status: str, closed_at: datetime | None, now: datetime, reopens: float) -> bool:
    """Whether a new message goes on with a conversation: a closed one only for `reopens` s."""
    if status != "closed" or closed_at is None:
        return True
    return (now - closed_at).total_seconds() < reopens
