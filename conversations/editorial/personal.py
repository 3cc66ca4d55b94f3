"""What the company publishes is its own; somebody outside may be named in it."""

from __future__ import annotations

from conversations.editorial.models import Clicks, Decision, Feed, Link, Publication, Reaction
from crm.journal.personal import Holdings, Table

HOLDINGS: Holdings = [
    Table(
        model=Publication,
        written="text comment",
        free="key audience segment topic expected_metric cause external_id",
    ),
    Table(model=Reaction, written="lesson", free="key metric"),
    Table(model=Decision, written="text", free="key"),
    Table(model=Link, free="code url"),
    Table(model=Clicks, free="visitor"),
    Table(model=Feed, free="token"),
]
