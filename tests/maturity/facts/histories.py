"""Reads a history file straight into rows: the arithmetic without a database."""

import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

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

HISTORIES = Path(__file__).resolve().parents[3].parent / "shared" / "histories"
IMPORTED = datetime(2026, 10, 6, tzinfo=UTC)


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def when(text):
    return datetime.fromisoformat(text) if text else None


def read(found):
    """Records of a history's lines; all of them recorded at one moment, as by an import."""
    by_type = defaultdict(list)
    for line in found:
        line["when"] = when(line.get("at")) or IMPORTED
        by_type[line["type"]].append(line)
    for rows in by_type.values():
        rows.sort(key=lambda line: (line["when"], line.get("id", "")))
    people = {line["id"] for line in by_type["employee"]}
    outside = {line["id"] for line in by_type["contact"]}
    names = {line["id"]: line["name"] for line in by_type["policy"]}
    kinds = {line["id"]: line for line in by_type["community"]}
    r = IMPORTED

    def own(line):
        return bool(line.get("own"))

    def out(line):
        return line["direction"] == "out"

    return Records(
        companies=[
            CompanyRow(x["when"], r, x["name"], x.get("headcount")) for x in by_type["company"]
        ],
        units=[
            UnitRow(
                x["id"],
                x["id"],
                x["when"],
                r,
                x["name"],
                x["profile"],
                x["timezone"],
                x.get("headcount"),
            )
            for x in by_type["unit"]
        ],
        departments=[
            DepartmentRow(x["id"], x["when"], r, x["unit"]) for x in by_type["department"]
        ],
        employees=[
            EmployeeRow(
                x["id"],
                x["when"],
                r,
                x["email"],
                x["department"],
                x["social_team"],
                x["relevant"],
                when(x.get("left_at")),
            )
            for x in by_type["employee"]
        ],
        addresses=[
            AddressRow(x["id"], x["when"], r, i["kind"], i["handle"].casefold())
            for x in by_type["contact"]
            for i in x["identities"]
        ],
        channels=[
            ChannelRow(x["id"], x["when"], r, x["kind"], x["unit"], x["owned"])
            for x in by_type["channel"]
        ],
        sources=[SourceRow(x["id"], x["when"], r, x.get("unit")) for x in by_type["source"]],
        heartbeats=[HeartbeatRow(x["source"], x["when"], r) for x in by_type["heartbeat"]],
        messages=[
            MessageRow(
                x["id"],
                x["id"],
                x["when"],
                r,
                x["conversation"],
                x["channel"],
                out(x),
                x["author"] if x["author"] in outside and not out(x) else None,
                x["author"] if x["author"] in people and out(x) else None,
                own(x),
                x.get("automated", False),
                x["text"] if out(x) else None,
                bool(x.get("approval_required") or x.get("approved_by")),
                None,
            )
            for x in by_type["message"]
        ],
        needs=[
            NeedRow(x["id"], x["when"], r, x["conversation"], x["value"])
            for x in by_type["needs_answer"]
        ],
        closings=[
            ClosingRow(x["id"], x["id"], x["when"], r, x["conversation"], x.get("by"), own(x))
            for x in by_type["close"]
        ],
        assignments=[
            AssignmentRow(
                x["conversation"], x["when"], r, x["employee"], when(x.get("accepted_at")), own(x)
            )
            for x in by_type["assignment"]
        ],
        articles=[ArticleRow(x["id"], x["when"], r, x["author"]) for x in by_type["article"]],
        reviews=[ReviewRow(x["article"], x["when"], r) for x in by_type["article_review"]],
        uses=[
            UseRow(x["id"], n, article, x["when"], r)
            for x in by_type["message"]
            for n, article in enumerate(x.get("articles") or [])
        ],
        mentions=[MentionRow(x["id"], x["when"], r, x["source"]) for x in by_type["mention"]],
        triages=[
            TriageRow(x["id"], x["when"], r, x["mention"], x["by"], own(x))
            for x in by_type["triage"]
        ],
        publications=[
            PublicationRow(
                x["id"],
                x["when"],
                r,
                x["channel"],
                x["author"],
                own(x),
                when(x["planned_at"]),
                bool(x.get("audience")),
                (x.get("expected") or {}).get("metric", ""),
                (x.get("expected") or {}).get("value"),
                x.get("approved_by"),
                when(x.get("approved_at")),
                when(x.get("published_at")),
            )
            for x in by_type["publication"]
        ],
        comparisons=[
            ComparisonRow(x["publication"], x["when"], r, x["compared_by"])
            for x in by_type["reaction"]
            if x.get("compared_by")
        ],
        decisions=[
            DecisionRow(x["publication"], x["when"], r, x["by"]) for x in by_type["decision"]
        ],
        policies=[
            PolicyRow(x["when"], r, x["name"], x["version"], when(x.get("reviewed_at")))
            for x in by_type["policy"]
        ],
        acknowledgements=[
            AcknowledgementRow(
                x["id"],
                x["when"],
                r,
                names.get(x["policy"], x["policy"]),
                x["version"],
                x["employee"],
                x["session"],
                own(x),
            )
            for x in by_type["acknowledgement"]
        ],
        trainings=[TrainingRow(x["when"], r, x["employee"]) for x in by_type["training"]],
        escalations=[
            EscalationRow(
                x["id"],
                x["when"],
                r,
                x["conversation"],
                when(x.get("reached_at")),
                x.get("approved_by"),
                when(x.get("approved_at")),
            )
            for x in by_type["escalation"]
        ],
        corrections=[CorrectionRow(x["when"], r, x["message"]) for x in by_type["correction"]],
        posts=[
            PostRow(
                x["id"],
                x["when"],
                r,
                x["community"],
                kinds[x["community"]]["dimension"],
                kinds[x["community"]]["practice"],
                x["thread"],
                x["author"] if x["author"] in people else None,
                None if x["author"] in people else x["author"],
                own(x),
            )
            for x in by_type["post"]
        ],
        round_trips=[
            RoundTripRow(
                x["id"],
                x["when"],
                r,
                x["conversation"],
                x["post"],
                when(x.get("answered_at")),
                x["partner"],
            )
            for x in by_type["round_trip"]
        ],
        insights=[
            InsightRow(
                x["id"],
                x["when"],
                r,
                x["conversation"],
                x["author"],
                when(x.get("decided_at")),
                x.get("outcome") == "shipped",
                x.get("owner"),
                when(x.get("told_at")),
            )
            for x in by_type["insight"]
        ],
        others=[
            Beginning(x["when"], r)
            for type_ in ("contact", "community", "reaction")
            for x in by_type[type_]
        ],
    )
