"""How publications are written in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.editorial import learning, life
from conversations.editorial.models import Decision, Publication, PublicationState, Reaction
from conversations.inbox.serializers import EmployeeWords
from crm.strict import Body, Id, Moment, Text, Truth, Whole


class Number(serializers.FloatField):
    """A finite number, never a text that looks like one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if not abs(data) <= life.LARGEST_VALUE:  # nor what is no number at all
            self.fail("invalid")
        return super().to_internal_value(data)


class ExpectationWords(serializers.Serializer[Any]):
    metric = serializers.CharField()
    value = serializers.FloatField()


class DecisionWords(serializers.ModelSerializer[Decision]):
    id = serializers.UUIDField()
    by = EmployeeWords()
    decided_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Decision
        fields = ["id", "by", "text", "decided_at"]


class ComparisonWords(serializers.ModelSerializer[Reaction]):
    by = EmployeeWords(source="compared_by")
    compared_at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = Reaction
        fields = ["metric", "value", "lesson", "by", "compared_at"]


class MeasuredWords(serializers.Serializer[Any]):
    """clicks: visitors of a day, once each; repeats and robots are told apart, not counted in.
    counts: the network's own totals, by metric."""

    replies = serializers.IntegerField()
    clicks = serializers.IntegerField(source="people")
    repeats = serializers.IntegerField()
    robots = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.FloatField())


class PublicationWords(serializers.ModelSerializer[Publication]):
    """edition: what an approval names. late: its time has come and it is not out."""

    channel = serializers.UUIDField(source="channel_id")
    author = EmployeeWords()
    state = serializers.ChoiceField(choices=PublicationState.choices)
    expected = serializers.SerializerMethodField()
    approved_by = EmployeeWords(allow_null=True)
    late = serializers.SerializerMethodField()

    class Meta:
        model = Publication
        fields = [
            "id", "channel", "author", "text", "audience", "segment", "topic", "expected",
            "count_clicks", "state", "edition", "publish_at", "planned_at", "approved_by",
            "approved_at", "published_at", "late", "cause", "comment", "external_id",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ExpectationWords(allow_null=True))
    def get_expected(self, row: Publication) -> dict[str, Any] | None:
        if not row.has_expectation:
            return None
        return {"metric": row.expected_metric, "value": row.expected_value}

    def get_late(self, row: Publication) -> bool:
        return row.is_late()


class OnePublicationWords(PublicationWords):
    measured = serializers.SerializerMethodField()
    comparison = serializers.SerializerMethodField()
    decisions = serializers.SerializerMethodField()

    class Meta(PublicationWords.Meta):
        fields = [*PublicationWords.Meta.fields, "measured", "comparison", "decisions"]
        read_only_fields = fields

    @extend_schema_field(MeasuredWords)
    def get_measured(self, row: Publication) -> Any:
        return MeasuredWords(learning.measured(row)).data

    @extend_schema_field(ComparisonWords(allow_null=True))
    def get_comparison(self, row: Publication) -> Any:
        found = learning.comparison_of(row)
        return ComparisonWords(found).data if found else None

    @extend_schema_field(DecisionWords(many=True))
    def get_decisions(self, row: Publication) -> Any:
        made = row.decisions.select_related("by").order_by("occurred_at", "pk")
        return DecisionWords(made, many=True).data


class Expected(Body):
    metric = Text(max_length=60)
    value = Number()


class _Plan(Body):
    text = Text(max_length=life.LONGEST_TEXT)
    audience = Text(max_length=200, allow_blank=True, required=False)
    segment = Text(max_length=200, allow_blank=True, required=False)
    topic = Text(max_length=60, allow_blank=True, required=False)
    expected = Expected(required=False, allow_null=True)
    count_clicks = Truth(required=False)

    def said(self) -> dict[str, Any]:
        """As the verbs take it: the expectation in its two columns."""
        said = dict(self.validated_data)
        if "expected" in said:
            expected = said.pop("expected") or {"metric": "", "value": None}
            said |= {f"expected_{name}": value for name, value in expected.items()}
        return said


class NewPublication(_Plan):
    channel = Id()
    publish_at = Moment()


class ChangedPublication(_Plan):
    text = Text(max_length=life.LONGEST_TEXT, required=False)
    channel = Id(required=False)


class ApprovedEdition(Body):
    edition = Whole(min_value=1)


class MovedPlan(Body):
    publish_at = Moment()


class SentBackPlan(Body):
    comment = Text(max_length=500)


class ConfirmedOut(Body):
    external_id = Text(max_length=500, allow_blank=True, required=False, default="")


class ComparisonMade(Body):
    value = Number()
    lesson = Text(max_length=learning.LONGEST, allow_blank=True, required=False, default="")


class DecisionMade(Body):
    text = Text(max_length=learning.LONGEST)
