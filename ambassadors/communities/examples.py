"""What the API's document shows of this room."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0c{:04d}"


def _example(name: str, value: dict[str, Any], *, asked: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=asked, response_only=not asked)


NEW_COMMUNITY = _example(
    "A community of practice",
    {
        "name": "Those who answer",
        "dimension": "internal",
        "practice": True,
        "purpose": "How do we answer what nobody knows alone?",
    },
    asked=True,
)
COMMUNITY = _example(
    "A community",
    {
        "id": _ID.format(1),
        "name": "Those who answer",
        "purpose": "How do we answer what nobody knows alone?",
        "dimension": "internal",
        "practice": True,
        "only_for": [],
        "members": 12,
        "joined": True,
        "moderated": False,
        "last_at": "2026-11-24T09:12:00Z",
        "created_at": "2026-03-02T08:00:00Z",
    },
)
MODERATOR = _example("A moderator", {"employee": _ID.format(2), "moderator": True}, asked=True)
MEMBER = _example(
    "A member",
    {
        "id": _ID.format(3),
        "employee": {"id": _ID.format(2), "name": "Ada"},
        "department": "Workshop",
        "moderator": True,
        "joined_at": "2026-03-02T08:00:00Z",
    },
)
_ADA = {"id": _ID.format(2), "name": "Ada", "department": "Workshop", "type": "employee"}
NEW_THREAD = _example(
    "A thread",
    {
        "community": _ID.format(1),
        "title": "Which glue for the old soles?",
        "text": "The one of 2019 is no longer sold. Who knows another?",
    },
    asked=True,
)
THREAD = _example(
    "A thread",
    {
        "id": _ID.format(4),
        "community": _ID.format(1),
        "title": "Which glue for the old soles?",
        "author": _ADA,
        "text": "The one of 2019 is no longer sold. Who knows another?",
        "conversation": {"id": None, "visible": False},
        "withdrawn": False,
        "returned": False,
        "question": True,
        "answered_at": "2026-11-24T09:30:00Z",
        "posts": 3,
        "created_at": "2026-11-24T08:30:00Z",
        "last_at": "2026-11-24T09:12:00Z",
    },
)
NEW_POST = _example("An answer", {"text": "Take the contact glue of the repair kit."}, asked=True)
POST = _example(
    "A post",
    {
        "id": _ID.format(5),
        "author": _ADA,
        "text": "Take the contact glue of the repair kit.",
        "conversation": None,
        "withdrawn": False,
        "returned": True,
        "created_at": "2026-11-24T09:12:00Z",
    },
)
QUESTION = _example(
    "A question",
    {"title": "Soles", "text": "Hello, I am [name]. Which glue holds the soles of order [number]?"},
)
ASKED_INSIDE = _example(
    "A question",
    {
        "community": _ID.format(1),
        "title": "Which glue for the old soles?",
        "text": "A customer asks which glue holds the soles of 2019.",
    },
    asked=True,
)
RETURNED = _example(
    "An answer",
    {"answer": _ID.format(5), "text": "Please take the contact glue of the repair kit."},
    asked=True,
)
_PERSON = {"id": _ID.format(2), "name": "Ada"}
_SEEN = {"id": _ID.format(6), "visible": True}
TRIP = _example(
    "A round trip",
    {
        "id": _ID.format(7),
        "conversation": _SEEN,
        "thread": _ID.format(4),
        "community": _ID.format(1),
        "asked_by": {"id": _ID.format(8), "name": "Camille"},
        "asked_at": "2026-11-24T08:30:00Z",
        "answered_by": _PERSON,
        "reply": _ID.format(9),
        "answered_at": "2026-11-24T09:30:00Z",
        "partner": False,
    },
)
NEW_INSIGHT = _example(
    "An idea",
    {"conversation": _ID.format(6), "text": "Sell the glue alone.", "owner": _ID.format(2)},
    asked=True,
)
GIVEN = _example("An owner", {"owner": _ID.format(2)}, asked=True)
DECIDED = _example(
    "A decision", {"outcome": "shipped", "why": "In the shop from December."}, asked=True
)
INSIGHT = _example(
    "An idea",
    {
        "id": _ID.format(10),
        "conversation": _SEEN,
        "text": "Sell the glue alone.",
        "author": {"id": _ID.format(8), "name": "Camille"},
        "owner": _PERSON,
        "outcome": "shipped",
        "why": "In the shop from December.",
        "overdue": False,
        "created_at": "2026-11-03T10:00:00Z",
        "decided_at": "2026-11-20T10:00:00Z",
        "told_at": "2026-11-20T10:05:00Z",
    },
)
LOAD = _example(
    "Two weeks",
    {
        "weeks": ["2026-11-16", "2026-11-23"],
        "outside": [
            {"key": "social", "name": "Social team", "people": 6, "counts": [21, 9], "now": 3},
            {"key": _ID.format(11), "name": "Workshop", "people": 14, "counts": [8, 5], "now": 1},
            {"key": "nobody", "name": "Nobody yet", "people": 0, "counts": [0, 2], "now": 2},
        ],
        "inside": [
            {"key": "social", "name": "Social team", "people": 6, "counts": [1, 0], "now": 0},
            {"key": _ID.format(11), "name": "Workshop", "people": 14, "counts": [4, 2], "now": 0},
            {"key": "nobody", "name": "Nobody yet", "people": 0, "counts": [0, 1], "now": 0},
        ],
    },
)
