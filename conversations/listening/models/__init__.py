"""What is said of the company elsewhere: where it listens, for what, and what was heard."""

from conversations.listening.models.mention import (
    DigestReader,
    Finding,
    Mention,
    MentionQuerySet,
    Promotion,
    Sentiment,
    Sighting,
    Triage,
    TriageOutcome,
)
from conversations.listening.models.place import (
    Health,
    Place,
    PlaceKind,
)
from conversations.listening.models.watch import (
    Watch,
    WatchEdit,
    WatchQuerySet,
)

__all__ = [
    "DigestReader",
    "Finding",
    "Health",
    "Mention",
    "MentionQuerySet",
    "Place",
    "PlaceKind",
    "Promotion",
    "Sentiment",
    "Sighting",
    "Triage",
    "TriageOutcome",
    "Watch",
    "WatchEdit",
    "WatchQuerySet",
]
