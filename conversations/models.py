"""Gathers the models of the floor's rooms."""

from conversations.channels.models import (
    Channel,
    ChannelVersion,
    Claim,
    Envelope,
    Heartbeat,
    MailboxPosition,
    Posted,
    Source,
)
from conversations.editorial.models import Clicks, Decision, Feed, Link, Publication, Reaction
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
from conversations.knowledge.models import (
    Article,
    ArticleFlag,
    ArticleReview,
    ArticleUse,
    ArticleVersion,
    ReadyAnswer,
    UseCheck,
)
from conversations.listening.models import (
    Finding,
    Mention,
    Place,
    Sighting,
    Triage,
    Watch,
    WatchEdit,
)
from conversations.service_levels.models import Target, TargetVersion

__all__ = [
    "Article",
    "ArticleFlag",
    "ArticleReview",
    "ArticleUse",
    "ArticleVersion",
    "Attachment",
    "Channel",
    "ChannelVersion",
    "Claim",
    "Clicks",
    "Closing",
    "Conversation",
    "Correspondent",
    "Deadline",
    "Decision",
    "Delivery",
    "Envelope",
    "Feed",
    "Finding",
    "Heartbeat",
    "Link",
    "MailboxPosition",
    "Mention",
    "Message",
    "NeedsAnswer",
    "Participant",
    "Place",
    "Posted",
    "Publication",
    "Reaction",
<<<<<<< HEAD
    "Sighting",
=======
    "ReadyAnswer",
>>>>>>> 97c0901 (Suggestions weigh rare words; ready answers fill their gaps)
    "Source",
    "Takeover",
    "Target",
    "TargetVersion",
    "Triage",
    "UnmatchedReceipt",
    "UseCheck",
    "Watch",
    "WatchEdit",
]
