"""Lines of a history straight into the rows that the measures hand over, without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ambassadors.communities.measures import InsightRow, PostRow, RoundTripRow
from ambassadors.governance.measures import (
    AcknowledgementRow,
    CorrectionRow,
    EscalationRow,
    PolicyRow,
    TrainingRow,
)
from ambassadors.routing.measures import AssignmentRow
from conversations.channels.measures import ChannelRow, HeartbeatRow, SourceRow
from conversations.editorial.measures import ComparisonRow, DecisionRow, PublicationRow
from conversations.inbox.measures import ClosingRow, MessageRow, NeedRow
from conversations.knowledge.measures import ArticleRow, ReviewRow, UseRow
from conversations.listening.measures import MentionRow, TriageRow
from crm.contacts.measures import AddressRow
from crm.journal.measures import Beginning
from crm.organisation.measures import CompanyRow, DepartmentRow, EmployeeRow, UnitRow
from maturity.facts.records import Records

IMPORTED = datetime(2026, 10, 6, tzinfo=UTC)  # all lines are recorded at one moment
OTHERS = ("contact", "community", "reaction")  # types that no criterion counts by themselves

Line = Mapping[str, Any]


class Known:
    """What a line of one type has to know of those of another."""

    def __init__(self, lines: Mapping[str, list[dict[str, Any]]]) -> None:
        self.people = {line["id"] for line in lines["employee"]}
        self.outside = {line["id"] for line in lines["contact"]}
        self.policies: dict[str, str] = {line["id"]: line["name"] for line in lines["policy"]}
        self.communities = {line["id"]: line for line in lines["community"]}


def when(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def is_own(line: Line) -> bool:
    return bool(line.get("own"))


def company(x: Line, known: Known) -> CompanyRow:
    return CompanyRow(x["when"], IMPORTED, x["name"], x.get("headcount"))


def unit(x: Line, known: Known) -> UnitRow:
    facts = x["name"], x["profile"], x["timezone"], x.get("headcount")
    return UnitRow(x["id"], x["id"], x["when"], IMPORTED, *facts)


def department(x: Line, known: Known) -> DepartmentRow:
    return DepartmentRow(x["id"], x["when"], IMPORTED, x["unit"])


def employee(x: Line, known: Known) -> EmployeeRow:
    facts = x["email"], x["department"], x["social_team"], x["relevant"], when(x.get("left_at"))
    return EmployeeRow(x["id"], x["when"], IMPORTED, *facts)


def channel(x: Line, known: Known) -> ChannelRow:
    return ChannelRow(x["id"], x["when"], IMPORTED, x["kind"], x["unit"], x["owned"])


def source(x: Line, known: Known) -> SourceRow:
    return SourceRow(x["id"], x["when"], IMPORTED, x.get("unit"))


def heartbeat(x: Line, known: Known) -> HeartbeatRow:
    return HeartbeatRow(x["source"], x["when"], IMPORTED)


def message(x: Line, known: Known) -> MessageRow:
    is_outbound, author = x["direction"] == "out", x["author"]
    return MessageRow(
        x["id"],
        x["id"],
        x["when"],
        IMPORTED,
        x["conversation"],
        x["channel"],
        is_outbound,
        author if author in known.outside and not is_outbound else None,
        author if author in known.people and is_outbound else None,
        is_own(x),
        x.get("automated", False),
        x["text"] if is_outbound else None,
        bool(x.get("approval_required") or x.get("approved_by")),
        None,
    )


def need(x: Line, known: Known) -> NeedRow:
    return NeedRow(x["id"], x["when"], IMPORTED, x["conversation"], x["value"])


def closing(x: Line, known: Known) -> ClosingRow:
    facts = x["conversation"], x.get("by"), is_own(x)
    return ClosingRow(x["id"], x["id"], x["when"], IMPORTED, *facts)


def assignment(x: Line, known: Known) -> AssignmentRow:
    accepted = when(x.get("accepted_at"))
    return AssignmentRow(x["conversation"], x["when"], IMPORTED, x["employee"], accepted, is_own(x))


def article(x: Line, known: Known) -> ArticleRow:
    return ArticleRow(x["id"], x["when"], IMPORTED, x["author"])


def review(x: Line, known: Known) -> ReviewRow:
    return ReviewRow(x["article"], x["when"], IMPORTED)


def mention(x: Line, known: Known) -> MentionRow:
    return MentionRow(x["id"], x["when"], IMPORTED, x["source"])


def triage(x: Line, known: Known) -> TriageRow:
    return TriageRow(x["id"], x["when"], IMPORTED, x["mention"], x["by"], is_own(x))


def publication(x: Line, known: Known) -> PublicationRow:
    expected = x.get("expected") or {}
    return PublicationRow(
        x["id"],
        x["when"],
        IMPORTED,
        x["channel"],
        x["author"],
        is_own(x),
        datetime.fromisoformat(x["planned_at"]),
        bool(x.get("audience")),
        expected.get("metric", ""),
        expected.get("value"),
        x.get("approved_by"),
        when(x.get("approved_at")),
        when(x.get("published_at")),
    )


def decision(x: Line, known: Known) -> DecisionRow:
    return DecisionRow(x["publication"], x["when"], IMPORTED, x["by"])


def policy(x: Line, known: Known) -> PolicyRow:
    return PolicyRow(x["when"], IMPORTED, x["name"], x["version"], when(x.get("reviewed_at")))


def acknowledgement(x: Line, known: Known) -> AcknowledgementRow:
    name = known.policies.get(x["policy"]) or str(x["policy"])
    facts = name, x["version"], x["employee"], x["session"], is_own(x)
    return AcknowledgementRow(x["id"], x["when"], IMPORTED, *facts)


def training(x: Line, known: Known) -> TrainingRow:
    return TrainingRow(x["when"], IMPORTED, x["employee"])


def escalation(x: Line, known: Known) -> EscalationRow:
    times = when(x.get("reached_at")), x.get("approved_by"), when(x.get("approved_at"))
    return EscalationRow(x["id"], x["when"], IMPORTED, x["conversation"], *times)


def correction(x: Line, known: Known) -> CorrectionRow:
    return CorrectionRow(x["when"], IMPORTED, x["message"])


def post(x: Line, known: Known) -> PostRow:
    author, where = x["author"], known.communities[x["community"]]
    is_staff = author in known.people
    return PostRow(
        x["id"],
        x["when"],
        IMPORTED,
        x["community"],
        where["dimension"],
        where["practice"],
        x["thread"],
        author if is_staff else None,
        None if is_staff else author,
        is_own(x),
    )


def round_trip(x: Line, known: Known) -> RoundTripRow:
    facts = x["conversation"], x["post"], when(x.get("answered_at")), x["partner"]
    return RoundTripRow(x["id"], x["when"], IMPORTED, *facts)


def insight(x: Line, known: Known) -> InsightRow:
    decided, told = when(x.get("decided_at")), when(x.get("told_at"))
    is_shipped = x.get("outcome") == "shipped"
    who = x["conversation"], x["author"]
    return InsightRow(x["id"], x["when"], IMPORTED, *who, decided, is_shipped, x.get("owner"), told)


# Field of Records -> (type of line, one line's row)
ROWS: Mapping[str, tuple[str, Callable[[Line, Known], Any]]] = {
    "companies": ("company", company),
    "units": ("unit", unit),
    "departments": ("department", department),
    "employees": ("employee", employee),
    "channels": ("channel", channel),
    "sources": ("source", source),
    "heartbeats": ("heartbeat", heartbeat),
    "messages": ("message", message),
    "needs": ("needs_answer", need),
    "closings": ("close", closing),
    "assignments": ("assignment", assignment),
    "articles": ("article", article),
    "reviews": ("article_review", review),
    "mentions": ("mention", mention),
    "triages": ("triage", triage),
    "publications": ("publication", publication),
    "decisions": ("decision", decision),
    "policies": ("policy", policy),
    "acknowledgements": ("acknowledgement", acknowledgement),
    "trainings": ("training", training),
    "escalations": ("escalation", escalation),
    "corrections": ("correction", correction),
    "posts": ("post", post),
    "round_trips": ("round_trip", round_trip),
    "insights": ("insight", insight),
}


def addresses(lines: Iterable[Line]) -> Iterator[AddressRow]:
    for x in lines:
        for one in x["identities"]:
            handle = one["handle"].casefold()
            yield AddressRow(x["id"], x["when"], IMPORTED, one["kind"], handle)


def uses(lines: Iterable[Line]) -> Iterator[UseRow]:
    for x in lines:
        for n, used in enumerate(x.get("articles") or []):
            yield UseRow(x["id"], n, used, x["when"], IMPORTED)


def comparisons(lines: Iterable[Line]) -> Iterator[ComparisonRow]:
    for x in lines:
        if x.get("compared_by"):
            yield ComparisonRow(x["publication"], x["when"], IMPORTED, x["compared_by"])


def sorted_by_type(lines: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Lines of each type, oldest first; those of one instant by their ids as text."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        found[line["type"]].append({**line, "when": when(line.get("at")) or IMPORTED})
    for rows in found.values():
        rows.sort(key=lambda line: (line["when"], line.get("id", "")))
    return found


def read(lines: Iterable[dict[str, Any]]) -> Records:
    """The records of a history's lines, recorded at one moment as by an import."""
    found = sorted_by_type(lines)
    known = Known(found)
    rows: dict[str, Any] = {
        field: [row(line, known) for line in found[type_]] for field, (type_, row) in ROWS.items()
    }
    rows |= {"addresses": list(addresses(found["contact"])), "uses": list(uses(found["message"]))}
    rows["comparisons"] = list(comparisons(found["reaction"]))
    others = [Beginning(line["when"], IMPORTED) for type_ in OTHERS for line in found[type_]]
    return Records(**rows, others=others)
