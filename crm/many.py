"""A thousand ids or rows in a statement as one value: to bind each costs more than to run it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models.expressions import RawSQL


def among(ids: Iterable[uuid.UUID]) -> RawSQL:
    """For `pk__in=`: the same rows as a list of these would give."""
    return RawSQL("SELECT unnest(string_to_array(%s, ',')::uuid[])", [",".join(map(str, ids))])


def among_texts(texts: Iterable[str]) -> RawSQL:
    """The same for a column of text."""
    return RawSQL("SELECT json_array_elements_text(%s::json)", [json.dumps(list(texts))])


def as_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """For `json_to_recordset(%s::json)`; ids and times as their texts."""
    return json.dumps(list(rows), default=str)
