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
    "UnmatchedReceipt",
]
