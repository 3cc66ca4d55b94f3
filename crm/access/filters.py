"""Values that lists are filtered by; what can't be read or names nothing is an error."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import Filter

from crm.organisation.models import Unit
from crm.strict import instant

# "+" in a query that nobody escaped arrives as a space
_BARE_PLUS = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")


class InstantField(forms.Field):
    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        moment = instant(_BARE_PLUS.sub(r"\1+\2", value))
        if moment is None:
            raise ValidationError(
                _("An ISO 8601 date and time with its offset is expected."), code="invalid"
            )
        return moment


class SinceFilter(Filter):
    """From this instant on, the instant included."""

    field_class = InstantField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="gte", **kwargs)


class KnownField(forms.Field):
    """The primary key of the row that a value names; one that names nothing is an error.

    words: further values that are handed on as they are.
    """

    def __init__(
        self, *, rows: QuerySet[Any], key: str = "pk", words: tuple[str, ...] = (), **kwargs: Any
    ) -> None:
        super().__init__(**{name: kwargs[name] for name in ("required", "label") if name in kwargs})
        self.rows, self.key, self.words = rows, key, words

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or value in self.words:
            return value or None
        found = self._find(str(value))
        if found is None:
            raise ValidationError(_("Nothing has this id."), code="unknown")
        return found

    def _find(self, value: str) -> Any:
        try:
            own = uuid.UUID(value)
        except ValueError:
            own = None
        if self.key != "pk":
            by_key = self.rows.filter(**{self.key: value}).values_list("pk", flat=True).first()
            if by_key is not None:
                return by_key
        if own is None:
            return None
        return self.rows.filter(pk=own).values_list("pk", flat=True).first()


class KnownFilter(Filter):
    field_class = KnownField


def unit_filter(field_name: str = "unit") -> KnownFilter:
    """By the id a unit has at its source, or by ours where it has none."""
    return KnownFilter(field_name=field_name, rows=Unit.objects.all(), key="key")
