"""How offers and availability are written in the API, and what may be set."""

from __future__ import annotations

import itertools
import re
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from ambassadors.routing import reasons
from ambassadors.routing.availability import capacity_of
from ambassadors.routing.models import Offer, OfferState
from crm.access.api import PersonWords
from crm.organisation.models import Employee, User
from crm.strict import Body, Id, Moment, Text, Truth, Whole

MOST_LISTED = 100
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")


class OfferWords(serializers.ModelSerializer[Offer]):
    conversation = serializers.UUIDField(source="conversation_id")
    state = serializers.ChoiceField(choices=OfferState.choices)

    class Meta:
        model = Offer
        fields = ["id", "conversation", "state", "score", "expires_at"]
        read_only_fields = fields


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": 40})
class ReasonCode(serializers.Field[str, Any, str, Any]):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in {each.code for each in reasons.choices()}:
            raise ValidationError(_("There is no such reason."), code="invalid_choice")
        return data

    def to_representation(self, value: str) -> str:
        return value


class Declined(Body):
    """reason: a code of `decline-reasons/`; `no_time`, `not_my_topic`, `absent` and `other` are
    always among them. absent_until: for a reason that proposes an absence; none is offered till
    then."""

    reason = ReasonCode()
    comment = Text(required=False, allow_blank=True, max_length=500, default="")
    absent_until = Moment(required=False, allow_null=True, default=None)


class ReasonWords(serializers.Serializer[Any]):
    """name: in the language of `Accept-Language`."""

    code = serializers.CharField()
    name = serializers.CharField(source="label")
    proposes_absence = serializers.BooleanField()


class ReasonList(serializers.Serializer[Any]):
    results = ReasonWords(many=True)


class WeekWords(serializers.Serializer[Any]):
    monday = serializers.DateField()
    offers = serializers.IntegerField()
    accepted = serializers.IntegerField()
    answers = serializers.IntegerField()


class StatisticsWords(serializers.Serializer[Any]):
    """minutes_to_answer: the median from accepting to your first answer; null without any."""

    since = serializers.DateField()
    offers = serializers.IntegerField()
    accepted = serializers.IntegerField()
    declined = serializers.IntegerField()
    expired = serializers.IntegerField()
    taken_back = serializers.IntegerField()
    answers = serializers.IntegerField()
    conversations = serializers.IntegerField()
    minutes_to_answer = serializers.FloatField(allow_null=True)
    weeks = WeekWords(many=True)


class Assigned(Body):
    """how: what to do when a colleague has it. `ask` them to hand it over, or `give` it away from
    them, which they are told; without it, 409 `owned`."""

    employee = Id()
    how = serializers.ChoiceField(choices=["ask", "give"], required=False)


class CapacityWords(serializers.Serializer[Any]):
    open_now = serializers.IntegerField()
    most_open = serializers.IntegerField()
    accepted_this_week = serializers.IntegerField()
    most_weekly = serializers.IntegerField()
    minutes_this_week = serializers.IntegerField()
    minutes_weekly = serializers.IntegerField(allow_null=True)


class MeWords(PersonWords):
    """capacity: conversations you carry now and at most; null when you are no employee."""

    capacity = serializers.SerializerMethodField()

    class Meta(PersonWords.Meta):
        fields = [*PersonWords.Meta.fields, "capacity"]
        read_only_fields = fields

    @extend_schema_field(CapacityWords(allow_null=True))
    def get_capacity(self, user: User) -> dict[str, Any] | None:
        employee = Employee.objects.filter(user=user).first()
        if employee is None:
            return None
        return dict(CapacityWords(capacity_of(employee, at=timezone.now())).data)


def _clock(text: str) -> None:
    if not _CLOCK.match(text):
        raise ValidationError(_("A time of day as HH:MM is expected."), code="invalid")


class Hours(Body):
    """A span of one weekday (Monday 0) in your time zone; it ends after it starts."""

    day = Whole(min_value=0, max_value=6)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            "from": Text(validators=[_clock]),
            "to": Text(validators=[_clock]),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if time.fromisoformat(attrs["from"]) >= time.fromisoformat(attrs["to"]):
            raise ValidationError(_("It ends before it starts."), code="ends_before_start")
        return attrs


class Away(Body):
    starts_at = Moment()
    ends_at = Moment()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ends_at"] <= attrs["starts_at"]:
            raise ValidationError(_("It ends before it starts."), code="ends_before_start")
        if attrs["ends_at"] <= timezone.now():
            raise ValidationError(_("It is over already."), code="in_the_past")
        return attrs


def _zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("There is no such time zone."), code="unknown_timezone")


def _language(code: str) -> None:
    if not _LANGUAGE.match(code):
        raise ValidationError(_("A language code such as fr is expected."), code="invalid")


class AvailabilityWords(Body):
    """hours: none means at any hour. absences: running and coming ones; a list replaces them."""

    active = Truth(required=False)
    timezone = Text(required=False, validators=[_zone])
    hours = serializers.ListField(child=Hours(), required=False, max_length=MOST_LISTED)
    absences = serializers.ListField(child=Away(), required=False, max_length=MOST_LISTED)
    topics = serializers.ListField(
        child=Text(max_length=60), required=False, max_length=MOST_LISTED
    )
    languages = serializers.ListField(
        child=Text(validators=[_language]), required=False, max_length=MOST_LISTED
    )
    most_open = Whole(required=False, min_value=0, max_value=1_000)
    most_weekly = Whole(required=False, min_value=0, max_value=10_000)
    minutes_weekly = Whole(required=False, min_value=0, max_value=10_080, allow_null=True)
    levels = serializers.DictField(child=Whole(min_value=1, max_value=3), required=False)

    def validate_hours(self, hours: list[dict[str, Any]]) -> list[dict[str, Any]]:
        spans = sorted((each["day"], each["from"], each["to"]) for each in hours)
        for (day, _start, end), (next_day, start, _end) in itertools.pairwise(spans):
            if day == next_day and start < end:
                raise ValidationError(_("Two of these hours overlap."), code="overlap")
        return [{"day": day, "from": start, "to": end} for day, start, end in spans]
