"""Gathers the models of the floor's rooms."""

from conversations.channels.models import (
    Channel,
    ChannelVersion,
    Claim,
    Envelope,
    Heartbeat,
    MailboxPosition,
    Source,
)
from conversations.editorial.models import Decision, Publication, Reaction
from conversations.inbox.models import (
    Attachment,
    Closing,
    Conversation,
    Correspondent,
    Deadline,
    Delivery,
    Message,
    NeedsAnswer,
    Participant,
    Takeover,
    UnmatchedReceipt,
)
from conversations.knowledge.models import Article, ArticleReview, ArticleUse, UseCheck
from conversations.listening.models import Mention, Triage
from conversations.service_levels.models import Target, TargetVersion

__all__ = [
    "Article",
    "ArticleReview",
    "ArticleUse",
    "Attachment",
    "Channel",
    "ChannelVersion",
    "Claim",
    "Closing",
    "Conversation",
    "Correspondent",
    "Deadline",
    "Decision",
    "Delivery",
    "Envelope",
    "Heartbeat",
    "MailboxPosition",
    "Mention",
    "Message",
    "NeedsAnswer",
    "Participant",
    "Publication",
    "Reaction",
    "Source",
    "Takeover",
    "Target",
    "TargetVersion",
    "Triage",
    "UnmatchedReceipt",
    "UseCheck",
]
