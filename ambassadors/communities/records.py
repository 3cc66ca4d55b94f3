"""History lines of communities, their posts, round trips and insights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ambassadors.communities.models import (
    Community,
    Dimension,
    Insight,
    InsightOutcome,
    Post,
    RoundTrip,
)
from conversations.inbox.models import Conversation
from conversations.inbox.records import AUTHOR, Authors, same_author
from crm.journal.lines import Choice, Flag, Instant, Known, Line, Reference, Text
from crm.journal.records import Record
from crm.organisation.models import Employee

COMMUNITY = Record(
    "community",
    Community,
    name=Text(longest=200, blank=False),
    dimension=Choice(values=Dimension.values),
    practice=Flag(),
)


class PostRecord(Record[Post]):
    """The author is looked up as an employee first, then as a contact."""

    def known(self, lines: Sequence[Line]) -> Known:
        known = self.loaded(Authors(), lines)
        known.load_authors({line.data["author"] for line in lines})
        return known

    def columns(self, line: Line, known: Any) -> dict[str, Any]:
        columns = super().columns(line, known)
        columns.pop("author")
        author: dict[str, Any] = known.author(line.data["author"], contact_first=False, on="")
        return columns | author

    def is_same(self, there: Post, row: Post) -> bool:
        names = ("occurred_at", "community_id", "thread", "text")
        same = all(getattr(there, name) == getattr(row, name) for name in names)
        return same and same_author(there, row)

    def followed(self) -> list[str]:
        return ["community", "author_employee", "author_identity__contact"]


POST = PostRecord(
    "post",
    Post,
    community=Reference(to=Community),
    thread=Text(longest=200, blank=False),
    author=AUTHOR,
    text=Text(),
)

ROUND_TRIP = Record(
    "round_trip",
    RoundTrip,
    conversation=Reference(to=Conversation),
    post=Reference(to=Post),
    answered_at=Instant(optional=True),
    partner=Flag(),
)

INSIGHT = Record(
    "insight",
    Insight,
    conversation=Reference(to=Conversation),
    author=Reference(to=Employee),
    text=Text(),
    decided_at=Instant(optional=True),
    outcome=Choice(values=InsightOutcome.values, optional=True),
    owner=Reference(to=Employee, optional=True),
    told_at=Instant(optional=True),
)
