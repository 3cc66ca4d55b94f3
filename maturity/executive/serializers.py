"""What the API says of the maturity, and what it takes for a what-if."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm.strict import Body, Text, Truth, Whole
from maturity.appraisals.services import PastReading


class PlainStageSerializer(serializers.Serializer[Any]):
    """number is null while unassessed."""

    number = serializers.IntegerField(allow_null=True, min_value=1, max_value=5)
    key = serializers.CharField()


class StageSerializer(PlainStageSerializer):
    """exempt: it stands with gates set aside. Only then: which, and the stage without."""

    provisional = serializers.BooleanField()
    at_risk = serializers.BooleanField()
    exempt = serializers.BooleanField()
    exemptions = serializers.ListField(child=serializers.CharField(), required=False)
    without_exemptions = PlainStageSerializer(required=False)


class CriterionSerializer(serializers.Serializer[Any]):
    """k of n (n is null for a count), its value, bounds and thresholds."""

    id = serializers.CharField()
    dimension = serializers.CharField(allow_null=True)
    gate = serializers.BooleanField()
    outcome = serializers.CharField()
    k = serializers.IntegerField()
    n = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    enter = serializers.FloatField()
    stay = serializers.FloatField()
    minimum = serializers.IntegerField(allow_null=True)
    next_action = serializers.CharField(allow_null=True)


class TransitionSerializer(serializers.Serializer[Any]):
    """A change of stage on a Monday, and what caused it; the key `from` stands beside."""

    at = serializers.DateField()
    to = serializers.IntegerField(allow_null=True)
    causes = serializers.ListField(child=serializers.CharField())

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.IntegerField(allow_null=True), **super().get_fields()}


class SubjectSerializer(serializers.Serializer[Any]):
    stage = StageSerializer()
    blocking = serializers.ListField(child=serializers.CharField())
    criteria = CriterionSerializer(many=True)
    transitions = TransitionSerializer(many=True)


class HeadSerializer(serializers.Serializer[Any]):
    """What was asked for. preview: the day is no Monday that has come."""

    as_of = serializers.DateField()
    reading = serializers.ChoiceField(choices=[one.value for one in PastReading])
    preview = serializers.BooleanField()
    unit = serializers.CharField(allow_null=True)


class UnitSerializer(SubjectSerializer):
    id = serializers.CharField()


class ModelSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    sha256 = serializers.CharField()


class AppraisalSerializer(SubjectSerializer):
    as_of = serializers.DateField()
    reading = serializers.ChoiceField(choices=[one.value for one in PastReading])
    preview = serializers.BooleanField()
    model = ModelSerializer()
    units = UnitSerializer(many=True)


class GatesSerializer(serializers.Serializer[Any]):
    """Of the next stage; both are 0 after the last one and while unassessed."""

    open = serializers.IntegerField()
    all = serializers.IntegerField()


class StandSerializer(HeadSerializer):
    model = ModelSerializer()
    stage = StageSerializer()
    blocking = serializers.ListField(child=serializers.CharField())
    gates = GatesSerializer()


class CriteriaSerializer(HeadSerializer):
    criteria = CriterionSerializer(many=True)


class JoinedUnitSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class UnitChangeSerializer(serializers.Serializer[Any]):
    """Units that came, without whom the company had not made its step of that Monday."""

    at = serializers.DateField()
    units = JoinedUnitSerializer(many=True)


class TransitionsSerializer(HeadSerializer):
    """unit_changes: beside the causes, never among them."""

    transitions = TransitionSerializer(many=True)
    unit_changes = UnitChangeSerializer(many=True)


class ExemptionSerializer(serializers.Serializer[Any]):
    """until: its last day."""

    criterion = serializers.CharField()
    reason = serializers.CharField()
    until = serializers.DateField()
    asked_at = serializers.DateTimeField()
    asked_by = serializers.CharField()
    approved_at = serializers.DateTimeField()
    approved_by = serializers.CharField()


class ExemptionsSerializer(HeadSerializer):
    exemptions = ExemptionSerializer(many=True)


class WeekSerializer(serializers.Serializer[Any]):
    """One Monday of the trend."""

    on = serializers.DateField()
    k = serializers.IntegerField()
    n = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)


class RecordSerializer(serializers.Serializer[Any]):
    """id is null for a record that you may not open."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    id = serializers.UUIDField(allow_null=True)


class EvidenceSerializer(HeadSerializer):
    """Up to 50 of the newest records, and a hash over the ids of all. weeks: its trend. withheld:
    a group of fewer than five people, of which nothing is shown."""

    criterion = serializers.CharField()
    withheld = serializers.BooleanField()
    count = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    newest = serializers.DateTimeField(allow_null=True)
    sha256 = serializers.CharField()
    records = RecordSerializer(many=True)
    weeks = WeekSerializer(many=True)


class Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class ShiftBody(Body):
    """What is otherwise; what is left out stays. conditions: whether the further ones hold."""

    criterion = Text(max_length=20)
    k = Whole(required=False, min_value=0)
    n = Whole(required=False, min_value=0)
    enter = Number(required=False)
    stay = Number(required=False)
    conditions = Truth(required=False)


class WhatIfBody(Body):
    changes = serializers.ListField(child=ShiftBody(), max_length=40, allow_empty=False)


class OutlookSerializer(serializers.Serializer[Any]):
    """After 26 Mondays of the same figures."""

    number = serializers.IntegerField(allow_null=True)
    transitions = TransitionSerializer(many=True)
    blocking = serializers.ListField(child=serializers.CharField())


class ShiftedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    outcome = serializers.CharField()
    k = serializers.IntegerField()
    n = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    enter = serializers.FloatField()
    stay = serializers.FloatField()


class WhatIfSerializer(HeadSerializer):
    """now: the stage today; without: when everything stays; then: with the changes."""

    now = serializers.IntegerField(allow_null=True)
    without = OutlookSerializer()
    then = OutlookSerializer()
    criteria = ShiftedSerializer(many=True)


class LineSerializer(serializers.Serializer[Any]):
    """A line of the export: figures are null where they are withheld."""

    as_of = serializers.DateField()
    reading = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    unit_name = serializers.CharField()
    stage = serializers.IntegerField(allow_null=True)
    stage_key = serializers.CharField()
    criterion = serializers.CharField()
    name = serializers.CharField()
    dimension = serializers.CharField(allow_null=True)
    of_stage = serializers.IntegerField()
    gate = serializers.BooleanField()
    outcome = serializers.CharField()
    open = serializers.BooleanField()
    k = serializers.IntegerField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    enter = serializers.FloatField()
    stay = serializers.FloatField()
    minimum = serializers.IntegerField(allow_null=True)
    withheld = serializers.BooleanField()


class ExportSerializer(serializers.Serializer[Any]):
    lines = LineSerializer(many=True)
