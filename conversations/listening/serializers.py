"""How places, watches and mentions are written in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.inbox.serializers import EmployeeWords
from conversations.listening.matching import LONGEST_TERM
from conversations.listening.models import (
    Health,
    Mention,
    Place,
    PlaceKind,
    Sentiment,
    Triage,
    TriageOutcome,
    Watch,
    WatchEdit,
)
from conversations.listening.promotion import offers_answer
from conversations.listening.triage import MOST
from conversations.listening.watches import MOST_WORDS
from crm.strict import Body, Id, Text, Truth, Whole


class ReadingWords(serializers.ModelSerializer[Place]):
    """What the last reading cost, and what it brought."""

    bytes = serializers.IntegerField(source="last_bytes")
    seconds = serializers.FloatField(source="last_seconds")
    redirects = serializers.IntegerField(source="last_redirects")
    items = serializers.IntegerField(source="last_items")
    new = serializers.IntegerField(source="last_new")

    class Meta:
        model = Place
        fields = ["bytes", "seconds", "redirects", "items", "new"]


class PlaceWords(serializers.ModelSerializer[Place]):
    """unit: null for the whole company. Its secret is never shown. due_at: null when it is gone."""

    id = serializers.UUIDField(source="pk")
    kind = serializers.ChoiceField(choices=PlaceKind.choices)
    name = serializers.CharField(source="source.name")
    unit = serializers.SerializerMethodField()
    health = serializers.ChoiceField(choices=Health.choices)
    paused = serializers.SerializerMethodField()
    last_reading = ReadingWords(source="*")

    class Meta:
        model = Place
        fields = [
            "id", "kind", "name", "unit", "url", "takes_all", "every", "paused", "health", "cause",
            "failures", "read_at", "heard_at", "due_at", "last_reading",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_unit(self, row: Place) -> str | None:
        return row.source.unit.source_id if row.source.unit else None

    def get_paused(self, row: Place) -> bool:
        return row.paused_at is not None


class _PlaceBody(Body):
    url = Text(max_length=2_000)
    name = Text(max_length=200)
    secret = Text(max_length=1_000, required=False, allow_blank=True)
    takes_all = Truth(required=False)
    every = Whole(required=False)


class NewPlace(_PlaceBody):
    kind = serializers.ChoiceField(choices=PlaceKind.choices)
    unit = Text(max_length=200, required=False, allow_null=True)


class ChangedPlace(_PlaceBody):
    url = Text(max_length=2_000, required=False)
    name = Text(max_length=200, required=False)
    paused = Truth(required=False)


class _Edited(serializers.ModelSerializer[Any]):
    unit = serializers.SerializerMethodField()
    terms = serializers.ListField(child=serializers.CharField())
    exclusions = serializers.ListField(child=serializers.CharField())
    competitors = serializers.ListField(child=serializers.CharField())

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_unit(self, row: Watch | WatchEdit) -> str | None:
        return row.unit.source_id if row.unit else None


class WatchWords(_Edited):
    """language: "" for any. ended_at: null while it listens."""

    class Meta:
        model = Watch
        fields = [
            "id", "name", "unit", "terms", "exclusions", "competitors", "language", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class WatchEditWords(_Edited):
    """What it listened for from `at` on."""

    at = serializers.DateTimeField(source="occurred_at")
    by = EmployeeWords(allow_null=True)

    class Meta:
        model = WatchEdit
        fields = [
            "at", "by", "name", "unit", "terms", "exclusions", "competitors", "language", "ended",
        ]  # fmt: skip
        read_only_fields = fields


class OneWatchWords(WatchWords):
    edits = serializers.SerializerMethodField()

    class Meta(WatchWords.Meta):
        fields = [*WatchWords.Meta.fields, "edits"]
        read_only_fields = fields

    @extend_schema_field(WatchEditWords(many=True))
    def get_edits(self, row: Watch) -> Any:
        edits = row.edits.select_related("by", "unit").order_by("-occurred_at", "-pk")[:100]
        return WatchEditWords(edits, many=True).data


def _words() -> serializers.ListField:
    word = Text(max_length=LONGEST_TERM, allow_blank=False)
    return serializers.ListField(child=word, max_length=MOST_WORDS, required=False)


class _WatchBody(Body):
    name = Text(max_length=200)
    unit = Text(max_length=200, required=False, allow_null=True)
    terms = _words()
    exclusions = _words()
    competitors = _words()
    language = Text(max_length=8, required=False, allow_blank=True)


class NewWatch(_WatchBody):
    pass


class ChangedWatch(_WatchBody):
    name = Text(max_length=200, required=False)


class SightingWords(serializers.Serializer[Any]):
    """competitor: whom it is about, "" for us."""

    watch = serializers.UUIDField(source="watch_id")
    name = serializers.CharField(source="watch.name")
    competitor = serializers.CharField()


class HeardMentionWords(serializers.ModelSerializer[Mention]):
    """heard_at: when it was heard here, which clocks count from; stated_at is their own date.

    language, sentiment: "" is unknown. outcome: the latest decision, "" while nobody has made one.
    conversation: what it became, null for nothing.
    """

    heard_at = serializers.DateTimeField(source="occurred_at")
    heard_in = serializers.CharField(source="source.name")
    sentiment = serializers.ChoiceField(choices=Sentiment.choices, allow_blank=True)
    outcome = serializers.ChoiceField(choices=TriageOutcome.choices, allow_blank=True)
    seen_by = SightingWords(source="sightings", many=True)
    conversation = serializers.SerializerMethodField()

    class Meta:
        model = Mention
        fields = [
            "id", "heard_in", "text", "author", "url", "heard_at", "stated_at", "language",
            "sentiment", "reach", "outcome", "triaged_at", "seen_by", "conversation",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_conversation(self, row: Mention) -> str | None:
        promotion = getattr(row, "promotion", None)
        return str(promotion.conversation_id) if promotion else None


class TriageWords(serializers.ModelSerializer[Triage]):
    """in_bulk: decided together with others in one act."""

    by = EmployeeWords()
    at = serializers.DateTimeField(source="occurred_at")
    outcome = serializers.ChoiceField(choices=TriageOutcome.choices)
    in_bulk = serializers.SerializerMethodField()

    class Meta:
        model = Triage
        fields = ["outcome", "by", "at", "in_bulk"]

    def get_in_bulk(self, row: Triage) -> bool:
        return row.batch is not None


class OneHeardMentionWords(HeardMentionWords):
    """answerable: whether a conversation made of it can be answered from here."""

    answerable = serializers.SerializerMethodField()
    triages = serializers.SerializerMethodField()
    also_in = serializers.SerializerMethodField()

    class Meta(HeardMentionWords.Meta):
        fields = [*HeardMentionWords.Meta.fields, "answerable", "triages", "also_in"]
        read_only_fields = fields

    def get_answerable(self, row: Mention) -> bool:
        return offers_answer(row)

    @extend_schema_field(TriageWords(many=True))
    def get_triages(self, row: Mention) -> Any:
        made = row.triages.select_related("by").order_by("occurred_at", "pk")
        return TriageWords(made, many=True).data

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_also_in(self, row: Mention) -> list[str]:
        others = row.findings.exclude(source=row.source).select_related("source")
        return sorted({each.source.name for each in others})


class Triaged(Body):
    """seen: the outcome that was before you; 409 when a colleague was quicker."""

    outcome = serializers.ChoiceField(choices=TriageOutcome.choices)
    seen = serializers.ChoiceField(choices=["", *TriageOutcome.values], required=False)


class TriagedTogether(Triaged):
    mentions = serializers.ListField(child=Id(), min_length=1, max_length=MOST)


class TogetherWords(serializers.Serializer[Any]):
    """triaged: how many; the others a colleague had decided about meanwhile."""

    triaged = serializers.IntegerField()


class Promoted(Body):
    """unit: whose matter it becomes, where the source is the whole company's."""

    unit = Text(max_length=200, required=False)
