"""History lines of publications, the reactions they met, and what was decided from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from conversations.channels.models import Channel
from conversations.editorial.models import (
    Decision,
    Publication,
    PublicationState,
    Reaction,
)
from crm.journal.lines import (
    Field,
    Instant,
    Json,
    Known,
    Line,
    Number,
    Reference,
    Text,
    Unfit,
    number,
    shown_number,
    text,
)
from crm.journal.records import Record
from crm.organisation.models import Employee


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Field):
    """{"metric": ..., "value": ...}, in two columns."""

    def clean(self, value: Json) -> Json:
        if not isinstance(value, dict):
            raise Unfit("must be {metric, value}")
        return {
            "metric": text(value.get("metric"), longest=60, blank=False),
            "value": number(value.get("value")),
        }

    def attribute(self, name: str) -> str:
        return "expected_metric"

    def shown(self, row: Model, name: str) -> Json | None:
        metric, value = row.expected_metric, row.expected_value  # type: ignore[attr-defined]
        return None if value is None else {"metric": metric, "value": shown_number(value)}


class PublicationRecord(Record[Publication]):
    """Drafts and what was cancelled are nobody's history; the rest is, published or not."""

    def rows(self) -> QuerySet[Publication]:
        gone = (PublicationState.DRAFT, PublicationState.CANCELLED)
        return super().rows().exclude(state__in=gone)

    def columns(self, line: Line, known: Known) -> dict[str, Any]:
        columns = super().columns(line, known)
        expected = line.data.get("expected")
        if expected:
            columns |= {
                "expected_metric": expected["metric"],
                "expected_value": expected["value"],
            }
        if line.data.get("published_at"):
            columns["state"] = PublicationState.PUBLISHED
        return columns

    def is_same(self, there: Publication, row: Publication) -> bool:
        return super().is_same(there, row) and there.expected_value == row.expected_value


PUBLICATION = PublicationRecord(
    "publication",
    Publication,
    channel=Reference(to=Channel),
    author=Reference(to=Employee),
    text=Text(),
    planned_at=Instant(),
    publish_at=Instant(past=False),
    audience=Text(longest=200, optional=True),
    segment=Text(longest=200, optional=True),
    topic=Text(longest=60, optional=True),
    expected=Expectation(optional=True),
    approved_by=Reference(to=Employee, optional=True),
    approved_at=Instant(optional=True),
    published_at=Instant(optional=True),
)

REACTION = Record(
    "reaction",
    Reaction,
    publication=Reference(to=Publication),
    metric=Text(longest=60, blank=False),
    value=Number(),
    compared_by=Reference(to=Employee, optional=True),
    lesson=Text(optional=True),
)

DECISION = Record(
    "decision",
    Decision,
    publication=Reference(to=Publication),
    comparison=Reference(to=Reaction, optional=True),
    by=Reference(to=Employee),
    text=Text(),
)
