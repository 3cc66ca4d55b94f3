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
    Trouble,
    UnmatchedReceipt,
)
from conversations.inbox.models.message import (
    Attachment,
    ChangeKind,
    Direction,
    FileState,
    Message,
    MessageChange,
    MessageKind,
)
from conversations.inbox.models.striking import Striking
from conversations.inbox.models.takeover import Takeover, TakeoverState
from conversations.inbox.models.upload import Upload

__all__ = [
    "Attachment",
    "ChangeKind",
    "Closing",
    "Conversation",
    "ConversationQuerySet",
    "Correspondent",
    "Deadline",
    "Delivery",
    "DeliveryState",
    "Direction",
    "FileState",
    "Message",
    "MessageChange",
    "MessageKind",
    "NeedsAnswer",
    "Participant",
    "ParticipantRole",
    "Status",
    "Striking",
    "Takeover",
    "TakeoverState",
    "Trouble",
    "UnmatchedReceipt",
    "Upload",
]
