"""What the API's document shows of this room."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0f{:04d}"
_AT = "2026-11-24T09:30:00Z"
_ADA = {"id": _ID.format(3), "name": "Ada"}


def _example(name: str, value: dict[str, Any], *, asked: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=asked, response_only=not asked)


PLACE = _example(
    "A feed that is well",
    {
        "id": _ID.format(1),
        "kind": "feed",
        "name": "Mountain News",
        "unit": "brand-fr",
        "url": "https://news.example/feed.xml",
        "takes_all": False,
        "every": 15,
        "paused": False,
        "health": "well",
        "cause": "",
        "failures": 0,
        "read_at": _AT,
        "heard_at": "2026-11-24T07:15:00Z",
        "due_at": "2026-11-24T09:45:00Z",
        "last_reading": {"bytes": 212, "seconds": 0.184, "redirects": 0, "items": 0, "new": 0},
    },
)
NEW_PLACE = _example(
    "A feed",
    {
        "kind": "feed",
        "name": "Mountain News",
        "url": "https://news.example/feed.xml",
        "unit": "brand-fr",
        "every": 15,
    },
    asked=True,
)
CHANGED_PLACE = _example("Less often", {"every": 60}, asked=True)
_WATCH: dict[str, Any] = {
    "id": _ID.format(2),
    "name": "Boots",
    "unit": "brand-fr",
    "terms": ["brand boots", "#brandboots"],
    "exclusions": ["job offer"],
    "competitors": ["Rival: rvl"],
    "language": "",
    "ended_at": None,
}
WATCH_LISTED = _example("A watch", _WATCH)
WATCH = _example(
    "A watch with its edits",
    _WATCH
    | {
        "edits": [
            {name: value for name, value in _WATCH.items() if name not in {"id", "ended_at"}}
            | {"at": _AT, "by": _ADA, "ended": False}
        ]
    },
)
_SAID = ("name", "terms", "exclusions", "competitors")
NEW_WATCH = _example("A watch", {name: _WATCH[name] for name in _SAID}, asked=True)
CHANGED_WATCH = _example("One more exclusion", {"exclusions": ["job offer", "rental"]}, asked=True)
_MENTION: dict[str, Any] = {
    "id": _ID.format(4),
    "heard_in": "Mountain News",
    "text": "The brand boots held all winter\n\nNine pairs were worn for four months.",
    "author": "Nina Peak",
    "url": "https://news.example/boots",
    "heard_at": _AT,
    "stated_at": "2026-11-24T08:00:00Z",
    "language": "en",
    "sentiment": "positive",
    "reach": 12,
    "outcome": "",
    "triaged_at": None,
    "seen_by": [{"watch": _ID.format(2), "name": "Boots", "competitor": ""}],
    "conversation": None,
}
MENTION_LISTED = _example("Nobody has decided", _MENTION)
MENTION = _example(
    "Engaged, and a conversation",
    _MENTION
    | {
        "outcome": "engage",
        "triaged_at": _AT,
        "conversation": _ID.format(5),
        "answerable": False,
        "triages": [{"outcome": "engage", "by": _ADA, "at": _AT, "in_bulk": False}],
        "also_in": ["Alerts"],
    },
)
DECIDE = _example("To be answered", {"outcome": "engage", "seen": ""}, asked=True)
TOGETHER = _example(
    "Two of no use",
    {"outcome": "ignore", "seen": "", "mentions": [_ID.format(4), _ID.format(6)]},
    asked=True,
)
TRIAGED = _example("Both", {"triaged": 2})
PROMOTE = _example("For a unit", {"unit": "brand-fr"}, asked=True)
