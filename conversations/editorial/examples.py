"""What the API's document shows of this room."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e{:04d}"
_AT = "2026-11-24T09:30:00Z"
_DAY = "2026-12-01T08:00:00Z"
_ADA = {"id": _ID.format(3), "name": "Ada"}
_BEN = {"id": _ID.format(4), "name": "Ben"}


def _example(name: str, value: dict[str, Any], *, asked: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=asked, response_only=not asked)


_SHOWN: dict[str, Any] = {
    "id": _ID.format(1),
    "channel": _ID.format(2),
    "author": _ADA,
    "text": "The winter boots are back: https://brand.example/boots",
    "audience": "Hikers",
    "segment": "Bought boots before",
    "topic": "boots",
    "expected": {"metric": "clicks", "value": 120},
    "count_clicks": True,
    "state": "approved",
    "edition": 2,
    "publish_at": _DAY,
    "planned_at": _AT,
    "approved_by": _BEN,
    "approved_at": _AT,
    "published_at": None,
    "late": False,
    "cause": "",
    "comment": "",
    "external_id": "",
}
LISTED = _example("What is planned", _SHOWN)
SHOWN = _example(
    "What came of it",
    _SHOWN
    | {
        "state": "published",
        "published_at": _DAY,
        "external_id": "post-81",
        "measured": {
            "replies": 14, "clicks": 96, "repeats": 11, "robots": 37, "counts": {"likes": 51},
        },
        "comparison": {
            "metric": "clicks", "value": 96, "lesson": "Mornings are quiet in December.",
            "by": _ADA, "compared_at": "2026-12-08T08:00:00Z",
        },
        "decisions": [
            {"id": _ID.format(5), "by": _BEN, "text": "Publish at noon in winter.",
             "decided_at": "2026-12-09T08:00:00Z"},
        ],
    },
)  # fmt: skip
NEW = _example(
    "A plan",
    {
        "channel": _ID.format(2),
        "publish_at": _DAY,
        "text": "The winter boots are back: https://brand.example/boots",
        "audience": "Hikers",
        "segment": "Bought boots before",
        "topic": "boots",
        "expected": {"metric": "clicks", "value": 120},
        "count_clicks": True,
    },
    asked=True,
)
CHANGE = _example(
    "Another expectation", {"expected": {"metric": "clicks", "value": 90}}, asked=True
)
APPROVE = _example("What was read", {"edition": 2}, asked=True)
MOVE = _example("A day later", {"publish_at": "2026-12-02T08:00:00Z"}, asked=True)
SEND_BACK = _example("What is missing", {"comment": "Whom is it for?"}, asked=True)
CONFIRM = _example("Published by hand", {"external_id": "post-81"}, asked=True)
COMPARE = _example("What came", {"value": 96, "lesson": "Mornings are quiet."}, asked=True)
DECIDE = _example("What follows", {"text": "Publish at noon in winter."}, asked=True)

_LINE = "Shop page,2026-12-01T09:00:00+01:00,The winter boots are back,Hikers,,boots,clicks,120,yes"
_HEADER = "channel,publish_at,text,audience,segment,topic,metric,value,count_clicks"
TABLE = OpenApiExample(
    "The header and a line",
    value=f"{_HEADER},id,state,...\r\n{_LINE},{_ID.format(1)},draft,...\r\n",
    media_type="text/csv",
)
NEW_TABLE = _example("A plan of one line", {"table": f"{_HEADER}\n{_LINE}\n"}, asked=True)
TAKEN_TABLE = OpenApiExample(
    "What was written", value={"drafts": 1}, response_only=True, status_codes=["201"]
)
_FORECAST = {"name": "Ada", "compared": 9, "error": 0.2, "bias": -0.1, "is_few": False}
FORECAST = _example(
    "Ada expects a little too much",
    {
        "author": [_FORECAST],
        "topic": [_FORECAST | {"name": "boots"}],
        "channel": [_FORECAST | {"name": "Shop page"}],
        "to_compare": [_SHOWN | {"state": "published", "published_at": _DAY}],
    },
)
NO_FEED = _example("None yet", {"address": None, "made_at": None, "read_at": None})
MADE_FEED = OpenApiExample(
    "The address, shown once",
    value={
        "address": "https://relais.example/plan/Zk3v….ics",
        "made_at": _AT,
        "read_at": None,
    },
    response_only=True,
    status_codes=["201"],
)
