"""What a request's body may hold: the types it says, nothing it does not name, nothing coerced.

NUL, lone surrogates, NaN and endless nesting are refused before, by the parser of the door.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError


class Body(serializers.Serializer[Any]):
    """An object whose every member is known: a misspelt or a smuggled one is refused."""

    default_error_messages = {"unknown_field": _("There is no such field.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {field.field_name for field in self._writable_fields}
            unknown = [name for name in data if name not in writable]
            if unknown:
                words = str(self.error_messages["unknown_field"])
                raise ValidationError(
                    {name: [serializers.ErrorDetail(words, "unknown_field")] for name in unknown}
                )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Truth(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Id(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """An instant: ISO 8601 with its offset, which no default of ours may guess."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = instant(value) if isinstance(value, str) else None
        if moment is None:
            raise ValidationError(
                _("An ISO 8601 date and time with its offset is expected."), code="invalid"
            )
        return moment


def instant(text: str) -> datetime | None:
    """The instant that an ISO 8601 text with an offset names, None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
