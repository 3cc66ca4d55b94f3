"""History lines of communities, their posts, round trips and insights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from ambassadors.communities.models import (
    Community,
    Dimension,
    Insight,
    InsightOutcome,
    Post,
    RoundTrip,
)
from conversations.inbox.models import Conversation, Message
from conversations.inbox.records import AUTHOR, Authors, same_author
from crm.journal.lines import (
    LONGEST_ID,
    Choice,
    Field,
    Flag,
    Instant,
    Json,
    Known,
    Line,
    Reference,
    Text,
    Unfit,
    id_of,
    text,
)
from crm.journal.models import Keyed
from crm.journal.records import Record
from crm.organisation.models import Department, Employee


@dataclass(frozen=True, slots=True, kw_only=True)
class Departments(Field):
    """Ids of departments, each once."""

    def clean(self, value: Json) -> Json:
        if not isinstance(value, list):
            raise Unfit("must be a list of ids")
        return list(dict.fromkeys(text(id_, longest=LONGEST_ID, blank=False) for id_ in value))

    def references(self, value: Json) -> Iterator[tuple[type[Keyed], str]]:
        return ((Department, id_) for id_ in value)

    def column(self, value: Json, known: Known) -> Any:
        return sorted(known.pk(Department, id_) for id_ in value)

    def shown(self, row: Model, name: str) -> Json | None:
        chosen = Department.objects.filter(pk__in=getattr(row, self.attribute(name)))
        return sorted(id_of(one) for one in chosen) or None


COMMUNITY = Record(
    "community",
    Community,
    name=Text(longest=200, blank=False),
    dimension=Choice(values=Dimension.values),
    practice=Flag(),
    purpose=Text(longest=1000, optional=True),
    only_for=Departments(optional=True),
)


_OPTIONAL = ("title", "conversation_id", "withdrawn_at")


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
        names = ("occurred_at", "community_id", "thread", "text", *_OPTIONAL)
        same = all(getattr(there, name) == getattr(row, name) for name in names)
        return same and same_author(there, row)

    def followed(self) -> list[str]:
        return ["community", "author_employee", "author_identity__contact", "conversation"]


POST = PostRecord(
    "post",
    Post,
    community=Reference(to=Community),
    thread=Text(longest=200, blank=False),
    author=AUTHOR,
    text=Text(),
    title=Text(longest=200, optional=True),
    conversation=Reference(to=Conversation, optional=True),
    withdrawn_at=Instant(optional=True),
)

ROUND_TRIP = Record(
    "round_trip",
    RoundTrip,
    conversation=Reference(to=Conversation),
    post=Reference(to=Post),
    answered_at=Instant(optional=True),
    partner=Flag(),
    answer=Reference(to=Post, optional=True),
    reply=Reference(to=Message, optional=True),
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
    why=Text(longest=2000, optional=True),
    told_at=Instant(optional=True),
)
