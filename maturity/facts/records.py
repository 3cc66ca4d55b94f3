"""All records that the measures look at, read once: one query a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from ambassadors.communities import measures as communities
from ambassadors.governance import measures as governance
from ambassadors.routing import measures as routing
from conversations.channels import measures as doors
from conversations.editorial import measures as editorial
from conversations.inbox import measures as inbox
from conversations.knowledge import measures as knowledge
from conversations.listening import measures as listening
from crm.contacts import measures as contacts
from crm.journal.measures import BELATED, Beginning, oldest
from crm.organisation import measures as organisation

UNDATED_UNTIL = datetime(1970, 1, 1, tzinfo=UTC)  # a company without a date is older than this


class Row(Protocol):
    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True)
class Elsewhere:
    """What the conversations that were not read would still say of those that were.

    first_words: contact -> when they began their first conversation; first_said: channel -> when
    something was first said on it; same_texts: messages that count as sendings of a text again.
    """

    first_words: Mapping[UUID, datetime] = field(default_factory=dict)
    first_said: Mapping[UUID, datetime] = field(default_factory=dict)
    same_texts: Sequence[inbox.MessageRow] = ()
    first_at: datetime | None = None
    imported_since: datetime | None = None


NOTHING_ELSE = Elsewhere()


@dataclass(frozen=True)
class Records:
    """Rows of each kind, oldest first; those of one instant by their ids as text.

    others: the earliest records of the types that no criterion counts.
    """

    companies: Sequence[organisation.CompanyRow] = ()
    units: Sequence[organisation.UnitRow] = ()
    departments: Sequence[organisation.DepartmentRow] = ()
    employees: Sequence[organisation.EmployeeRow] = ()
    addresses: Sequence[contacts.AddressRow] = ()
    merges: Sequence[contacts.MergeRow] = ()
    channels: Sequence[doors.ChannelRow] = ()
    sources: Sequence[doors.SourceRow] = ()
    heartbeats: Sequence[doors.HeartbeatRow] = ()
    messages: Sequence[inbox.MessageRow] = ()
    needs: Sequence[inbox.NeedRow] = ()
    closings: Sequence[inbox.ClosingRow] = ()
    assignments: Sequence[routing.AssignmentRow] = ()
    articles: Sequence[knowledge.ArticleRow] = ()
    reviews: Sequence[knowledge.ReviewRow] = ()
    uses: Sequence[knowledge.UseRow] = ()
    mentions: Sequence[listening.MentionRow] = ()
    triages: Sequence[listening.TriageRow] = ()
    publications: Sequence[editorial.PublicationRow] = ()
    comparisons: Sequence[editorial.ComparisonRow] = ()
    decisions: Sequence[editorial.DecisionRow] = ()
    policies: Sequence[governance.PolicyRow] = ()
    acknowledgements: Sequence[governance.AcknowledgementRow] = ()
    trainings: Sequence[governance.TrainingRow] = ()
    escalations: Sequence[governance.EscalationRow] = ()
    corrections: Sequence[governance.CorrectionRow] = ()
    posts: Sequence[communities.PostRow] = ()
    round_trips: Sequence[communities.RoundTripRow] = ()
    insights: Sequence[communities.InsightRow] = ()
    others: Sequence[Beginning] = ()
    elsewhere: Elsewhere = NOTHING_ELSE

    def dated(self) -> dict[str, Sequence[Any]]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "elsewhere"}

    def recorded_before(self, cut: datetime) -> Records:
        """What was known at `cut`."""
        known: dict[str, Any] = {
            name: [row for row in rows if row.recorded_at < cut]
            for name, rows in self.dated().items()
        }
        return replace(self, **known)

    def moments(self) -> list[tuple[datetime, datetime]]:
        """(happened, recorded) of every record; a publication happened when it appeared."""
        return [
            (min(row.at, getattr(row, "published_at", None) or row.at), row.recorded_at)
            for rows in self.dated().values()
            for row in rows
            if hasattr(row, "at")
        ]

    @cached_property
    def imported_since(self) -> datetime | None:
        """When something was first recorded long after it had happened."""
        late = (recorded for at, recorded in self.moments() if recorded - at > BELATED)
        return oldest(*late, self.elsewhere.imported_since)

    @cached_property
    def first_at(self) -> datetime | None:
        """When the first record of any kind happened."""
        rows = (row for rows in self.dated().values() for row in rows if hasattr(row, "at"))
        first = min((row.at for row in rows if row.at > UNDATED_UNTIL), default=None)
        return oldest(first, self.elsewhere.first_at)

    @cached_property
    def first_recorded_at(self) -> datetime | None:
        return min((recorded for _, recorded in self.moments()), default=None)


def read() -> Records:
    """Everything this installation knows now; a fixed number of queries."""
    return replace(
        structure(),
        messages=inbox.messages(),
        needs=inbox.needs(),
        closings=inbox.closings(),
        assignments=routing.assignments(),
        uses=knowledge.uses(),
    )


def structure() -> Records:
    """The same without what was said in conversations: few rows, however many messages."""
    return Records(
        companies=organisation.companies(),
        units=organisation.units(),
        departments=organisation.departments(),
        employees=organisation.employees(),
        addresses=contacts.addresses(),
        merges=contacts.merges(),
        channels=doors.channels(),
        sources=doors.sources(),
        heartbeats=doors.heartbeats(),
        articles=knowledge.articles(),
        reviews=knowledge.reviews(),
        mentions=listening.mentions(),
        triages=listening.triages(),
        publications=editorial.publications(),
        comparisons=editorial.comparisons(),
        decisions=editorial.decisions(),
        policies=governance.policies(),
        acknowledgements=governance.acknowledgements(),
        trainings=governance.trainings(),
        escalations=governance.escalations(),
        corrections=governance.corrections(),
        posts=communities.posts(),
        round_trips=communities.round_trips(),
        insights=communities.insights(),
        others=[*contacts.beginnings(), *editorial.beginnings(), *communities.beginnings()],
    )
