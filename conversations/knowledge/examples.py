"""What the API's document shows of this room, besides `config/examples.py`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample


def _asked(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


CHANGE = _asked("Another title", {"title": "When parcels come", "visibility": "public"})
PROPOSE = _asked("What changed", {"text": "They come by post, within two days."})
APPROVE = _asked("What was read", {"number": 2})
SEND_BACK = _asked("What is missing", {"number": 2, "comment": "Which countries?"})
FLAG = _asked("What is wrong", {"text": "It takes two days by now."})
WRITTEN = _asked("While writing", {"title": "Parcels", "text": "They come by post."})


def _answered(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True)


_ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0c{:04d}"
_NAMED = {"id": _ID.format(3), "title": "When parcels come"}
MISSING = _answered(
    "What is missing",
    {
        "days": 90,
        "read": 412,
        "is_all": True,
        "missing": [
            {
                "asked": 7,
                "without": 6,
                "people": 7,
                "last_at": "2026-11-24T09:12:00Z",
                "question": "Can you deliver to a locker instead of my home?",
                "conversation": _ID.format(1),
                "conversations": [_ID.format(1), _ID.format(2)],
                "nearest": _NAMED,
            }
        ],
    },
)
REUSE = _answered(
    "Who helps whom",
    {
        "days": 90,
        "uses": 41,
        "departments": [
            {
                "key": _ID.format(4),
                "name": "Workshop",
                "people": 12,
                "articles": 9,
                "within": 11,
                "beyond": 30,
                "taken": 14,
            }
        ],
        "articles": [{"article": _NAMED, "by": "Workshop", "uses": 8, "groups": 3}],
    },
)
