"""Conversations and their messages."""

from conversations.inbox.models.conversation import (
    Conversation,
    ConversationQuerySet,
    Correspondent,
    Participant,
    ParticipantRole,
    Status,
)
from conversations.inbox.models.deadline import Deadline
from conversations.inbox.models.decisions import (
    Closing,
    NeedsAnswer,
)
from conversations.inbox.models.delivery import (
    Delivery,
    DeliveryState,
    UnmatchedReceipt,
)
from conversations.inbox.models.message import (
    Attachment,
    Direction,
    Message,
    MessageKind,
)
from conversations.inbox.models.takeover import Takeover, TakeoverState

__all__ = [
    "Attachment",
    "Closing",
    "Conversation",
    "ConversationQuerySet",
    "Correspondent",
    "Deadline",
    "Delivery",
    "DeliveryState",
    "Direction",
    "Message",
    "MessageKind",
    "NeedsAnswer",
    "Participant",
    "ParticipantRole",
    "Status",
    "Takeover",
    "TakeoverState",
    "UnmatchedReceipt",
]
