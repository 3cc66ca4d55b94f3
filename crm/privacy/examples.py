"""What the API's document shows of this room."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e{:04d}"
_AT = "2026-11-24T09:30:00Z"
_LATER = "2026-11-24T09:31:00Z"


def _shown(name: str, value: Any, *codes: str) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=codes or None)


def _asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


_PERSON: dict[str, Any] = {
    "id": _ID.format(1),
    "name": "Jane Doe",
    "relationship": "customer",
    "organization": "Atelier",
    "blocked": False,
    "erased": False,
    "addresses": [{"id": 12, "kind": "email", "handle": "jane.doe@example.org"}],
    "known_in": ["north"],
    "known_since": _AT,
}
PERSON = _shown("A customer", _PERSON)
BLOCKING = _asked("Block", {"blocked": True})
_WISHES = [
    {"address": 12, "purpose": "answers", "given": True, "said_at": None, "how": None},
    {"address": 12, "purpose": "news", "given": False, "said_at": _AT, "how": "stop"},
]
CONSENTS = _shown("After a STOP", {"results": _WISHES}, "200", "201")
CONSENT_SAID = _asked("Told on the telephone", {"address": 12, "purpose": "news", "given": True})
MERGING = _asked("One person", {"other": _ID.format(2), "choices": {"name": "other"}})
_MERGE: dict[str, Any] = {
    "id": 3,
    "into": _ID.format(1),
    "absorbed": _ID.format(2),
    "merged_at": _AT,
    "undone_at": None,
}
MERGED = _shown("Merged", _MERGE, "201")
UNMERGED = _shown("Undone", _MERGE | {"undone_at": _LATER})
DUPLICATE = _shown(
    "The same mail address",
    {
        "id": _ID.format(3),
        "one": _ID.format(1),
        "other": _ID.format(2),
        "evidence": ["mail", "name"],
        "found_at": _AT,
    },
)
EXPORTING = _asked("A copy", {"contact": _ID.format(1)})
_EXPORT: dict[str, Any] = {
    "id": _ID.format(4),
    "contact": _ID.format(1),
    "state": "asked",
    "size": None,
    "asked_at": _AT,
    "ready_at": None,
    "expires_at": None,
}
EXPORT_ASKED = _shown("Asked for", _EXPORT, "201")
EXPORT = _shown(
    "Ready",
    _EXPORT
    | {"state": "ready", "size": 48_211, "ready_at": _LATER, "expires_at": "2026-12-01T09:31:00Z"},
    "200",
)
ERASING = _asked("They asked for it", {"contact": _ID.format(1), "ground": "asked"})
_ERASURE: dict[str, Any] = {
    "id": _ID.format(5),
    "contact": _ID.format(1),
    "state": "asked",
    "ground": "asked",
    "counts": {},
    "asked_at": _AT,
    "decided_at": None,
    "done_at": None,
}
ERASURE_ASKED = _shown("Waits for a second person", _ERASURE, "201")
ERASURE = _shown(
    "Done",
    _ERASURE
    | {
        "state": "done",
        "counts": {"conversations.Message": 14, "crm.Contact": 1},
        "decided_at": _LATER,
        "done_at": _LATER,
    },
    "200",
)
FILE = OpenApiExample(
    "A ZIP file", value="PK…", media_type="application/octet-stream", response_only=True
)
